// Rule K1, from the side of the gateway: numbers, resends, gives up.
#include "machine/session_sender.hpp"

#include "codec/peer_codec.hpp"

#include "counting_machine.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace cohort;
using namespace cohort::machine;
using namespace cohort::machine::tests;

namespace {

const node_id node_a{11};
const node_id node_b{12};

work_batch work_of(std::uint32_t count) {
  work_batch result;
  result.count = count;
  result.commands = list_of(std::vector<std::string>(count, "x"));
  return result;
}

work_batch query_of(const std::string& question) {
  work_batch result;
  result.queries = list_of({question});
  result.query_after = {0};
  return result;
}

const work_request& work_in(const outgoing_request& x) {
  return std::get<work_request>(x.request.body);
}

/// The session batch in a request; nothing if it opens a session, or asks only.
std::optional<session_batch> batch_in(const outgoing_request& x) {
  if (work_in(x).command.empty())
    return std::nullopt;
  const auto body = codec::decode_command(work_in(x).command);
  BOOST_REQUIRE(body.ok());
  const auto* batch = std::get_if<session_batch>(&*body);
  return batch ? std::optional{*batch} : std::nullopt;
}

client_reply answer(const outgoing_request& to, client_outcome outcome) {
  client_reply result;
  result.id = to.request.id;
  result.outcome = outcome;
  return result;
}

sender_options small() {
  sender_options result;
  result.patience_ms = 1'000;
  result.window = 8;
  return result;
}

/// A sender with a session, at time 0.
struct fixture {
  explicit fixture(const sender_options& options = small()) : sender(options) {
    sender.primary_is(node_a, 0);
  }

  /// Lets the sender open a session: the entry lies at `index`.
  void open(std::uint64_t index, std::int64_t now_ms = 0) {
    const auto out = sender.take_outgoing();
    BOOST_REQUIRE(out.size() == 1u);
    BOOST_REQUIRE(!batch_in(out[0]));
    auto reply = answer(out[0], client_outcome::done);
    reply.at = {epoch_t{1}, term_t{1}, index_t{index}};
    sender.received(reply, now_ms);
  }

  /// Submits `count` commands and returns the request that leaves for them.
  outgoing_request sent(std::uint32_t count, std::int64_t now_ms = 0) {
    sender.submit(work_of(count), false, now_ms);
    return only();
  }

  outgoing_request only() {
    auto out = sender.take_outgoing();
    BOOST_REQUIRE(out.size() == 1u);
    return out[0];
  }

  work_fate only_fate() {
    const auto finished = sender.take_finished();
    BOOST_REQUIRE(finished.size() == 1u);
    return finished[0].fate;
  }

  session_sender sender;
};

struct opened : fixture {
  explicit opened(const sender_options& options = small()) : fixture(options) {
    sender.submit(work_of(1), false, 0);
    open(7);
    const auto first = only();
    sender.received(answer(first, client_outcome::done), 0);
    BOOST_REQUIRE((only_fate() == work_fate::done));
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(session_sender_suite)

BOOST_AUTO_TEST_CASE(k1_every_write_has_a_session) {
  fixture f;
  f.sender.submit(work_of(2), false, 0);
  BOOST_TEST(!f.sender.ready()); // until the session is open
  f.open(7);
  BOOST_TEST((f.sender.session() == session_id{index_t{7}, term_t{1}}));
  const auto batch = batch_in(f.only());
  BOOST_REQUIRE(batch.has_value());
  BOOST_TEST((batch->session == f.sender.session()));
  BOOST_TEST(batch->first_sequence == 1u);
  BOOST_TEST(batch->count == 2u);
  BOOST_TEST(f.sender.ready());
}

BOOST_AUTO_TEST_CASE(work_is_named_by_the_id_that_submit_returned) {
  fixture f;
  const auto id = f.sender.submit(work_of(1), false, 0);
  f.open(7);
  f.sender.received(answer(f.only(), client_outcome::done), 0);
  const auto finished = f.sender.take_finished();
  BOOST_REQUIRE(finished.size() == 1u);
  BOOST_TEST(finished[0].id == id);
}

BOOST_AUTO_TEST_CASE(k1_batches_carry_consecutive_numbers_and_the_mark) {
  opened f;
  const auto first = f.sent(3);
  const auto second = f.sent(2);
  BOOST_TEST(batch_in(first)->first_sequence == 2u);
  BOOST_TEST(batch_in(first)->answered_up_to == 1u);
  BOOST_TEST(batch_in(second)->first_sequence == 5u);
  BOOST_TEST(batch_in(second)->answered_up_to == 1u);
  // Answered out of order: the mark waits for the older one.
  f.sender.received(answer(second, client_outcome::done), 0);
  BOOST_TEST(batch_in(f.sent(1))->answered_up_to == 1u);
  f.sender.received(answer(first, client_outcome::done), 0);
  BOOST_TEST(batch_in(f.sent(1))->answered_up_to == 6u);
}

BOOST_AUTO_TEST_CASE(k1_no_sequence_above_the_window_is_sent) {
  opened f;
  const auto first = f.sent(7);
  f.sender.submit(work_of(1), false, 0);
  f.sender.submit(work_of(1), false, 0);
  const auto out = f.sender.take_outgoing();
  BOOST_REQUIRE(out.size() == 1u);
  BOOST_TEST(batch_in(out[0])->first_sequence == 9u);
  f.sender.received(answer(first, client_outcome::done), 0);
  BOOST_TEST(batch_in(f.only())->first_sequence == 10u);
  BOOST_TEST(sender_options{}.window == session_limits{}.window);
}

BOOST_AUTO_TEST_CASE(k1_a_new_primary_gets_the_same_numbers) {
  opened f;
  const auto first = f.sent(2);
  const auto second = f.sent(1);
  f.sender.primary_is(nobody, 10);
  BOOST_TEST(f.sender.take_outgoing().empty());
  f.sender.primary_is(node_b, 20);
  const auto again = f.sender.take_outgoing();
  BOOST_REQUIRE(again.size() == 2u);
  BOOST_TEST((again[0].to == node_b && again[1].to == node_b));
  BOOST_TEST(again[0].request.id == first.request.id);
  BOOST_TEST(batch_in(again[0])->first_sequence == 2u);
  BOOST_TEST(again[1].request.id == second.request.id);
  BOOST_TEST(batch_in(again[1])->first_sequence == 4u);
}

BOOST_AUTO_TEST_CASE(k1_a_new_connection_brings_a_resend) {
  opened f;
  const auto first = f.sent(2);
  f.sender.reconnected(node_b, 0);
  BOOST_TEST(f.sender.take_outgoing().empty());
  f.sender.reconnected(node_a, 0);
  BOOST_TEST(f.only().request.id == first.request.id);
}

BOOST_AUTO_TEST_CASE(k1_a_gap_is_resent_from_the_mark) {
  opened f;
  const auto first = f.sent(1);
  const auto second = f.sent(1);
  f.sender.received(answer(second, client_outcome::gap), 0);
  BOOST_TEST(f.sender.take_outgoing().empty());
  f.sender.tick(20);
  const auto again = f.sender.take_outgoing();
  BOOST_REQUIRE(again.size() == 2u);
  BOOST_TEST(again[0].request.id == first.request.id);
  BOOST_TEST(again[1].request.id == second.request.id);
}

BOOST_AUTO_TEST_CASE(k1_a_passed_deadline_is_unknown) {
  opened f;
  const auto first = f.sent(2, 100);
  f.sender.tick(1'099);
  BOOST_TEST(f.sender.take_finished().empty());
  f.sender.tick(1'100);
  const auto finished = f.sender.take_finished();
  BOOST_REQUIRE(finished.size() == 1u);
  BOOST_TEST((finished[0].fate == work_fate::unknown));
  BOOST_TEST((finished[0].session == f.sender.session()));
  BOOST_TEST(finished[0].first_sequence == 2u);
  // It is never sent again, and what follows leaves no gap.
  f.sender.reconnected(node_a, 1'100);
  BOOST_TEST(f.sender.take_outgoing().empty());
  const auto next = batch_in(f.sent(1, 1'100));
  BOOST_TEST(next->first_sequence == 4u);
  BOOST_TEST(next->answered_up_to == 3u);
  f.sender.received(answer(first, client_outcome::done), 1'101);
  BOOST_TEST(f.sender.take_finished().empty());
}

BOOST_AUTO_TEST_CASE(k1_work_that_never_left_is_not_taken) {
  opened f;
  f.sender.primary_is(nobody, 0);
  f.sender.submit(work_of(1), false, 0);
  f.sender.tick(1'000);
  BOOST_TEST((f.only_fate() == work_fate::not_taken));
  f.sender.primary_is(node_b, 1'000);
  BOOST_TEST(f.sender.take_outgoing().empty());
  BOOST_TEST(f.sender.pending_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(k1_an_expired_session_makes_all_sent_under_it_unknown) {
  opened f;
  const auto first = f.sent(1);
  f.sent(1);
  f.sender.received(answer(first, client_outcome::expired), 0);
  const auto finished = f.sender.take_finished();
  BOOST_REQUIRE(finished.size() == 2u);
  for (const auto& x : finished)
    BOOST_TEST((x.fate == work_fate::unknown));
  // Nothing of it is sent again under another session.
  f.sender.submit(work_of(1), false, 0);
  f.open(90);
  const auto next = f.only();
  BOOST_TEST((batch_in(next)->session == session_id{index_t{90}, term_t{1}}));
  BOOST_TEST(batch_in(next)->first_sequence == 1u);
  BOOST_TEST(batch_in(next)->answered_up_to == 0u);
}

BOOST_AUTO_TEST_CASE(k1_after_a_long_silence_a_new_session_comes_first) {
  opened f;
  const auto late = small().session_idle_ms + 1;
  f.sender.submit(work_of(1), false, late);
  f.open(90, late);
  BOOST_TEST(
    (batch_in(f.only())->session == session_id{index_t{90}, term_t{1}}));
}

BOOST_AUTO_TEST_CASE(k1_opening_is_tried_again) {
  fixture f;
  f.sender.submit(work_of(1), false, 0);
  BOOST_TEST(f.sender.take_outgoing().size() == 1u);
  f.sender.submit(work_of(1), false, 900);
  f.sender.tick(1'000); // gives up the opening and the older work
  BOOST_TEST((f.only_fate() == work_fate::not_taken));
  f.open(8, 1'000);
  BOOST_TEST(batch_in(f.only())->first_sequence == 1u);
}

BOOST_AUTO_TEST_CASE(k2_a_refusal_of_the_only_attempt_is_certain) {
  for (const auto outcome :
       {client_outcome::refused, client_outcome::disk_full}) {
    opened f;
    f.sender.received(answer(f.sent(1), outcome), 0);
    BOOST_TEST((f.only_fate() == work_fate::refused));
  }
}

// Found by the simulator: a full disk refused the opening, which was sent again
// at once, and refused, without end.
BOOST_AUTO_TEST_CASE(k2_what_waits_for_a_refused_session_is_refused) {
  fixture f;
  f.sender.submit(work_of(1), false, 0);
  f.sender.submit(work_of(1), false, 0);
  for (int i = 0; i < 2; ++i) {
    f.sender.received(answer(f.only(), client_outcome::disk_full), 0);
    const auto finished = f.sender.take_finished();
    BOOST_REQUIRE(finished.size() == 1u);
    BOOST_TEST((finished[0].fate == work_fate::refused));
    BOOST_TEST((finished[0].reply.outcome == client_outcome::disk_full));
  }
  BOOST_TEST(f.sender.take_outgoing().empty());
  f.sender.submit(work_of(1), false, 10);
  f.open(8, 10);
  BOOST_TEST(batch_in(f.only())->first_sequence == 1u);
}

// The first attempt may have reached a log: a refusal of the second says
// nothing about it.
BOOST_AUTO_TEST_CASE(k2_a_refusal_after_a_resend_is_not_certain) {
  opened f;
  f.sent(1);
  f.sender.primary_is(node_b, 10);
  f.sender.received(answer(f.only(), client_outcome::refused), 20);
  BOOST_TEST((f.only_fate() == work_fate::unknown));
}

BOOST_AUTO_TEST_CASE(k2_a_full_disk_after_a_resend_is_not_certain) {
  opened f;
  f.sent(1);
  f.sender.primary_is(node_b, 10);
  f.sender.received(answer(f.only(), client_outcome::disk_full), 20);
  BOOST_TEST(f.sender.take_finished().empty());
  f.sender.tick(40);
  f.sender.received(answer(f.only(), client_outcome::done), 50);
  BOOST_TEST((f.only_fate() == work_fate::done));
}

BOOST_AUTO_TEST_CASE(busy_is_tried_again_after_the_time_named) {
  opened f;
  auto busy = answer(f.sent(1), client_outcome::busy);
  busy.retry_after_ms = 50;
  f.sender.received(busy, 100);
  f.sender.tick(149);
  BOOST_TEST(f.sender.take_outgoing().empty());
  f.sender.tick(150);
  BOOST_TEST(f.only().request.id == busy.id);
}

BOOST_AUTO_TEST_CASE(another_primary_is_followed_at_once) {
  opened f;
  auto moved = answer(f.sent(1), client_outcome::not_primary);
  moved.primary = node_b;
  f.sender.received(moved, 0);
  BOOST_TEST((f.sender.primary() == node_b));
  BOOST_TEST((f.only().to == node_b));
}

/// Two nodes that name each other are not asked at every round trip.
BOOST_AUTO_TEST_CASE(redirects_that_do_not_help_are_followed_later) {
  opened f;
  f.sender.submit(work_of(1), false, 0);
  f.sender.submit(work_of(1), false, 0);
  std::vector<std::int64_t> sent_ms;
  std::deque<outgoing_request> on_way;
  for (std::int64_t now_ms = 0; now_ms < 900; ++now_ms) {
    for (const auto& x : f.sender.take_outgoing()) {
      on_way.push_back(x);
      if (sent_ms.empty() || sent_ms.back() != now_ms)
        sent_ms.push_back(now_ms);
    }
    for (const auto& x : std::exchange(on_way, {})) {
      auto moved = answer(x, client_outcome::not_primary);
      moved.primary = x.to == node_a ? node_b : node_a;
      f.sender.received(moved, now_ms);
    }
    f.sender.tick(now_ms);
  }
  BOOST_TEST((std::vector(sent_ms.begin(), sent_ms.begin() + 6)
              == std::vector<std::int64_t>{0, 1, 21, 62, 143, 304}));
  BOOST_TEST(sent_ms.size() == 8u);
}

BOOST_AUTO_TEST_CASE(a_redirect_after_an_answer_is_followed_at_once) {
  opened f;
  auto to = node_b;
  for (std::int64_t now_ms = 0; now_ms < 5; ++now_ms) {
    auto moved = answer(f.sent(1, now_ms), client_outcome::not_primary);
    moved.primary = to;
    f.sender.received(moved, now_ms);
    const auto followed = f.only();
    BOOST_TEST((followed.to == to));
    f.sender.received(answer(followed, client_outcome::done), now_ms);
    to = to == node_b ? node_a : node_b;
  }
}

BOOST_AUTO_TEST_CASE(k3_queries_wait_for_own_writes_on_their_way) {
  opened f;
  f.sender.submit(query_of("x"), true, 0);
  BOOST_TEST(work_in(f.only()).after_sequence == 0u);
  f.sent(3);
  f.sender.submit(query_of("x"), true, 0);
  const auto behind = f.only();
  BOOST_TEST((work_in(behind).session == f.sender.session()));
  BOOST_TEST(work_in(behind).after_sequence == 4u);
  f.sender.submit(query_of("x"), false, 0);
  BOOST_TEST(work_in(f.only()).after_sequence == 0u);
}

BOOST_AUTO_TEST_CASE(queries_that_end_without_an_answer_had_no_effect) {
  opened f;
  f.sender.submit(query_of("x"), false, 0);
  f.sender.tick(1'000);
  BOOST_TEST((f.only_fate() == work_fate::not_taken));
}

BOOST_AUTO_TEST_CASE(requests_of_others_keep_their_own_numbers) {
  opened f;
  work_request own;
  own.command =
    to_bytes(codec::encode(batch_of({index_t{3}, term_t{1}}, 17, {"own"})));
  for (const auto outcome : {client_outcome::gap, client_outcome::expired}) {
    f.sender.submit_raw(own, 500, 0);
    const auto out = f.only();
    BOOST_TEST(batch_in(out)->first_sequence == 17u);
    f.sender.received(answer(out, outcome), 0);
    const auto finished = f.sender.take_finished();
    BOOST_REQUIRE(finished.size() == 1u);
    BOOST_TEST((finished[0].fate == work_fate::done));
    BOOST_TEST((finished[0].reply.outcome == outcome));
  }
  BOOST_TEST(f.sender.session().valid());
}

BOOST_AUTO_TEST_CASE(t1_work_on_its_way_is_bounded) {
  opened f;
  for (int i = 0; i < 6; ++i)
    f.sender.submit(work_of(1), false, 0);
  const auto out = f.sender.take_outgoing();
  BOOST_TEST(out.size() == small().requests_in_flight_max);
  BOOST_TEST(!f.sender.ready());
  BOOST_TEST(f.sender.pending_bytes() > 0u);
  for (const auto& x : out)
    f.sender.received(answer(x, client_outcome::done), 0);
  BOOST_TEST(f.sender.take_outgoing().size() == 2u);
}

BOOST_AUTO_TEST_CASE(t1_bytes_on_their_way_are_bounded) {
  auto options = small();
  options.bytes_in_flight_max = 100;
  opened f{options};
  f.sent(1); // one alone may exceed the bound
  f.sender.submit(work_of(1), false, 0);
  BOOST_TEST(f.sender.take_outgoing().empty());
}

BOOST_AUTO_TEST_SUITE_END()
