// Reading while the log moves on.
#include "storage/hooked_file_system.hpp"
#include "storage/log_images.hpp"
#include "storage/log_model.hpp"

#include "storage/posix_file_system.hpp"
#include "support/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <thread>

using namespace cohort;
using namespace cohort::storage;
using namespace cohort::storage::tests;

namespace {

std::string text_of(std::uint64_t index, std::size_t size = 3'000) {
  return std::string(size, static_cast<char>('a' + index % 26));
}

/// A log in which a test can act between a lookup and its read.
struct fixture {
  std::unique_ptr<faulty_file_system> disk = make_disk();
  hooked_file_system hooked{*disk};
  opened_log opened = must_open(hooked);
  std::uint64_t next = 1; ///< entry of set 1

  node_log& log() {
    return *opened.log;
  }

  void append() {
    must_write(log(), {write_of(1, {command(1, next, text_of(next))})});
    ++next;
  }

  /// Goes on until segments have been overwritten, keeping few entries.
  void churn() {
    for (int i = 0; i < 200; ++i) {
      append();
      if (next % 10 == 0)
        must_write(log(), {base_of(1, base_at(1, next - 5), true)});
      BOOST_REQUIRE(log().reclaim().ok());
    }
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(log_read_suite, fixture)

// The segment is recycled between the lookup and the read: never wrong bytes.
BOOST_AUTO_TEST_CASE(a_recycled_segment_is_noticed) {
  append();
  hooked.before_read = [&] { churn(); };
  const auto read = log().read(set_id{1}, index_t{1}, index_t{1}, 10'000);
  BOOST_REQUIRE(!read.ok());
  BOOST_TEST((read.err().code == errc::not_found));
}

// The entry is copied forward meanwhile: it is found where it went.
BOOST_AUTO_TEST_CASE(a_moved_entry_is_found) {
  must_write(log(), {write_of(2, {command(1, 1, "stays")})});
  hooked.before_read = [&] { churn(); };
  const auto read = log().read(set_id{2}, index_t{1}, index_t{1}, 10'000);
  BOOST_REQUIRE_MESSAGE(read.ok(), why(read));
  BOOST_TEST((read->front().payload.view() == "stays"));
  BOOST_TEST(log().extent_of(set_id{2})->oldest_life > 1u);
}

// What is damaged while it is needed is corruption, not "not found".
BOOST_AUTO_TEST_CASE(damage_under_a_live_entry_is_corruption) {
  append();
  const auto block = look_at(*disk).last();
  for (std::size_t i = 1; i < 7; ++i) {
    disk->flip_bit(block.sectors[i].path, block.sectors[i].offset + 99, 1);
    const auto read = log().read(set_id{1}, index_t{1}, index_t{1}, 10'000);
    BOOST_REQUIRE(!read.ok());
    BOOST_TEST((read.err().code == errc::corrupt));
    disk->flip_bit(block.sectors[i].path, block.sectors[i].offset + 99, 1);
  }
  BOOST_TEST(log().read(set_id{1}, index_t{1}, index_t{1}, 10'000).ok());
}

BOOST_AUTO_TEST_CASE(entries_outlive_the_log_they_were_read_from) {
  append();
  auto read = log().read(set_id{1}, index_t{1}, index_t{1}, 10'000);
  BOOST_REQUIRE(read.ok());
  churn();
  opened.log.reset();
  BOOST_TEST((read->front().payload.view() == text_of(1)));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(log_threads_suite)

// A writer, two readers and a thread that prepares segments, on real files.
BOOST_AUTO_TEST_CASE(readers_never_see_wrong_bytes) {
  const temporary_directory directory;
  posix_file_system files;
  auto request = small_request();
  request.directory = directory.path();
  auto opened = must_open(files, request);
  auto& log = *opened.log;
  std::atomic<std::uint64_t> newest{0};
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> found{0};
  std::atomic<std::uint64_t> wrong{0};
  const auto read = [&](std::uint64_t behind) {
    while (!done) {
      const auto last = newest.load();
      if (last <= behind)
        continue;
      const index_t first{last - behind};
      const auto entries = log.read(set_id{1}, first, index_t{last}, 20'000);
      if (!entries) {
        wrong += entries.err().code == errc::not_found ? 0 : 1;
        continue;
      }
      auto next = first;
      for (const auto& x : *entries) {
        if (x.index != next || x.payload.view() != text_of(next.value, 700))
          ++wrong;
        ++next;
        ++found;
      }
    }
  };
  std::vector<std::thread> threads;
  threads.emplace_back(read, 2);
  threads.emplace_back(read, 60);
  threads.emplace_back([&] {
    while (!done)
      if (!log.spare_wanted() || !log.prepare_spare())
        std::this_thread::yield();
  });
  for (std::uint64_t i = 1; i <= 1'500; ++i) {
    must_write(log, {write_of(1, {command(1, i, text_of(i, 700))})});
    newest = i;
    if (i % 50 == 0)
      must_write(log, {base_of(1, base_at(1, i - 40), true)});
    BOOST_REQUIRE(log.reclaim().ok());
  }
  done = true;
  for (auto& x : threads)
    x.join();
  BOOST_TEST(wrong == 0u);
  BOOST_TEST(found > 0u);
  BOOST_TEST(log.current_usage().newest_life > 10u);
}

BOOST_AUTO_TEST_SUITE_END()
