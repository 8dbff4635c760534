// The log on a disk that stops at any moment: every write and every sync of
// scripted runs, with many choices of what reached the disk. D2, D3, D5.
#include "storage/log_images.hpp"
#include "storage/log_script.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace cohort;
using namespace cohort::storage;
using namespace cohort::storage::tests;

namespace {

/// How many random images per point of a run. Each run stops for good; many
/// more images of runs that go on are in log_crash_images_test.cpp.
constexpr std::uint64_t images_per_stop = 6;

using sector_numbers = std::set<std::pair<std::uint64_t, std::uint64_t>>;

/// (life, block) of every good sector on the disk.
sector_numbers numbers_on(faulty_file_system& disk) {
  sector_numbers result;
  for (const auto& name : segments_of(disk)) {
    const auto content = disk.contents(join(log_directory, name));
    const auto image = std::as_bytes(std::span{content});
    for (std::size_t i = 0; i + sector_bytes <= image.size(); i += sector_bytes)
      if (const auto x = inspect_sector(image.subspan(i, sector_bytes));
          x.state == sector_state::good)
        result.emplace(x.id.life, x.id.block);
  }
  return result;
}

/// Opens what a crash left, and checks that it is what it may be: all that was
/// durable, without a doubt and without a complaint.
void check_image(faulty_file_system& image, run_outcome outcome) {
  const auto before = numbers_on(image);
  const auto highest_life = before.empty() ? 0 : before.rbegin()->first;
  auto opened = node_log::open(image, small_request());
  BOOST_REQUIRE_MESSAGE(opened.ok(), why(opened));
  BOOST_REQUIRE(opened->verdict == tail_verdict::clean
                || opened->verdict == tail_verdict::torn);
  BOOST_REQUIRE(!opened->unknown_sets_suspect);
  BOOST_REQUIRE(is_possible(*opened, outcome));
  check_entries(*opened->log, outcome.done);
  // And the log is good for more, a new segment included.
  const auto last = outcome.done.sets[set_id{1}].last().value;
  const auto more = write_step(
    {state_of(1, voted(1'000'000, 1)),
     write_of(1, {command(1'000'000, last + 1, std::string(60'000, 'z'))})});
  BOOST_REQUIRE(carry_out(*opened->log, more).ok());
  carry_out(outcome.done, more);
  // Numbers that were on the disk are not used for anything else (FIX 12).
  for (const auto& x : scan_all(image))
    for (const auto& [header, state] : x.blocks) {
      if (header.boot_counter != opened->boot_counter)
        continue;
      BOOST_REQUIRE(!before.contains({header.life, header.number}));
      BOOST_REQUIRE(header.kind != block_kind::opening
                    || header.life > highest_life);
    }
  opened->log.reset();
  check_recovered(must_open(image), outcome.done);
}

/// Crashes at every change of a run, several images each.
void crash_everywhere(std::uint64_t seed, std::size_t steps,
                      bool durable_writes) {
  const auto script = long_script(seed, steps);
  const faulty_file_system::options options{.durable_writes = durable_writes};
  auto whole = make_disk(options);
  run_script(*whole, script);
  const auto changes = whole->changes();
  std::uint64_t images = 0;
  for (std::uint64_t stop = 1; stop <= changes; ++stop) {
    auto disk = make_disk(options);
    disk->stop_during(stop);
    const auto outcome = run_script(*disk, script);
    if (!disk->stopped())
      break;
    check_image(*disk->crash_losing_all(), outcome);
    check_image(*disk->crash_losing_nothing(), outcome);
    rng random{seed * 1'000'003 + stop};
    for (std::uint64_t i = 0; i < images_per_stop; ++i, ++images)
      check_image(
        *disk->crash([&](std::uint64_t n) { return random.below(n); }),
        outcome);
  }
  BOOST_TEST_MESSAGE("seed " << seed << ": " << images << " crash images");
  BOOST_TEST(images > 100u);
}

} // namespace

BOOST_AUTO_TEST_SUITE(log_crash_suite)

BOOST_AUTO_TEST_CASE(scripts_run_and_reopen_without_a_crash) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    auto disk = make_disk();
    const auto outcome = run_script(*disk, long_script(seed, 150));
    check_recovered(must_open(*disk), outcome.done);
  }
}

BOOST_AUTO_TEST_CASE(D3_a_crash_loses_nothing_durable_and_leaves_no_doubt) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed)
    crash_everywhere(seed, 90, false);
}

BOOST_AUTO_TEST_CASE(D2_the_same_where_each_write_is_durable) {
  for (std::uint64_t seed = 11; seed <= 13; ++seed)
    crash_everywhere(seed, 90, true);
}

// A process that dies leaves writes behind that the machine may still lose.
// What recovery accepts it must make durable itself before it builds on it.
BOOST_AUTO_TEST_CASE(D3_what_recovery_accepts_is_durable) {
  auto disk = make_disk();
  model_log model;
  {
    auto opened = must_open(*disk);
    const std::vector first{write_of(1, {command(1, 1, "durable")})};
    must_write(*opened.log, first);
    model.apply(first);
    const std::vector second{write_of(1, {command(1, 2, "written")})};
    disk->fail_change(2, errc::io_failed); // its sync
    BOOST_TEST((opened.log->write(second).err().code == errc::io_failed));
    model.apply(second);
  }
  check_recovered(must_open(*disk), model);
  const auto image = disk->crash_losing_all();
  check_recovered(must_open(*image), model);
}

// The same, with the machine stopping while the second process starts: what it
// writes first must not claim more than the disk holds.
BOOST_AUTO_TEST_CASE(D3_a_crash_behind_a_crash_is_no_corruption) {
  const auto first = write_step({write_of(1, {command(1, 1, "durable")})});
  const auto second =
    write_step({write_of(1, {command(1, 2, std::string(9'000, 'w'))})});
  rng random{5};
  for (std::uint64_t stop = 1; stop <= 10; ++stop)
    for (int i = 0; i < 60; ++i) {
      auto disk = make_disk();
      run_outcome outcome;
      {
        auto opened = must_open(*disk);
        BOOST_REQUIRE(carry_out(*opened.log, first).ok());
        carry_out(outcome.done, first);
        disk->fail_change(2, errc::io_failed); // the sync
        BOOST_REQUIRE(!carry_out(*opened.log, second).ok());
        outcome.on_its_way = second;
      }
      disk->stop_during(stop);
      static_cast<void>(node_log::open(*disk, small_request()));
      BOOST_REQUIRE(disk->stopped());
      check_image(
        *disk->crash([&](std::uint64_t n) { return random.below(n); }),
        outcome);
    }
}

// The boot counter of an open log is never seen again, whatever single sector
// is lost, and whenever the next start is interrupted (C2).
BOOST_AUTO_TEST_CASE(C2_boot_counters_are_never_repeated) {
  auto disk = make_disk();
  must_open(*disk);
  const auto second = must_open(*disk).boot_counter;
  BOOST_TEST(second == 2u);
  for (const auto& name : segments_of(*disk))
    for (std::uint64_t at = 0; at < small_options().segment_bytes;
         at += sector_bytes)
      for (const auto what : {damage::flip, damage::zero}) {
        auto damaged = disk->crash_losing_nothing();
        inflict(*damaged, {join(log_directory, name), at}, what);
        const auto opened = node_log::open(*damaged, small_request());
        BOOST_REQUIRE(!opened.ok() || opened->boot_counter > second);
      }
  auto whole = disk->crash_losing_nothing();
  const auto third = must_open(*whole).boot_counter;
  BOOST_TEST(third > second);
  for (std::uint64_t stop = 1; stop <= whole->changes(); ++stop) {
    auto stopping = disk->crash_losing_nothing();
    stopping->stop_during(stop);
    static_cast<void>(node_log::open(*stopping, small_request()));
    const auto lost = stopping->crash_losing_all();
    BOOST_REQUIRE(must_open(*lost).boot_counter > second);
    const auto kept = stopping->crash_losing_nothing();
    BOOST_REQUIRE(must_open(*kept).boot_counter > second);
  }
}

// Recovery may itself be interrupted, again and again.
BOOST_AUTO_TEST_CASE(D3_recovery_may_crash_at_any_moment) {
  const auto script = long_script(31, 60);
  auto whole = make_disk();
  run_script(*whole, script);
  rng random{31};
  const auto pick = [&](std::uint64_t n) { return random.below(n); };
  for (int run = 0; run < 400; ++run) {
    auto disk = make_disk();
    disk->stop_during(random.between(1, whole->changes() - 1));
    auto outcome = run_script(*disk, script);
    for (int depth = 0; depth < 3; ++depth) {
      disk = disk->crash(pick);
      disk->stop_during(random.between(1, 12));
      auto opened = node_log::open(*disk, small_request());
      BOOST_REQUIRE(disk->stopped() || opened.ok());
      if (opened) {
        BOOST_REQUIRE(is_possible(*opened, outcome));
      }
    }
    check_image(*disk->crash(pick), outcome);
  }
}

BOOST_AUTO_TEST_SUITE_END()
