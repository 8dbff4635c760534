// The one writer of the log on a disk that is full, or breaks. D1, D6.
#include "runtime/log_writer.hpp"

#include "runtime/log_world.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::runtime;
using namespace cohort::runtime::tests;
using storage::tests::base_at;

namespace {

const std::string reason = "the log cannot be written: ";

struct writer_world : log_world {
  witness replica = make_witness();   ///< of set 1
  witness neighbour = make_witness(); ///< the replica of set 2
  witness spares = make_witness();
  log_writer_options options;
  caf::actor writer;
  std::uint64_t next = 1; ///< entry of set 1, and its ticket

  writer_world() {
    options.log = log;
    options.spare_maker = spares.actor;
    writer = start<log_writer>(options);
  }

  ~writer_world() {
    end_all();
  }

  void ask(replication::write_request x) {
    post(writer, log_write{set_id{1}, std::move(x), replica.actor});
  }

  /// The next entry of set 1.
  void ask_next() {
    ask(request_of(next, {command(1, next, std::string(3'000, 'x'))}));
    ++next;
  }

  /// Appends until the disk is full. Returns the last entry that is durable.
  std::uint64_t fill() {
    limit_disk(12);
    for (;;) {
      ask_next();
      run();
      const auto full = replica.take<log_full>();
      if (full.empty())
        continue;
      BOOST_REQUIRE(full.size() == 1u);
      BOOST_REQUIRE(full.front().states.value == next - 1);
      return next - 2;
    }
  }

  /// Term and vote of set 1, with an entry that needs room.
  void ask_vote(std::uint64_t term) {
    auto x = request_of(next, {command(term, next, std::string(3'000, 'x'))});
    x.state = voted(term, 2);
    ++next;
    ask(std::move(x));
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(log_writer_suite)

BOOST_FIXTURE_TEST_CASE(D1_what_comes_together_is_one_write_and_one_sync,
                        writer_world) {
  const auto before = disk->changes();
  ask(request_of(1, {command(1, 1, "a")}));
  post(writer, log_write{set_id{2}, request_of(7, {command(1, 1, "b")}),
                         neighbour.actor});
  ask(request_of(2, {command(1, 2, "c")}));
  run();
  BOOST_TEST(disk->changes() == before + 2);
  // Each is told once, and of the newest.
  const auto told = replica.take<log_written>();
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_TEST(told.front().ticket.value == 2u);
  const auto other = neighbour.take<log_written>();
  BOOST_REQUIRE(other.size() == 1u);
  BOOST_TEST(other.front().ticket.value == 7u);
  const auto found = after_power_loss();
  BOOST_TEST(found.sets.at(set_id{1}).last.value == 2u);
  BOOST_TEST(found.sets.at(set_id{2}).last.value == 1u);
}

// First the write fails, then the sync behind it.
BOOST_AUTO_TEST_CASE(D6_a_failed_write_or_sync_ends_it_and_nothing_is_told) {
  for (const std::uint64_t change : {1, 2}) {
    writer_world w;
    w.disk->fail_change(change, errc::io_failed);
    w.ask_next();
    w.ask_next();
    w.run();
    const auto why = w.ended(w.writer);
    BOOST_TEST(says(why, reason + to_string(errc::io_failed)), why);
    BOOST_TEST(w.replica.silent());
    // And never again.
    const auto changes = w.disk->changes();
    w.ask_next();
    w.run();
    BOOST_TEST(w.disk->changes() == changes);
    BOOST_TEST(w.replica.silent());
  }
}

BOOST_FIXTURE_TEST_CASE(D6_a_full_disk_is_an_answer_and_votes_are_durable,
                        writer_world) {
  const auto last = fill();
  ask_vote(5);
  run();
  const auto full = replica.take<log_full>();
  BOOST_REQUIRE(full.size() == 1u);
  BOOST_TEST(full.front().states.value == next - 1);
  const auto found = after_power_loss();
  BOOST_TEST((found.sets.at(set_id{1}).state == voted(5, 2)));
  BOOST_TEST(found.sets.at(set_id{1}).last.value == last);
  BOOST_TEST(ended(writer) == "");
}

BOOST_FIXTURE_TEST_CASE(D6_it_goes_on_in_order_when_there_is_room,
                        writer_world) {
  fill();
  ask_vote(5);
  ask_vote(6);
  run();
  ask_next();
  run();
  replica.take<log_full>();
  limit_disk(16);
  pass_ticks(writer, options.retry_ticks - 1);
  BOOST_TEST(replica.silent());
  pass_ticks(writer, 1);
  const auto told = replica.take<log_written>();
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_TEST(told.front().ticket.value == next - 1);
  const auto found = after_power_loss();
  BOOST_TEST((found.sets.at(set_id{1}).state == voted(6, 2)));
  BOOST_TEST(found.sets.at(set_id{1}).last.value == next - 1);
  // The next write waits for nothing.
  ask_next();
  run();
  BOOST_TEST(replica.take<log_written>().size() == 1u);
}

// Found by the simulator: the snapshot that would have made room waited behind
// what needed it.
BOOST_FIXTURE_TEST_CASE(D5_D6_what_makes_room_does_not_wait_for_it,
                        writer_world) {
  const auto last = fill();
  ask_next();
  replication::write_request cut;
  cut.ticket = ticket_t{next};
  cut.base = base_at(1, last - 3);
  cut.keep_tail = true;
  ask(std::move(cut));
  run();
  replica.take<log_full>();
  BOOST_TEST((after_power_loss().sets.at(set_id{1}).base.index.value)
             == last - 3);
  pass_ticks(writer, options.retry_ticks);
  const auto told = replica.take<log_written>();
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_TEST(told.front().ticket.value == next);
  const auto found = after_power_loss();
  BOOST_TEST(found.sets.at(set_id{1}).last.value == next - 1);
}

BOOST_FIXTURE_TEST_CASE(D6_a_restart_of_the_log_drops_what_waits_before_it,
                        writer_world) {
  fill();
  ask_next();
  replication::write_request restart;
  restart.ticket = ticket_t{next};
  restart.base = base_at(2, 1000);
  restart.entries = {command(2, 1001, "a")};
  ask(std::move(restart));
  run();
  BOOST_TEST((after_power_loss().sets.at(set_id{1}).base.index.value) == 1000u);
  pass_ticks(writer, options.retry_ticks);
  BOOST_TEST(replica.take<log_written>().size() == 1u);
  BOOST_TEST(after_power_loss().sets.at(set_id{1}).last.value == 1001u);
}

/// The log had to be cut, too: what is on the disk at the base is not what the
/// base stands for.
BOOST_FIXTURE_TEST_CASE(D6_a_base_amid_what_waits_replaces_the_old_end,
                        writer_world) {
  const auto last = fill();
  const std::string large(3'000, 'y');
  ask(
    request_of(next++, {command(2, last - 2, large),
                        command(2, last - 1, large), command(2, last, large)}));
  ask(request_of(next++, {command(2, last + 1, large)}));
  replication::write_request cut;
  cut.ticket = ticket_t{next};
  cut.base = base_at(2, last - 1);
  cut.keep_tail = true;
  ask(std::move(cut));
  run();
  auto found = after_power_loss();
  BOOST_TEST(found.sets.at(set_id{1}).last.value == last - 1);
  BOOST_TEST(found.sets.at(set_id{1}).base.term.value == 2u);
  pass_ticks(writer, options.retry_ticks);
  found = after_power_loss();
  BOOST_TEST(found.sets.at(set_id{1}).last.value == last + 1);
  BOOST_TEST(found.sets.at(set_id{1}).runs.back().term.value == 2u);
}

// Found by the simulator: what had come while the disk was full was more than
// the log takes at once, and waited for ever.
BOOST_FIXTURE_TEST_CASE(D6_of_what_is_too_much_at_once_a_beginning_is_written,
                        writer_world) {
  limit_disk(12);
  while (next <= 500)
    ask_next();
  run();
  const auto full = replica.take<log_full>();
  BOOST_REQUIRE(!full.empty());
  BOOST_TEST(full.back().states.value == 500u);
  BOOST_TEST(after_power_loss().sets.at(set_id{1}).last.value > 0u);
}

BOOST_FIXTURE_TEST_CASE(D6_while_the_disk_stays_full_it_is_told_once,
                        writer_world) {
  fill();
  replica.take<make_room>();
  pass_ticks(writer, 3 * options.retry_ticks);
  BOOST_TEST(replica.take<make_room>().size() == 3u);
  BOOST_TEST(replica.silent());
  BOOST_TEST(ended(writer) == "");
}

// Also the log of a set that wants nothing now takes room.
BOOST_FIXTURE_TEST_CASE(D6_a_full_log_asks_every_set_for_room, writer_world) {
  post(writer, log_write{set_id{2}, request_of(7, {command(1, 1, "b")}),
                         neighbour.actor});
  run();
  BOOST_TEST(neighbour.take<make_room>().empty());
  fill();
  BOOST_TEST(neighbour.take<make_room>().size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(D6_without_room_for_votes_nobody_is_told_of_them,
                        writer_world) {
  fill();
  disk->fail_change(1, errc::no_space);
  ask_vote(5);
  run();
  BOOST_TEST(replica.silent());
  ask_vote(6); // there is room again
  run();
  const auto full = replica.take<log_full>();
  BOOST_REQUIRE(full.size() == 2u);
  BOOST_TEST(full.back().states.value == next - 1);
  BOOST_TEST((after_power_loss().sets.at(set_id{1}).state == voted(6, 2)));
}

BOOST_FIXTURE_TEST_CASE(D6_a_full_disk_that_breaks_ends_it, writer_world) {
  fill();
  disk->fail_change(1, errc::io_failed);
  ask_vote(5);
  run();
  BOOST_TEST(says(ended(writer), reason), ended(writer));
  BOOST_TEST(replica.silent());
}

BOOST_FIXTURE_TEST_CASE(D3_what_nothing_follows_is_covered_once, writer_world) {
  ask_next();
  run();
  const auto written = disk->changes();
  pass_ticks(writer, options.cover_ticks - 1);
  BOOST_TEST(disk->changes() == written);
  pass_ticks(writer, 1);
  const auto covered = disk->changes();
  BOOST_TEST(covered > written);
  pass_ticks(writer, 5 * options.cover_ticks);
  BOOST_TEST(disk->changes() == covered);
}

BOOST_FIXTURE_TEST_CASE(D6_a_tail_that_cannot_be_covered_ends_it,
                        writer_world) {
  ask_next();
  run();
  disk->fail_change(1, errc::io_failed);
  pass_ticks(writer, options.cover_ticks);
  BOOST_TEST(says(ended(writer), reason), ended(writer));
}

BOOST_FIXTURE_TEST_CASE(D2_segments_are_asked_for_before_they_run_out,
                        writer_world) {
  BOOST_REQUIRE(log->spare_wanted());
  pass_ticks(writer, 1);
  BOOST_TEST(spares.take<make_spares>().size() == 1u);
  while (log->spare_wanted())
    BOOST_REQUIRE(log->prepare_spare().ok());
  pass_ticks(writer, 1);
  BOOST_TEST(spares.silent());
}

namespace {

/// An old segment of which little is needed.
struct dead_segment_world : writer_world {
  dead_segment_world() {
    post(writer,
         log_write{set_id{2},
                   request_of(1, {command(1, 1, std::string(9'000, 'y'))}),
                   neighbour.actor});
    for (int i = 0; i < 60; ++i) {
      ask_next();
      run();
    }
    replication::write_request cut;
    cut.ticket = ticket_t{next};
    cut.base = base_at(1, 40);
    cut.keep_tail = true;
    ask(std::move(cut));
    run();
    BOOST_REQUIRE(log->reclaim_due());
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(D5_time_between_writes_frees_segments,
                        dead_segment_world) {
  const auto oldest = log->current_usage().oldest_life;
  pass_ticks(writer, 10);
  BOOST_TEST(!log->reclaim_due());
  BOOST_TEST(log->current_usage().oldest_life > oldest);
  BOOST_TEST(log->extent_of(set_id{2})->last.value == 1u);
}

BOOST_FIXTURE_TEST_CASE(D6_a_disk_that_breaks_between_writes_ends_it,
                        dead_segment_world) {
  disk->fail_change(1, errc::io_failed);
  pass_ticks(writer, 1);
  BOOST_TEST(says(ended(writer), reason), ended(writer));
}

BOOST_AUTO_TEST_SUITE_END()
