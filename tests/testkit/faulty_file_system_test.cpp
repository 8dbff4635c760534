#include "testkit/faulty_file_system.hpp"

#include "core/rng.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::storage;
using testkit::faulty_file_system;

namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span{text});
}

struct fixture {
  faulty_file_system disk;
  std::unique_ptr<file> opened;

  fixture() {
    opened = std::move(disk.open("f", {.create = true}).value());
    BOOST_REQUIRE(disk.sync_directory("").ok());
  }

  void write(std::uint64_t offset, char fill, std::size_t size = 512) {
    const std::string text(size, fill);
    BOOST_REQUIRE(opened->write_at(offset, bytes_of(text)).ok());
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(faulty_file_system_suite, fixture)

BOOST_AUTO_TEST_CASE(only_what_was_synced_survives_for_sure) {
  write(0, 'a', 1024);
  BOOST_REQUIRE(opened->sync().ok());
  write(512, 'b');
  BOOST_TEST(disk.contents("f")
             == std::string(512, 'a') + std::string(512, 'b'));
  BOOST_TEST(disk.crash_losing_all()->contents("f") == std::string(1024, 'a'));
  BOOST_TEST(disk.crash_losing_nothing()->contents("f") == disk.contents("f"));
}

BOOST_AUTO_TEST_CASE(what_becomes_durable_is_told_once_without_zeros) {
  std::string told;
  disk.on_durable([&](const std::string& path, std::uint64_t offset,
                      std::span<const std::byte> data) {
    const std::string text(reinterpret_cast<const char*>(data.data()),
                           data.size());
    told += path + ' ' + std::to_string(offset) + ' ' + text[0] + text.back()
            + std::to_string(text.size()) + '\n';
  });
  write(0, 'a');
  write(512, '\0', 512);
  write(1024, 'b');
  write(1536, 'c');
  BOOST_TEST(told == "");
  BOOST_REQUIRE(opened->sync().ok());
  BOOST_TEST(told == "f 0 aa512\nf 1024 bc1024\n");
  BOOST_REQUIRE(opened->sync().ok());
  write(0, 'd');
  disk.on_durable({});
  BOOST_REQUIRE(opened->sync().ok());
  BOOST_TEST(told == "f 0 aa512\nf 1024 bc1024\n");
}

BOOST_AUTO_TEST_CASE(zeros_that_make_a_file_longer_may_be_lost_too) {
  write(0, 'a');
  BOOST_REQUIRE(opened->sync().ok());
  write(512, '\0', 1536);
  write(1024, 'b');
  std::vector<std::uint64_t> outcomes;
  const auto image = disk.crash([&](std::uint64_t count) {
    outcomes.push_back(count);
    return outcomes.size() == 3 ? count - 2 : 0;
  });
  // No change of names, then a sector of zeros, one that has them or what came
  // after, and one of zeros.
  BOOST_TEST((outcomes == std::vector<std::uint64_t>{1, 2, 3, 2}));
  BOOST_TEST(image->contents("f")
             == std::string(512, 'a') + std::string(1024, '\0'));
  BOOST_TEST(disk.crash_losing_all()->contents("f") == std::string(512, 'a'));
  BOOST_TEST(disk.crash_losing_nothing()->contents("f") == disk.contents("f"));
  BOOST_REQUIRE(opened->sync().ok());
  BOOST_TEST(disk.crash_losing_all()->contents("f") == disk.contents("f"));
}

BOOST_AUTO_TEST_CASE(a_crash_may_leave_any_mixture_of_sectors) {
  write(0, 'a', 1536);
  BOOST_REQUIRE(opened->sync().ok());
  write(0, 'b', 1536);
  write(512, 'c');
  rng random{1};
  std::set<std::string> seen;
  for (int i = 0; i < 500; ++i) {
    const auto image =
      disk.crash([&](std::uint64_t n) { return random.below(n); });
    const auto text = image->contents("f");
    seen.insert({text[0], text[512], text[1024]});
    for (std::size_t at = 0; at < text.size(); ++at)
      BOOST_REQUIRE(text[at] == text[at / 512 * 512]);
  }
  BOOST_TEST(seen.size() == 2u * 3 * 2); // the middle has three versions
}

BOOST_AUTO_TEST_CASE(durable_files_need_no_sync) {
  faulty_file_system other{{.durable_writes = true}};
  auto made = other.open("g", {.create = true, .durable = true});
  BOOST_REQUIRE(made.ok());
  BOOST_TEST((*made)->durable_writes());
  BOOST_TEST(!opened->durable_writes());
  BOOST_REQUIRE(other.sync_directory("").ok());
  BOOST_REQUIRE((*made)->write_at(0, bytes_of("kept")).ok());
  BOOST_TEST(other.crash_losing_all()->contents("g") == "kept");
}

BOOST_AUTO_TEST_CASE(names_are_durable_with_their_directory_in_order) {
  BOOST_REQUIRE(disk.open("g", {.create = true}).ok());
  BOOST_REQUIRE(disk.rename("f", "h").ok());
  BOOST_TEST(disk.crash_losing_all()->contains("f"));
  BOOST_TEST(!disk.crash_losing_all()->contains("g"));
  BOOST_TEST(disk.crash_losing_nothing()->contains("h"));
  std::set<std::vector<std::string>> seen;
  for (std::uint64_t pick = 0; pick < 3; ++pick)
    seen.insert(
      *disk.crash([&](std::uint64_t n) { return pick % n; })->list(""));
  BOOST_TEST((
    seen == std::set<std::vector<std::string>>{{"f"}, {"f", "g"}, {"g", "h"}}));
  BOOST_REQUIRE(disk.sync_directory("").ok());
  BOOST_TEST(disk.crash_losing_all()->contains("h"));
}

BOOST_AUTO_TEST_CASE(the_nth_change_fails_once) {
  disk.fail_change(2, errc::io_failed);
  write(0, 'a');
  const std::string two(1024, 'b');
  BOOST_TEST(
    (opened->write_at(0, bytes_of(two)).err().code == errc::io_failed));
  // Half of what failed is there.
  BOOST_TEST(disk.contents("f") == std::string(512, 'b'));
  write(512, 'c');
  disk.fail_change(1, errc::no_space);
  BOOST_TEST((opened->sync().err().code == errc::no_space));
  BOOST_TEST(disk.crash_losing_all()->contents("f").empty());
}

BOOST_AUTO_TEST_CASE(a_stopped_machine_does_nothing_more) {
  write(0, 'a');
  disk.stop_during(1);
  const std::string text(512, 'b');
  BOOST_TEST(!opened->write_at(0, bytes_of(text)).ok());
  BOOST_TEST(disk.stopped());
  BOOST_TEST(!opened->write_at(0, bytes_of(text)).ok());
  BOOST_TEST(!opened->sync().ok());
  BOOST_TEST(!disk.list("").ok());
  // What was on its way may have arrived.
  BOOST_TEST(disk.crash_losing_nothing()->contents("f") == text);
  BOOST_TEST(disk.crash_losing_all()->contents("f").empty());
}

BOOST_AUTO_TEST_CASE(a_disk_has_a_size) {
  disk.set_disk_bytes(8192);
  write(0, 'a', 8192);
  BOOST_TEST(*disk.free_bytes("") == 0u);
  BOOST_TEST(
    (opened->write_at(8192, bytes_of("x")).err().code == errc::no_space));
  write(100, 'b'); // in place
  BOOST_REQUIRE(disk.remove("f").ok());
  BOOST_TEST(*disk.free_bytes("") == 8192u);
}

BOOST_AUTO_TEST_CASE(damage_is_done_where_it_is_asked_for) {
  write(0, 'a', 1536);
  disk.flip_bit("f", 700, 0);
  BOOST_TEST(disk.contents("f")[700] == ('a' ^ 1));
  disk.zero_sector("f", 1200);
  BOOST_TEST(disk.contents("f").substr(1024) == std::string(512, '\0'));
  disk.make_unreadable("f", 10);
  std::string text(10, ' ');
  const auto out = std::as_writable_bytes(std::span{text});
  BOOST_TEST((opened->read_at(500, out).err().code == errc::io_failed));
  BOOST_TEST(opened->read_at(512, out).ok());
  write(0, 'n'); // writing makes it readable
  BOOST_TEST(opened->read_at(0, out).ok());
}

BOOST_AUTO_TEST_CASE(a_misdirected_write_shows_what_was_meant_for_elsewhere) {
  write(0, 'a');
  write(512, 'b');
  disk.misdirect("f", 10, "f", 600);
  BOOST_TEST(disk.contents("f") == std::string(1024, 'b'));
  BOOST_TEST(disk.crash_losing_all()->contents("f") == disk.contents("f"));
}

BOOST_AUTO_TEST_CASE(failures_are_counted_and_can_be_forgotten) {
  disk.fail_change(1, errc::io_failed);
  disk.fail_change(2, errc::io_failed);
  disk.stop_during(3);
  BOOST_TEST(!opened->sync());
  BOOST_TEST(disk.failed_changes() == 1u);
  disk.forget_failures();
  BOOST_TEST(opened->sync().ok());
  BOOST_TEST(opened->sync().ok());
  BOOST_TEST(disk.failed_changes() == 1u);
}

BOOST_AUTO_TEST_CASE(D6_a_removal_that_fails_is_no_write_that_failed) {
  disk.fail_change(1, errc::io_failed);
  BOOST_TEST(!disk.remove("f"));
  BOOST_TEST(disk.failed_changes() == 1u);
  BOOST_TEST(disk.failed_writes() == 0u);
  disk.fail_change(1, errc::io_failed);
  BOOST_TEST(!opened->sync());
  BOOST_TEST(disk.failed_changes() == 2u);
  BOOST_TEST(disk.failed_writes() == 1u);
}

BOOST_AUTO_TEST_CASE(files_and_their_space_are_listed) {
  BOOST_TEST(disk.used_bytes() == 0u);
  write(0, 'a');
  BOOST_REQUIRE(disk.make_directory("d").ok());
  disk.put("d/g", "x");
  BOOST_TEST(disk.used_bytes() == 2 * page_bytes);
  const auto files = disk.files();
  BOOST_REQUIRE(files.size() == 2u);
  BOOST_TEST(files[0] == "/f");
  BOOST_TEST(files[1] == "d/g");
}

BOOST_AUTO_TEST_SUITE_END()
