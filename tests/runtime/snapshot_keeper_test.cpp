// Storing and restoring snapshots on a disk that is full, or breaks. D6, D7.
#include "runtime/snapshot_keeper.hpp"

#include "runtime/keeper_world.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>

using namespace cohort;
using namespace cohort::runtime;
using namespace cohort::runtime::tests;

namespace {

struct storing_world : keeper_world {
  kept x = make_keeper(1);

  ~storing_world() {
    end_all();
  }

  /// Gives pieces until it is told that they are in vain, and why.
  std::optional<error> give_until_failed(const std::vector<std::string>& all) {
    for (std::size_t i = 0; i <= all.size(); ++i) {
      if (const auto failed = x.applier.take<snapshot_failed>();
          !failed.empty())
        return failed.front().why;
      if (i < all.size())
        send(x.keeper, snapshot_piece{all[i], i + 1 == all.size()});
    }
    return std::nullopt;
  }

  /// Reads the snapshot at `index` as an applier does. What came is in
  /// `content`.
  restore_end restore(std::uint64_t index) {
    send(x.keeper,
         read_snapshot{storage::tests::base_at(1, index), x.applier.actor});
    content.clear();
    for (;;) {
      auto batch = std::exchange(*x.applier.all, {});
      BOOST_REQUIRE(!batch.empty());
      for (auto& msg : batch) {
        if (auto* end = std::get_if<restore_end>(&msg))
          return std::move(*end);
        content += std::get<snapshot_piece>(msg).content;
        post(x.keeper, piece_taken{});
      }
      run();
    }
  }

  std::string content;
};

} // namespace

BOOST_AUTO_TEST_SUITE(snapshot_keeper_suite)

BOOST_FIXTURE_TEST_CASE(D7_what_is_stored_is_restored, storing_world) {
  const auto pieces = pieces_of(10);
  begin(x, 10);
  BOOST_TEST(x.applier.silent());
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
    send(x.keeper, snapshot_piece{pieces[i], false});
    BOOST_TEST(x.newest() == 0u);
    BOOST_TEST(x.applier.take<piece_taken>().size() == 1u);
  }
  send(x.keeper, snapshot_piece{pieces.back(), true});
  const auto stored = x.applier.take<snapshot_stored>();
  BOOST_REQUIRE(stored.size() == 1u);
  BOOST_TEST((stored.front().base == storage::tests::base_at(1, 10)));

  const auto end = restore(10);
  BOOST_TEST(end.whole.ok());
  BOOST_TEST((end.base == storage::tests::base_at(1, 10)));
  BOOST_TEST(end.machine_version == 3u);
  BOOST_TEST(end.sessions == "sessions");
  BOOST_TEST(end.terms.size() == 1u);
  BOOST_TEST((content == joined(pieces)));
}

BOOST_FIXTURE_TEST_CASE(D7_it_is_durable_when_it_is_said_to_be, storing_world) {
  must_store(x, 10);
  const auto after = x.disk->crash_losing_all();
  auto store = storage::snapshot_store::open(*after, snapshots_directory, {});
  BOOST_REQUIRE(store.ok());
  const auto newest = (*store)->newest(kept_set);
  BOOST_REQUIRE(newest.ok() && newest->has_value());
  BOOST_TEST((*newest)->index.value == 10u);
}

BOOST_FIXTURE_TEST_CASE(D7_an_applier_gets_no_more_than_it_takes,
                        storing_world) {
  begin(x, 10);
  give(x, pieces_of(10, 10, storage::snapshot_chunk_bytes));
  x.applier.take<snapshot_stored>();
  send(x.keeper,
       read_snapshot{storage::tests::base_at(1, 10), x.applier.actor});
  const auto most = snapshot_keeper_options{}.pieces_in_flight_max;
  BOOST_TEST(x.applier.take<snapshot_piece>().size() == most);
  send(x.keeper, piece_taken{});
  BOOST_TEST(x.applier.take<snapshot_piece>().size() == 1u);
}

// At whatever change the disk is full, the answer is the same, nothing is left
// of it, and the next one fits when there is room.
BOOST_AUTO_TEST_CASE(D6_a_snapshot_that_does_not_fit_fails_and_leaves_nothing) {
  std::uint64_t n = 1;
  for (;; ++n) {
    storing_world w;
    w.must_store(w.x, 10);
    w.x.disk->fail_change(n, errc::no_space);
    w.begin(w.x, 20);
    const auto why = w.give_until_failed(pieces_of(20));
    if (w.x.newest() == 20)
      break; // it has its name
    BOOST_REQUIRE(why.has_value());
    BOOST_TEST((why->code == errc::no_space));
    BOOST_TEST(w.ended(w.x.keeper) == "");
    BOOST_TEST(w.x.files().size() == 1u);
    // A piece that was on its way is of no use.
    w.send(w.x.keeper, snapshot_piece{"late", true});
    BOOST_TEST(w.x.applier.silent());
    BOOST_TEST(w.x.newest() == 10u);
    w.must_store(w.x, 30);
    BOOST_TEST(w.x.newest() == 30u);
  }
  BOOST_TEST(n > 5u); // directory, file, head, content, footer
}

BOOST_FIXTURE_TEST_CASE(D6_a_small_disk_keeps_the_old_snapshot, storing_world) {
  must_store(x, 10);
  x.disk->set_disk_bytes(1'000'000); // one fits, two do not
  begin(x, 20);
  give(x, pieces_of(20));
  BOOST_TEST(x.applier.take<snapshot_failed>().size() == 1u);
  BOOST_TEST(restore(10).whole.ok());
  BOOST_TEST((content == joined(pieces_of(10))));
  x.disk->set_disk_bytes(2'000'000);
  must_store(x, 20);
  BOOST_TEST(x.files().size() == 1u);
}

// At whatever change the disk breaks.
BOOST_AUTO_TEST_CASE(D6_a_failed_write_or_sync_ends_it_and_nothing_is_stored) {
  for (std::uint64_t n = 1;; ++n) {
    storing_world w;
    w.must_store(w.x, 10);
    const auto before = w.x.disk->changes();
    w.x.disk->fail_change(n, errc::io_failed);
    w.begin(w.x, 20);
    w.give(w.x, pieces_of(20));
    if (w.x.disk->changes() - before < n)
      break; // it was over before
    const auto why = w.ended(w.x.keeper);
    BOOST_TEST(says(why, "snapshots: "), why);
    BOOST_TEST(says(why, to_string(errc::io_failed)), why);
    BOOST_TEST(w.x.applier.take<snapshot_stored>().empty());
    const auto after = w.x.disk->crash_losing_all();
    auto store = storage::snapshot_store::open(*after, snapshots_directory, {});
    BOOST_REQUIRE(store.ok());
    BOOST_TEST(after->list(w.x.directory())->size() == 1u);
  }
}

BOOST_FIXTURE_TEST_CASE(D7_a_damaged_snapshot_is_not_restored, storing_world) {
  must_store(x, 10);
  const auto path = x.only_file();
  x.disk->flip_bit(path, x.disk->contents(path).size() / 2, 3);
  const auto end = restore(10);
  BOOST_REQUIRE(!end.whole.ok());
  BOOST_TEST((end.whole.err().code == errc::corrupt));
  BOOST_TEST(says(end.whole.err().message, path), end.whole.err().message);
  BOOST_TEST(content.size() < joined(pieces_of(10)).size());
}

BOOST_FIXTURE_TEST_CASE(D7_a_snapshot_without_a_head_ends_it, storing_world) {
  must_store(x, 10);
  x.disk->flip_bit(x.only_file(), 40, 3);
  send(x.keeper,
       read_snapshot{storage::tests::base_at(1, 10), x.applier.actor});
  const auto why = ended(x.keeper);
  BOOST_TEST(says(why, to_string(errc::corrupt)), why);
  BOOST_TEST(says(why, x.only_file()), why);
  BOOST_TEST(x.applier.silent());
}

BOOST_FIXTURE_TEST_CASE(D7_another_snapshot_is_not_restored_instead,
                        storing_world) {
  must_store(x, 20);
  send(x.keeper,
       read_snapshot{storage::tests::base_at(1, 10), x.applier.actor});
  BOOST_TEST(says(ended(x.keeper), "the snapshot at index 10 is gone"),
             ended(x.keeper));
  BOOST_TEST(x.applier.silent());
}

BOOST_AUTO_TEST_SUITE_END()
