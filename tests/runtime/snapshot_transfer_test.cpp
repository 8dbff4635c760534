// Snapshots from keeper to keeper: lost, repeated, damaged, unwanted. D7.
#include "runtime/keeper_world.hpp"

#include "codec/peer_codec.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>

using namespace cohort;
using namespace cohort::runtime;
using namespace cohort::runtime::tests;

namespace {

const node_id sender_id{1};
const node_id receiver_id{2};

template <class Body>
std::vector<Body> bodies_of(const std::vector<outbound>& sent) {
  std::vector<Body> result;
  for (const auto& x : sent) {
    auto decoded = codec::decode_peer(x.content);
    BOOST_REQUIRE(decoded.ok());
    result.push_back(std::get<Body>(decoded->body));
  }
  return result;
}

struct transfer_world : keeper_world {
  kept from = make_keeper(sender_id.value);
  kept to = make_keeper(receiver_id.value);
  const snapshot_keeper_options defaults;

  ~transfer_world() {
    end_all();
  }

  void ask(std::uint64_t at_least = 1) {
    send(from.keeper, send_snapshot{receiver_id, term_t{4}, index_t{at_least}});
  }

  std::vector<snapshot_chunk> chunks() const {
    return bodies_of<snapshot_chunk>(from.hub.take<outbound>());
  }

  void receive(const snapshot_chunk& x) {
    send(to.keeper, inbound{sender_id, codec::encode(kept_set, sender_id, x)});
  }

  std::vector<snapshot_answer> answers() const {
    return bodies_of<snapshot_answer>(to.hub.take<outbound>());
  }

  void answer(const snapshot_answer& x) {
    send(from.keeper,
         inbound{receiver_id, codec::encode(kept_set, receiver_id, x)});
  }

  /// Carries what is sent, both ways, until nobody sends any more. `alter` may
  /// change a chunk; false: it is lost.
  void carry(const std::function<bool(snapshot_chunk&)>& alter) {
    for (auto sent = chunks(); !sent.empty(); sent = chunks())
      for (auto& x : sent) {
        if (!alter(x))
          continue;
        receive(x);
        for (const auto& reply : answers())
          answer(reply);
      }
  }

  /// As long as a keeper that sends ticks `count` times.
  void wait(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      pass(defaults.tick_interval);
  }

  /// How the delivery ended; nothing: it goes on.
  std::vector<std::uint64_t> delivered() const {
    std::vector<std::uint64_t> result;
    for (const auto& x : from.replica.take<snapshot_delivered>()) {
      BOOST_TEST((x.to == receiver_id));
      result.push_back(x.index.value);
    }
    return result;
  }
};

using indexes = std::vector<std::uint64_t>;

bool unchanged(snapshot_chunk&) {
  return true;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(snapshot_transfer_suite, transfer_world)

BOOST_AUTO_TEST_CASE(D7_a_peer_gets_the_same_file) {
  must_store(from, 10);
  ask();
  carry(unchanged);
  BOOST_TEST((delivered() == indexes{10}));
  const auto staged = to.replica.take<snapshot_staged>();
  BOOST_REQUIRE(staged.size() == 1u);
  BOOST_TEST((staged[0].from == sender_id));
  BOOST_TEST(staged[0].term.value == 4u);
  BOOST_TEST((staged[0].base == storage::tests::base_at(1, 10)));
  BOOST_TEST((to.disk->contents(to.only_file())
              == from.disk->contents(from.only_file())));
}

BOOST_AUTO_TEST_CASE(T1_no_more_than_the_window_is_on_its_way) {
  begin(from, 10);
  give(from, pieces_of(10, 20));
  ask();
  std::size_t bytes = 0;
  const auto sent = chunks();
  for (const auto& x : sent)
    bytes += x.data.size();
  BOOST_TEST(bytes >= defaults.window_bytes);
  BOOST_TEST(bytes < defaults.window_bytes + defaults.chunk_bytes);
  receive(sent.front());
  for (const auto& reply : answers())
    answer(reply);
  BOOST_TEST(chunks().size() == 1u);
}

BOOST_AUTO_TEST_CASE(D7_what_was_lost_is_sent_again) {
  must_store(from, 10);
  ask();
  int count = 0;
  carry([&](snapshot_chunk&) { return ++count != 2; });
  BOOST_TEST(delivered().empty());
  wait(defaults.resend_ticks);
  BOOST_TEST(chunks().empty());
  wait(1);
  carry(unchanged);
  BOOST_TEST((delivered() == indexes{10}));
}

BOOST_AUTO_TEST_CASE(D5_who_stays_silent_is_given_up) {
  must_store(from, 10);
  ask();
  wait(defaults.patience_ticks);
  BOOST_TEST(delivered().empty());
  wait(1);
  BOOST_TEST((delivered() == indexes{0}));
  BOOST_TEST(!chunks().empty());
  wait(2 * defaults.resend_ticks);
  BOOST_TEST(chunks().empty());
}

BOOST_AUTO_TEST_CASE(D7_an_answer_that_was_lost_is_given_again) {
  must_store(from, 10);
  ask();
  const auto sent = chunks();
  for (const auto& x : sent)
    receive(x);
  BOOST_TEST(to.replica.take<snapshot_staged>().size() == 1u);
  answers(); // all lost
  receive(sent.front());
  const auto again = answers();
  BOOST_REQUIRE(again.size() == 1u);
  BOOST_TEST((again[0].verdict == snapshot_verdict::done));
  // The replica may have missed it, too.
  BOOST_TEST(to.replica.take<snapshot_staged>().size() == 1u);
  answer(again[0]);
  BOOST_TEST((delivered() == indexes{10}));
}

/// The applier may be slow, and another primary quick.
BOOST_AUTO_TEST_CASE(D7_a_snapshot_that_another_follows_is_restored) {
  for (const std::uint64_t index : {10, 20}) {
    must_store(from, index);
    ask();
    carry(unchanged);
  }
  BOOST_TEST(to.replica.take<snapshot_staged>().size() == 2u);
  for (const std::uint64_t index : {10, 20}) {
    send(to.keeper,
         read_snapshot{storage::tests::base_at(1, index), to.applier.actor});
    const auto ends = to.applier.take<restore_end>();
    BOOST_REQUIRE(ends.size() == 1u);
    BOOST_TEST(ends[0].base.index.value == index);
    BOOST_TEST(ends[0].whole.ok());
  }
}

/// Those that wait to be restored take space.
BOOST_AUTO_TEST_CASE(D7_no_more_arrive_than_are_restored) {
  std::uint64_t index = 0;
  const auto send_another = [&] {
    index += 10;
    must_store(from, index);
    ask();
    carry(unchanged);
    return delivered() == indexes{index};
  };
  for (std::size_t i = 0; i < defaults.staged_max; ++i)
    BOOST_TEST(send_another());
  BOOST_TEST(!send_another());
  send(to.keeper, snapshot_unused{index_t{20}});
  BOOST_TEST(send_another());
  BOOST_TEST(!send_another());
  send(to.keeper,
       read_snapshot{storage::tests::base_at(1, 30), to.applier.actor});
  BOOST_TEST(send_another()); // what is older is not restored any more
  BOOST_TEST(send_another());
}

BOOST_AUTO_TEST_CASE(D7_without_a_snapshot_one_is_asked_for) {
  ask();
  BOOST_TEST(from.replica.take<snapshot_needed>().size() == 1u);
  BOOST_TEST(chunks().empty());
  must_store(from, 10);
  carry(unchanged);
  BOOST_TEST((delivered() == indexes{10}));
}

BOOST_AUTO_TEST_CASE(D7_one_that_does_not_reach_the_log_is_of_no_use) {
  must_store(from, 10);
  ask(11);
  BOOST_TEST(from.replica.take<snapshot_needed>().size() == 1u);
  BOOST_TEST(chunks().empty());
}

BOOST_AUTO_TEST_CASE(D6_who_waits_is_told_when_none_can_be_stored) {
  ask();
  from.replica.take<snapshot_needed>();
  from.disk->fail_change(1, errc::no_space);
  begin(from, 10);
  BOOST_TEST(from.applier.take<snapshot_failed>().size() == 1u);
  BOOST_TEST((delivered() == indexes{0}));
}

// Any byte of the file, wherever it was damaged: nothing of it is kept.
BOOST_AUTO_TEST_CASE(D7_a_damaged_snapshot_is_refused) {
  must_store(to, 5);
  must_store(from, 10);
  for (const std::size_t damaged : {0, 1, 2}) {
    ask();
    std::size_t count = 0;
    carry([&](snapshot_chunk& x) {
      if (count++ == damaged) {
        std::string data{x.data.view()};
        data[data.size() / 2] = static_cast<char>(data[data.size() / 2] ^ 1);
        x.data = bytes::of(std::move(data));
      }
      return true;
    });
    BOOST_TEST((delivered() == indexes{0}));
    BOOST_TEST(to.replica.silent());
    BOOST_TEST(to.files().size() == 1u);
    BOOST_TEST(to.newest() == 5u);
    BOOST_TEST(ended(to.keeper) == "");
  }
  // Whole, it is welcome.
  ask();
  carry(unchanged);
  BOOST_TEST((delivered() == indexes{10}));
  BOOST_TEST(to.newest() == 10u);
}

BOOST_AUTO_TEST_CASE(D7_more_than_was_announced_is_refused) {
  must_store(from, 10);
  ask();
  carry([](snapshot_chunk& x) {
    x.total = 1'000;
    return true;
  });
  BOOST_TEST((delivered() == indexes{0}));
  BOOST_TEST(to.files().empty());
  BOOST_TEST(ended(to.keeper) == "");
}

BOOST_AUTO_TEST_CASE(D6_one_that_does_not_fit_is_refused) {
  must_store(from, 10);
  to.disk->set_disk_bytes(std::uint64_t{64} << 20); // the reserve
  ask();
  carry(unchanged);
  BOOST_TEST((delivered() == indexes{0}));
  BOOST_TEST(to.files().empty());
  BOOST_TEST(ended(to.keeper) == "");
  to.disk->set_disk_bytes(std::uint64_t{65} << 20);
  ask();
  carry(unchanged);
  BOOST_TEST((delivered() == indexes{10}));
}

// The disk is full at a later chunk.
BOOST_AUTO_TEST_CASE(D6_one_that_does_not_fit_any_more_leaves_nothing) {
  must_store(from, 10);
  ask();
  int count = 0;
  carry([&](snapshot_chunk&) {
    if (++count == 2)
      to.disk->fail_change(1, errc::no_space);
    return true;
  });
  BOOST_TEST((delivered() == indexes{0}));
  BOOST_TEST(to.files().empty());
  BOOST_TEST(to.replica.silent());
  BOOST_TEST(ended(to.keeper) == "");
}

BOOST_AUTO_TEST_CASE(D6_a_disk_that_breaks_ends_the_receiver) {
  must_store(from, 10);
  ask();
  const auto sent = chunks();
  to.disk->fail_change(4, errc::io_failed);
  for (const auto& x : sent)
    receive(x);
  BOOST_TEST(says(ended(to.keeper), to_string(errc::io_failed)),
             ended(to.keeper));
  BOOST_TEST(to.replica.silent());
  for (const auto& x : answers())
    BOOST_TEST((x.verdict == snapshot_verdict::wanted));
}

BOOST_AUTO_TEST_CASE(D7_one_of_an_older_primary_replaces_none_of_a_newer) {
  must_store(from, 10);
  ask();
  const auto sent = chunks();
  BOOST_REQUIRE(sent.size() > 1u);
  receive(sent[0]);
  auto stale = sent[0];
  stale.term = term_t{3};
  stale.position = {term_t{3}, index_t{9}};
  BOOST_TEST(answers().size() == 1u);
  receive(stale);
  BOOST_TEST(answers().empty());
  for (std::size_t i = 1; i < sent.size(); ++i)
    receive(sent[i]);
  BOOST_TEST(to.newest() == 10u);
}

BOOST_AUTO_TEST_CASE(D7_an_answer_to_another_snapshot_counts_for_none) {
  snapshot_answer other;
  other.term = term_t{4};
  other.position = {term_t{1}, index_t{9}};
  other.verdict = snapshot_verdict::done;
  answer(other);
  BOOST_TEST(delivered().empty());
  must_store(from, 10);
  ask();
  answer(other);
  BOOST_TEST(delivered().empty());
  carry(unchanged);
  BOOST_TEST((delivered() == indexes{10}));
}

BOOST_AUTO_TEST_CASE(a_frame_that_is_none_is_dropped) {
  send(to.keeper, inbound{sender_id, frame{}});
  BOOST_TEST(ended(to.keeper) == "");
}

BOOST_AUTO_TEST_SUITE_END()
