// Segments: used, freed, recycled, reserved; full disks and failing ones. D5,
// D6.
#include "storage/log_images.hpp"
#include "storage/log_script.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::storage;
using namespace cohort::storage::tests;

namespace {

std::string text(std::size_t size, char fill = 'x') {
  return std::string(size, fill);
}

/// A log beside its model, on a disk that the test can fill.
struct fixture {
  std::unique_ptr<faulty_file_system> disk = make_disk();
  open_request request = small_request();
  opened_log opened = must_open(*disk, request);
  model_log model;
  std::uint64_t next = 1; ///< entry of set 1

  node_log& log() {
    return *opened.log;
  }

  result<void> try_write(const std::vector<set_write>& writes) {
    auto written = log().write(writes);
    if (written)
      model.apply(writes);
    return written;
  }

  void write(const std::vector<set_write>& writes) {
    const auto written = try_write(writes);
    BOOST_REQUIRE_MESSAGE(written.ok(), why(written));
  }

  /// Appends to set 1 until the disk is full.
  void fill(std::size_t entry_bytes = 3'000) {
    for (;;) {
      const auto written =
        try_write({write_of(1, {command(1, next, text(entry_bytes))})});
      if (!written) {
        BOOST_REQUIRE(written.err().code == errc::no_space);
        return;
      }
      ++next;
    }
  }

  void reclaim_all() {
    for (;;) {
      const auto more = log().reclaim();
      BOOST_REQUIRE_MESSAGE(more.ok(), why(more));
      if (!*more)
        return;
    }
  }

  void reopen() {
    opened.log.reset();
    opened = must_open(*disk, request);
    check_recovered(opened, model);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(log_space_suite, fixture)

BOOST_AUTO_TEST_CASE(D5_dead_segments_are_recycled) {
  for (; next <= 400; ++next) {
    write({write_of(1, {command(1, next, text(3'000))})});
    if (next % 10 == 0)
      write({base_of(1, base_at(1, next - 5), true)});
  }
  // 400 entries took 25 segments' worth: the same few files, again and again.
  const auto usage = log().current_usage();
  BOOST_TEST(usage.newest_life >= 25u);
  BOOST_TEST(usage.segments <= 4u);
  BOOST_TEST(segments_of(*disk).size() <= 6u);
  BOOST_TEST(usage.bytes_moved == 0u);
  reopen();
}

// One idle set neither holds the log nor is it lost.
BOOST_AUTO_TEST_CASE(D5_an_idle_set_does_not_hold_the_log) {
  write({state_of(2, voted(7, 3)), base_of(2, base_at(1, 5), false),
         write_of(2, {command(2, 6, "idle"), configuration_entry(3, 7, 4),
                      command(3, 8, text(5'000))})});
  for (; next <= 600; ++next) {
    write({write_of(1, {command(1, next, text(3'000))})});
    if (next % 10 == 0)
      write({base_of(1, base_at(1, next - 5), true)});
    reclaim_all();
    BOOST_REQUIRE(log().current_usage().segments <= 4u);
  }
  BOOST_TEST(log().current_usage().bytes_moved > 0u);
  BOOST_TEST(log().extent_of(set_id{2})->oldest_life > 1u);
  reopen();
}

// Long before the log is full: a segment of which little is needed is freed.
BOOST_AUTO_TEST_CASE(D5_a_segment_less_than_a_quarter_alive_is_freed) {
  opened.log.reset();
  request.options.log_bytes_max = request.options.log_bytes_limit;
  opened = must_open(*disk, request);
  write({write_of(2, {command(1, 1, text(9'000))})});
  for (; next <= 60; ++next)
    write({write_of(1, {command(1, next, text(3'000))})});
  BOOST_TEST(!log().reclaim_due()); // all alive
  write({base_of(1, base_at(1, 40), true)});
  BOOST_TEST(log().reclaim_due());
  reclaim_all();
  BOOST_TEST(!log().reclaim_due());
  BOOST_TEST(log().extent_of(set_id{2})->oldest_life > 1u);
  BOOST_TEST(log().current_usage().bytes_moved >= 9'000u);
  reopen();
}

// Nobody calls reclaim(), and the disk is full: write() empties the oldest
// segment itself, for the sake of the dead ones behind it.
BOOST_AUTO_TEST_CASE(D5_a_full_disk_is_reclaimed_by_the_writer) {
  disk->set_disk_bytes(12 * request.options.segment_bytes);
  for (std::uint64_t i = 1; i <= 13; ++i)
    write({write_of(2, {command(1, i, text(3'900))})});
  for (; next <= 600; ++next) {
    write({write_of(1, {command(1, next, text(3'000))})});
    if (next % 10 == 0)
      write({base_of(1, base_at(1, next - 5), true)});
  }
  BOOST_TEST(log().current_usage().bytes_moved >= 13u * 3'900u);
  reopen();
}

// All in one set, nothing dead: nothing is gained by copying, so the log grows
// over log_bytes_max, up to its limit.
BOOST_AUTO_TEST_CASE(D5_a_log_that_is_all_alive_grows_to_its_limit) {
  fill();
  const auto usage = log().current_usage();
  BOOST_TEST(usage.segment_bytes > request.options.log_bytes_max);
  BOOST_TEST(usage.segment_bytes <= request.options.log_bytes_limit);
  BOOST_TEST(usage.bytes_moved == 0u);
  // A snapshot makes room.
  write({base_of(1, base_at(1, next - 20), true)});
  const auto before = next;
  fill();
  BOOST_TEST(next > before + 100);
  reopen();
}

// Each has a page to itself, until it is copied.
BOOST_AUTO_TEST_CASE(D5_short_entries_that_came_alone_do_not_fill_the_log) {
  const auto limit = request.options.log_bytes_limit;
  for (; next * page_bytes < 4 * limit; ++next)
    write({write_of(1, {command(1, next, text(50))})});
  BOOST_TEST(log().current_usage().segment_bytes <= limit);
  reopen();
}

// With time for it, they are packed when the log is above log_bytes_max.
BOOST_AUTO_TEST_CASE(D5_over_its_bound_the_log_packs_short_entries) {
  const auto most = request.options.log_bytes_max;
  for (; next * page_bytes < 4 * most; ++next) {
    write({write_of(1, {command(1, next, text(50))})});
    reclaim_all();
    BOOST_REQUIRE(log().current_usage().segment_bytes
                  <= most + 2 * request.options.segment_bytes);
  }
  // Some are copied again with those that came after them.
  BOOST_TEST(log().current_usage().bytes_moved < most);
  reopen();
}

// Over log_bytes_max, a segment that is fully alive is copied forward because
// of the dead ones behind it.
BOOST_AUTO_TEST_CASE(D5_over_its_bound_the_log_empties_its_oldest_segment) {
  for (std::uint64_t i = 1; i <= 12; ++i)
    write({write_of(2, {command(1, i, text(3'900))})});
  for (; next <= 200; ++next) {
    write({write_of(1, {command(1, next, text(3'000))})});
    if (next % 10 == 0)
      write({base_of(1, base_at(1, next - 5), true)});
    reclaim_all();
    BOOST_REQUIRE(log().current_usage().segment_bytes
                  <= request.options.log_bytes_max
                       + 2 * request.options.segment_bytes);
  }
  BOOST_TEST(log().current_usage().bytes_moved > 12u * 3'900u);
  reopen();
}

// Found by the simulator: where blocks of large entries leave the ends of
// segments unused, that looked like space, and the log was copied for ever.
BOOST_AUTO_TEST_CASE(D5_D6_what_copying_does_not_gain_is_not_tried_again) {
  disk->set_disk_bytes(12 * request.options.segment_bytes);
  fill(12'500);
  const auto full = log().current_usage();
  BOOST_TEST(full.segment_bytes - full.live_bytes
             >= 2 * request.options.segment_bytes);
  for (int i = 0; i < 5; ++i)
    BOOST_TEST(
      !try_write({write_of(1, {command(1, next, text(12'500))})}).ok());
  BOOST_TEST(log().current_usage().bytes_moved <= full.bytes_moved);
  // What dies later is space.
  write({base_of(1, base_at(1, next - 10), true)});
  const auto before = next;
  fill(12'500);
  BOOST_TEST(next > before + 10);
  reopen();
}

// The same without haste, over log_bytes_max.
BOOST_AUTO_TEST_CASE(D5_a_log_of_large_entries_is_copied_once_at_most) {
  fill(12'500);
  reclaim_all();
  const auto moved = log().current_usage().bytes_moved;
  BOOST_TEST(moved <= log().current_usage().segment_bytes);
  reclaim_all();
  BOOST_TEST(log().current_usage().bytes_moved == moved);
  reopen();
}

// A large entry in parts is moved as a whole.
BOOST_AUTO_TEST_CASE(D5_large_entries_are_copied_forward) {
  write({write_of(2, {command(1, 1, text(40'000, 'q'))})});
  for (; next <= 300; ++next) {
    write({write_of(1, {command(1, next, text(3'000))})});
    if (next % 10 == 0)
      write({base_of(1, base_at(1, next - 5), true)});
    reclaim_all();
  }
  BOOST_TEST(log().extent_of(set_id{2})->oldest_life > 1u);
  reopen();
}

// A block that was written with larger blocks is copied into smaller ones.
BOOST_AUTO_TEST_CASE(D5_moving_honours_a_smaller_block_size) {
  opened.log.reset();
  request.options.segment_bytes = 256 << 10;
  request.options.block_bytes_max = 64 << 10;
  request.options.log_bytes_max = 1 << 20;
  opened = must_open(*disk, request);
  std::vector<entry> entries;
  for (std::uint64_t i = 1; i <= 12; ++i)
    entries.push_back(command(1, i, text(4'000, static_cast<char>('a' + i))));
  write({write_of(2, entries)});
  request.options = small_options();
  request.options.log_bytes_max = 512 << 10;
  reopen();
  for (; next <= 300; ++next) {
    write({write_of(1, {command(1, next, text(3'000))})});
    if (next % 10 == 0)
      write({base_of(1, base_at(1, next - 5), true)});
    reclaim_all();
  }
  BOOST_TEST(log().extent_of(set_id{2})->oldest_life > 2u);
  reopen();
}

// At the end of the disk commands are refused; votes, snapshots and
// configurations are not, also over restarts.
BOOST_AUTO_TEST_CASE(D6_a_full_disk_still_takes_votes_and_configurations) {
  disk->set_disk_bytes(12 * request.options.segment_bytes);
  fill();
  const auto refused = log().write(std::vector{
    state_of(1, voted(5, 2)), write_of(1, {command(1, next, text(3'000))})});
  BOOST_TEST((refused.err().code == errc::no_space));
  write({state_of(1, voted(6, 2))});
  write(
    {write_of(1, {configuration_entry(6, next++, 2), empty_entry(6, next++)})});
  for (std::uint64_t term = 7; term < 17; ++term) {
    write({state_of(1, voted(term, 2))});
    reopen();
  }
}

// What copying takes of the reserved segments, it gives back.
BOOST_AUTO_TEST_CASE(D6_a_disk_full_of_short_entries_still_takes_votes) {
  disk->set_disk_bytes(12 * request.options.segment_bytes);
  fill(50);
  for (std::uint64_t term = 6; term < 17; ++term) {
    write({state_of(1, voted(term, 2))});
    reopen();
  }
  BOOST_TEST(log().current_usage().live_bytes > 0u);
}

BOOST_AUTO_TEST_CASE(D6_freed_space_heals_a_full_log) {
  disk->set_disk_bytes(12 * request.options.segment_bytes);
  fill();
  write({base_of(1, base_at(1, next - 10), true)});
  const auto before = next;
  fill();
  BOOST_TEST(next > before + 50);
  // So does a larger disk, while nothing can be freed.
  disk->set_disk_bytes(14 * request.options.segment_bytes);
  const auto again = next;
  fill();
  BOOST_TEST(next > again + 10);
  reopen();
}

BOOST_AUTO_TEST_CASE(D6_the_disk_reserve_is_left_alone) {
  opened.log.reset();
  disk->set_disk_bytes(14 * request.options.segment_bytes);
  request.options.disk_reserve_bytes = 4 * request.options.segment_bytes;
  opened = must_open(*disk, request);
  fill();
  BOOST_TEST(*disk->free_bytes(log_directory)
             >= request.options.disk_reserve_bytes);
  BOOST_TEST((log().prepare_spare().err().code == errc::no_space));
  reopen();
}

BOOST_AUTO_TEST_CASE(spares_are_prepared_beside_the_writer) {
  BOOST_TEST(log().spare_wanted());
  while (log().spare_wanted())
    BOOST_REQUIRE(log().prepare_spare().ok());
  const auto spares = log().current_usage().spares;
  BOOST_TEST(spares == reserved_segments + request.options.spare_segments);
  // A roll takes a prepared one and makes none itself.
  const auto files = segments_of(*disk).size();
  for (; log().current_usage().segments < 2; ++next)
    write({write_of(1, {command(1, next, text(3'000))})});
  BOOST_TEST(segments_of(*disk).size() == files);
  reopen();
}

// The reserve is worth nothing if a crash takes it.
BOOST_AUTO_TEST_CASE(D6_segments_are_durable_before_they_are_counted_on) {
  while (log().spare_wanted())
    BOOST_REQUIRE(log().prepare_spare().ok());
  const auto image = disk->crash_losing_all();
  const auto names = segments_of(*image);
  BOOST_TEST(names.size() == log().current_usage().spares + 1);
  for (const auto& name : names)
    BOOST_TEST(image->contents(join(log_directory, name)).size()
               == request.options.segment_bytes);
}

// EIO at any change of a run: the call fails, every later one too, and what was
// durable before is there after a restart.
BOOST_AUTO_TEST_CASE(D6_a_failed_write_or_sync_is_final) {
  const auto script = long_script(21, 60);
  const auto whole = make_disk();
  run_script(*whole, script);
  for (std::uint64_t n = 1; n < whole->changes(); ++n) {
    auto failing = make_disk();
    failing->fail_change(n, errc::io_failed);
    auto open_log = node_log::open(*failing, request);
    run_outcome outcome;
    if (open_log) {
      bool failed = false;
      for (const auto& x : script) {
        const auto done = carry_out(*open_log->log, x);
        if (!done) {
          BOOST_REQUIRE(done.err().code == errc::io_failed);
          if (!std::exchange(failed, true))
            outcome.on_its_way = x;
        } else if (failed) {
          // Only calls that have nothing to do may still say so.
          const bool nothing = std::all_of(
            x.writes.begin(), x.writes.end(), [](const set_write& w) {
              return !w.request.state && !w.request.base
                     && w.request.entries.empty();
            });
          BOOST_REQUIRE(nothing && x.what != step::call::cover);
        } else {
          carry_out(outcome.done, x);
        }
      }
      BOOST_REQUIRE_MESSAGE(failed,
                            "change " << n << " of " << whole->changes());
      open_log->log.reset();
    }
    rng random{n};
    for (int i = 0; i < 3; ++i) {
      auto image =
        failing->crash([&](std::uint64_t k) { return random.below(k); });
      auto recovered = must_open(*image, request);
      auto expected = outcome;
      BOOST_REQUIRE(recovered.verdict != tail_verdict::ambiguous);
      BOOST_REQUIRE(is_possible(recovered, expected));
    }
  }
}

// ENOSPC at any change of a run: the call answers so and can be repeated.
BOOST_AUTO_TEST_CASE(D6_no_space_is_an_answer) {
  const auto script = long_script(22, 60);
  const auto whole = make_disk();
  run_script(*whole, script);
  std::size_t answered = 0;
  for (std::uint64_t n = 1; n < whole->changes(); ++n) {
    auto failing = make_disk();
    failing->fail_change(n, errc::no_space);
    auto open_log = node_log::open(*failing, request);
    if (!open_log) {
      BOOST_REQUIRE(open_log.err().code == errc::no_space
                    || open_log.err().code == errc::io_failed);
      open_log = node_log::open(*failing, request);
    }
    BOOST_REQUIRE_MESSAGE(open_log.ok(), why(open_log));
    model_log expected;
    bool final = false;
    for (const auto& x : script) {
      auto done = carry_out(*open_log->log, x);
      if (!done && done.err().code == errc::no_space) {
        ++answered;
        done = carry_out(*open_log->log, x);
      } else if (!done) {
        // A sync that failed, whatever it says, is never repeated.
        BOOST_REQUIRE(done.err().code == errc::io_failed);
        final = true;
        break;
      }
      BOOST_REQUIRE_MESSAGE(done.ok(), why(done));
      carry_out(expected, x);
    }
    if (final)
      continue;
    check_entries(*open_log->log, expected);
    open_log->log.reset();
    check_recovered(must_open(*failing, request), expected);
  }
  BOOST_TEST(answered > 20u);
}

BOOST_AUTO_TEST_SUITE_END()
