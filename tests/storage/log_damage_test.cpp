// What damage to a log is called: corruption, a torn tail, or a doubt. D3, and
// the counterexamples that led to it.
#include "storage/log_images.hpp"
#include "storage/log_script.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace cohort;
using namespace cohort::storage;
using namespace cohort::storage::tests;

namespace {

constexpr damage all_damages[] = {damage::flip, damage::zero,
                                  damage::unreadable};

/// A log of two sets whose last block is not covered.
struct fixture {
  std::unique_ptr<faulty_file_system> disk = make_disk();
  model_log model;

  void write(node_log& log, std::vector<set_write> writes) {
    model.apply(writes);
    must_write(log, std::move(writes));
  }

  fixture() {
    auto opened = must_open(*disk);
    for (std::uint64_t i = 1; i <= 5; ++i)
      write(*opened.log, {write_of(1, {command(1, i, std::string(300, 'a'))}),
                          write_of(2, {command(1, i, std::string(300, 'b'))})});
    write(*opened.log, {state_of(1, voted(2, 3)),
                        write_of(1, {command(1, 6, std::string(9'000, 'c'))})});
  }

  std::unique_ptr<faulty_file_system> copy() const {
    return disk->crash_losing_nothing();
  }

  /// The model before the last block.
  model_log without_last() const {
    auto result = model;
    result.sets[set_id{1}].state = {};
    result.sets[set_id{1}].entries.erase(index_t{6});
    return result;
  }

  void cover() {
    auto opened = must_open(*disk);
    BOOST_REQUIRE(opened.log->cover_tail().ok());
  }
};

std::string text_of(std::size_t size) {
  return std::string(size, 't');
}

errc open_error(faulty_file_system& disk) {
  auto opened = node_log::open(disk, small_request());
  BOOST_REQUIRE(!opened.ok());
  return opened.err().code;
}

} // namespace

BOOST_AUTO_TEST_SUITE(log_damage_suite)

// Every sector of every file of a log that has seen everything. Damage in a
// covered block is corruption, always; any other damage never changes what is
// recovered, but for what it puts in doubt.
BOOST_AUTO_TEST_CASE(D3_damage_in_a_covered_block_is_always_corruption) {
  auto disk = make_disk();
  auto script = long_script(5, 120);
  script.push_back(call_step(step::call::cover));
  const auto done = run_script(*disk, script).done;
  const auto image = look_at(*disk);
  BOOST_TEST((image.last().header.kind == block_kind::cover));
  std::set<std::pair<std::string, std::uint64_t>> covered;
  for (std::size_t i = 0; i + 1 < image.blocks.size(); ++i)
    for (const auto& x : image.blocks[i].sectors)
      covered.emplace(x.path, x.offset);
  BOOST_TEST(covered.size() > 200u);
  std::size_t others = 0;
  for (const auto& name : segments_of(*disk))
    for (std::uint64_t at = 0; at < small_options().segment_bytes;
         at += sector_bytes)
      for (const auto what : all_damages) {
        const sector_place place{join(log_directory, name), at};
        auto damaged = disk->crash_losing_nothing();
        inflict(*damaged, place, what);
        if (covered.contains({place.path, place.offset})) {
          BOOST_REQUIRE(open_error(*damaged) == errc::corrupt);
          continue;
        }
        ++others;
        auto opened = must_open(*damaged);
        BOOST_REQUIRE(opened.verdict != tail_verdict::corrupt);
        // The cover names no sets: damage to its body harms nobody.
        const bool all = opened.verdict == tail_verdict::ambiguous
                         && opened.unknown_sets_suspect;
        check_recovered(opened, all ? suspecting_all(done) : done);
      }
  BOOST_TEST(others > 200u);
}

BOOST_FIXTURE_TEST_CASE(an_error_names_the_file_the_place_and_the_remedy,
                        fixture) {
  cover();
  const auto at = look_at(*disk).blocks[3].sectors[0];
  inflict(*disk, at, damage::flip);
  const auto opened = node_log::open(*disk, small_request());
  BOOST_REQUIRE(!opened.ok());
  const auto& message = opened.err().message;
  BOOST_TEST(message.find(at.path) != std::string::npos);
  BOOST_TEST(message.find("at byte " + std::to_string(at.offset))
             != std::string::npos);
  BOOST_TEST(message.find("Admit the node anew") != std::string::npos);
}

// Opening a damaged log changes nothing on the disk.
BOOST_FIXTURE_TEST_CASE(D3_corruption_is_never_cut, fixture) {
  cover();
  inflict(*disk, look_at(*disk).blocks[4].sectors[5], damage::flip);
  const auto before = disk->changes();
  BOOST_TEST((open_error(*disk) == errc::corrupt));
  BOOST_TEST((open_error(*disk) == errc::corrupt));
  BOOST_TEST(disk->changes() == before);
}

// Damage in the last block, nothing behind it: ambiguous. In its header, any
// set may have lost something; in its body, those that the header names.
BOOST_FIXTURE_TEST_CASE(D3_damage_in_the_last_block_is_ambiguous, fixture) {
  const auto last = look_at(*disk).last();
  BOOST_TEST(last.sectors.size() > 16u);
  for (const auto what : {damage::flip, damage::unreadable})
    for (std::size_t i = 0; i < last.sectors.size(); ++i) {
      auto damaged = copy();
      inflict(*damaged, last.sectors[i], what);
      auto opened = must_open(*damaged);
      BOOST_REQUIRE(opened.verdict == tail_verdict::ambiguous);
      // What cannot be read is lost by the page.
      const bool header =
        i == 0 || (what == damage::unreadable && i < sectors_per_page);
      BOOST_REQUIRE(opened.unknown_sets_suspect == header);
      const auto expected = header ? suspecting_all(without_last())
                                   : suspecting(without_last(), {set_id{1}});
      check_recovered(opened, expected);
    }
}

// What one sync writes may be several blocks: with the damaged one, those
// behind it are cut, and may have been acknowledged.
BOOST_AUTO_TEST_CASE(D3_sets_behind_a_damaged_block_are_suspect_too) {
  auto disk = make_disk();
  model_log model;
  {
    auto opened = must_open(*disk);
    const std::vector writes{state_of(1, voted(1, 1)), state_of(2, voted(1, 1)),
                             state_of(3, voted(1, 1))};
    must_write(*opened.log, writes);
    model.apply(writes);
    must_write(*opened.log, {write_of(1, {command(1, 1, "whole")}),
                             write_of(2, {command(1, 1, text_of(14'000))}),
                             write_of(3, {command(1, 1, text_of(14'000))})});
    model.apply(std::vector{write_of(1, {command(1, 1, "whole")})});
  }
  const auto image = look_at(*disk);
  // The last three blocks are one call: damage to the middle one.
  const auto& middle = image.blocks[image.blocks.size() - 2];
  BOOST_REQUIRE(middle.header.synced_before < middle.header.previous);
  inflict(*disk, middle.sectors[9], damage::flip);
  check_recovered(must_open(*disk), suspecting(model, {set_id{2}, set_id{3}}));
}

// Counterexample d: a verdict that is only in memory is forgotten by the second
// restart, and the node votes again.
BOOST_FIXTURE_TEST_CASE(D3_suspicion_survives_restarts, fixture) {
  for (const std::size_t sector : {0u, 5u}) {
    auto damaged = copy();
    inflict(*damaged, look_at(*disk).last().sectors[sector], damage::flip);
    must_open(*damaged);
    for (int restart = 0; restart < 3; ++restart) {
      auto opened = must_open(*damaged);
      BOOST_TEST((opened.verdict == tail_verdict::clean));
      BOOST_TEST(opened.sets.at(set_id{1}).state.suspect);
      BOOST_TEST(opened.sets.at(set_id{2}).state.suspect == (sector == 0));
      BOOST_TEST(opened.unknown_sets_suspect == (sector == 0));
    }
    // A hard state without the mark lifts it.
    auto opened = must_open(*damaged);
    must_write(*opened.log, {state_of(1, voted(9, 1))});
    opened.log.reset();
    BOOST_TEST(!must_open(*damaged).sets.at(set_id{1}).state.suspect);
  }
}

// The same with a crash in the middle of the first recovery: what shows the
// damage must not be overwritten before the verdict is durable.
BOOST_FIXTURE_TEST_CASE(D3_suspicion_survives_a_crash_while_it_is_recorded,
                        fixture) {
  for (const std::size_t sector : {0u, 5u}) {
    inflict(*disk, look_at(*disk).last().sectors[sector], damage::flip);
    auto whole = copy();
    must_open(*whole);
    const auto changes = whole->changes();
    BOOST_TEST(changes > 2u);
    rng random{sector};
    for (std::uint64_t stop = 1; stop <= changes; ++stop)
      for (int i = 0; i < 60; ++i) {
        auto stopping = copy();
        stopping->stop_during(stop);
        static_cast<void>(node_log::open(*stopping, small_request()));
        BOOST_REQUIRE(stopping->stopped());
        auto image =
          stopping->crash([&](std::uint64_t n) { return random.below(n); });
        auto opened = must_open(*image);
        BOOST_REQUIRE(opened.sets.at(set_id{1}).state.suspect);
        BOOST_REQUIRE(opened.sets.at(set_id{2}).state.suspect == (sector == 0));
        BOOST_REQUIRE(opened.unknown_sets_suspect == (sector == 0));
      }
    disk = fixture{}.disk;
  }
}

// The last block may be the one that opens a segment: its file is the evidence
// then, and must neither be removed nor used before the verdict is durable.
BOOST_AUTO_TEST_CASE(D3_a_damaged_opening_is_evidence) {
  auto disk = make_disk();
  model_log model;
  {
    auto opened = must_open(*disk);
    while (opened.log->current_usage().segments < 2) {
      const auto next = model.sets[set_id{1}].last().next().value;
      const std::vector writes{
        write_of(1, {command(1, next, std::string(3'000, 'x'))})};
      must_write(*opened.log, writes);
      if (opened.log->current_usage().segments < 2)
        model.apply(writes);
    }
  }
  const auto image = look_at(*disk);
  const auto opening = std::find_if(
    image.blocks.rbegin(), image.blocks.rend(),
    [](const auto& x) { return x.header.kind == block_kind::opening; });
  for (std::size_t sector = 0; sector < opening->sectors.size(); ++sector) {
    auto damaged = disk->crash_losing_nothing();
    inflict(*damaged, opening->sectors[sector], damage::flip);
    const auto whole = damaged->crash_losing_nothing();
    {
      auto opened = must_open(*whole);
      BOOST_REQUIRE(opened.verdict == tail_verdict::ambiguous);
      check_recovered(opened, suspecting_all(model));
    }
    rng random{sector};
    for (std::uint64_t stop = 1; stop <= whole->changes(); ++stop)
      for (int i = 0; i < 10; ++i) {
        auto stopping = damaged->crash_losing_nothing();
        stopping->stop_during(stop);
        static_cast<void>(node_log::open(*stopping, small_request()));
        auto left =
          stopping->crash([&](std::uint64_t n) { return random.below(n); });
        auto opened = must_open(*left);
        BOOST_REQUIRE(opened.unknown_sets_suspect);
        check_recovered(opened, suspecting_all(model));
      }
  }
}

// Counterexample b: without a block behind it, an acknowledged block that reads
// as zeros looks like one that was never written. A cover makes it corruption.
BOOST_FIXTURE_TEST_CASE(D3_an_idle_tail_needs_its_cover, fixture) {
  const auto last = look_at(*disk).last();
  for (const auto& sector : last.sectors) {
    auto damaged = copy();
    inflict(*damaged, sector, damage::zero);
    auto opened = must_open(*damaged);
    BOOST_REQUIRE(opened.verdict == tail_verdict::torn);
    check_recovered(opened, without_last());
  }
  {
    auto opened = must_open(*disk);
    write(*opened.log, {write_of(1, {command(2, 7, "acknowledged")})});
    BOOST_REQUIRE(opened.log->cover_tail().ok());
  }
  const auto image = look_at(*disk);
  const auto& acknowledged = image.blocks[image.blocks.size() - 2];
  for (const auto& sector : acknowledged.sectors)
    for (const auto what : all_damages) {
      auto damaged = copy();
      inflict(*damaged, sector, what);
      BOOST_REQUIRE(open_error(*damaged) == errc::corrupt);
    }
}

// Counterexample g: a zeroed header in the middle is not the end of the log.
BOOST_FIXTURE_TEST_CASE(D3_recovery_looks_behind_a_blank_header, fixture) {
  cover();
  const auto image = look_at(*disk);
  for (std::size_t i = 0; i + 1 < image.blocks.size(); ++i) {
    auto damaged = copy();
    inflict(*damaged, image.blocks[i].sectors[0], damage::zero);
    BOOST_REQUIRE(open_error(*damaged) == errc::corrupt);
  }
}

// Found by the simulator (clients, seed 5492): behind the end of a log, damage
// that harmed nobody at one start was a doubt at the next.
BOOST_FIXTURE_TEST_CASE(D3_a_log_does_not_grow_towards_damage, fixture) {
  cover();
  const auto last = look_at(*disk).last();
  const auto end_page = last.header.first_page + last.header.pages;
  for (std::uint64_t page = end_page + 1; page < end_page + 4; ++page) {
    auto damaged = copy();
    damaged->make_unreadable(last.sectors.back().path, page * page_bytes);
    for (int start = 0; start < 3; ++start) {
      auto opened = must_open(*damaged);
      BOOST_TEST((opened.verdict == tail_verdict::clean), opened.reason);
      check_recovered(opened, model);
    }
  }
}

// Counterexample c: what a cut block left behind must never become a part of a
// later one. Many ways to write the pages of a block that is cut, then all ways
// to write those of the next block, in the same place.
BOOST_AUTO_TEST_CASE(D3_stale_pages_of_a_cut_block_are_never_taken) {
  auto request = small_request();
  request.options.segment_bytes = 256 << 10;
  request.options.block_bytes_max = 64 << 10;
  request.options.log_bytes_max = 1 << 20;
  const auto first = write_of(1, {command(1, 1, "durable")});
  const auto cut = write_of(1, {command(1, 2, std::string(46'000, 'o'))});
  const auto next = write_of(1, {command(2, 2, std::string(14'000, 'n'))});
  model_log before;
  before.apply(std::vector{first});
  auto after = before;
  after.apply(std::vector{next});
  const auto pick_pages = [](unsigned mask) {
    return [mask, sector = std::size_t{0}](std::uint64_t outcomes) mutable {
      if (outcomes == 1) // the names in a directory
        return std::uint64_t{0};
      const auto page = sector++ / sectors_per_page;
      return (mask >> page & 1) != 0 ? outcomes - 1 : 0;
    };
  };
  constexpr unsigned cut_pages = 12; // the next block begins on the third
  constexpr unsigned next_pages = 4;
  rng random{1};
  for (int i = 0; i < 60; ++i) {
    auto disk = make_disk();
    {
      auto opened = must_open(*disk, request);
      must_write(*opened.log, {first});
      disk->stop_during(1);
      BOOST_REQUIRE(!opened.log->write({&cut, 1}).ok());
    }
    // One page at least is missing.
    const auto written = static_cast<unsigned>(random.below(1 << cut_pages))
                         & ~(1u << random.below(cut_pages));
    const auto recovered = disk->crash(pick_pages(written));
    for (unsigned rewritten = 0; rewritten < 1 << next_pages; ++rewritten) {
      auto again = recovered->crash_losing_nothing();
      auto opened = must_open(*again, request);
      check_recovered(opened, before);
      again->stop_during(1);
      BOOST_REQUIRE(!opened.log->write({&next, 1}).ok());
      auto image = again->crash(pick_pages(rewritten));
      const bool whole = rewritten + 1 == 1 << next_pages;
      check_recovered(must_open(*image, request), whole ? after : before);
    }
  }
}

// D4: what is left of a damaged log is a head start, for a node that was
// admitted anew, and for nobody else.
BOOST_FIXTURE_TEST_CASE(D4_a_damaged_log_is_salvaged_for_a_new_incarnation,
                        fixture) {
  cover();
  const auto image = look_at(*disk);
  // Blocks: the opening, a cover, five writes, the last, covers.
  inflict(*disk, image.blocks[5].sectors[1], damage::flip);
  auto request = small_request();
  request.mode = recovery_mode::salvage;
  BOOST_TEST((node_log::open(*disk, request).err().code == errc::invalid));
  request.owner = test_owner(2);
  model_log left;
  for (std::uint64_t i = 1; i <= 3; ++i)
    left.apply(
      std::vector{write_of(1, {command(1, i, std::string(300, 'a'))}),
                  write_of(2, {command(1, i, std::string(300, 'b'))})});
  {
    auto opened = must_open(*disk, request);
    BOOST_TEST((opened.verdict == tail_verdict::corrupt));
    check_recovered(opened, left);
    const std::vector more{write_of(1, {command(9, 4, "from a peer")})};
    must_write(*opened.log, more);
    left.apply(more);
  }
  request.mode = recovery_mode::strict;
  check_recovered(must_open(*disk, request), left);
}

// Salvage at every damaged sector: never an error, always a prefix.
BOOST_AUTO_TEST_CASE(D4_salvage_keeps_a_consistent_older_state) {
  auto disk = make_disk();
  auto script = long_script(8, 100);
  script.push_back(call_step(step::call::cover));
  run_script(*disk, script);
  auto request = small_request();
  request.mode = recovery_mode::salvage;
  request.owner = test_owner(2);
  for (const auto& block : look_at(*disk).blocks) {
    auto damaged = disk->crash_losing_nothing();
    inflict(*damaged, block.sectors[0], damage::flip);
    auto opened = must_open(*damaged, request);
    for (const auto& [set, state] : opened.sets) {
      BOOST_REQUIRE(state.last >= state.base.index);
      BOOST_REQUIRE(read_all(*opened.log, set).size()
                    == state.last - state.base.index);
    }
    opened.log.reset();
    request.mode = recovery_mode::strict;
    must_open(*damaged, request);
    request.mode = recovery_mode::salvage;
  }
}

BOOST_AUTO_TEST_SUITE_END()
