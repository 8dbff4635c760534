#include "storage/node_directory.hpp"

#include "storage/log_model.hpp"
#include "storage/sealed_file.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::storage;
using namespace cohort::storage::tests;

namespace {

const std::string path = "node";

struct fixture {
  faulty_file_system disk;

  node_directory open() {
    auto opened = node_directory::open(disk, path);
    BOOST_REQUIRE_MESSAGE(opened.ok(), why(opened));
    return std::move(*opened);
  }

  errc open_error() {
    auto opened = node_directory::open(disk, path);
    BOOST_REQUIRE(!opened.ok());
    return opened.err().code;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(node_directory_suite, fixture)

BOOST_AUTO_TEST_CASE(C2_a_new_directory_has_no_identity_until_it_is_given_one) {
  BOOST_TEST(!open().identity().has_value());
  BOOST_TEST(!open().identity().has_value());
  BOOST_REQUIRE(open().write_owner(test_owner(3)).ok());
  const auto identity = open().identity();
  BOOST_REQUIRE(identity.has_value());
  BOOST_TEST((identity->owner == test_owner(3)));
  BOOST_TEST(!identity->log_created);
}

BOOST_AUTO_TEST_CASE(a_directory_is_open_only_once) {
  const auto held = open();
  BOOST_TEST((open_error() == errc::busy));
}

BOOST_AUTO_TEST_CASE(C2_an_identity_does_not_become_another) {
  auto directory = open();
  BOOST_TEST((directory.write_owner({}).err().code == errc::invalid));
  BOOST_REQUIRE(directory.write_owner(test_owner(3)).ok());
  auto other = test_owner(3);
  other.cluster.high ^= 1;
  BOOST_TEST((directory.write_owner(other).err().code == errc::invalid));
  other = test_owner(3);
  other.node = "node-b";
  BOOST_TEST((directory.write_owner(other).err().code == errc::invalid));
  BOOST_TEST(
    (directory.write_owner(test_owner(2)).err().code == errc::invalid));
  BOOST_TEST(directory.write_owner(test_owner(4)).ok());
  BOOST_TEST((directory.identity()->owner == test_owner(4)));
}

BOOST_AUTO_TEST_CASE(somebody_elses_directory_is_refused) {
  BOOST_REQUIRE(disk.make_directory(path).ok());
  disk.put(join(path, "holiday.jpg"), "not ours");
  BOOST_TEST((open_error() == errc::refused));
  BOOST_TEST(disk.list(path)->size() == 1u);
  // Beside an identity, other files are nobody's business.
  fixture ours;
  BOOST_REQUIRE(ours.open().write_owner(test_owner()).ok());
  ours.disk.put(join(path, "notes.txt"), "ours");
  ours.open();
}

BOOST_AUTO_TEST_CASE(a_newer_release_is_named_and_damage_is_noticed) {
  BOOST_REQUIRE(open().write_owner(test_owner()).ok());
  const auto file = join(path, "identity");
  const auto good = disk.contents(file);
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto damaged = good;
    damaged[i] = static_cast<char>(damaged[i] ^ 32);
    disk.put(file, damaged);
    const auto code = open_error();
    BOOST_REQUIRE(code == errc::corrupt || code == errc::unsupported);
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    disk.put(file, good.substr(0, size));
    BOOST_REQUIRE(open_error() == errc::corrupt);
  }
  disk.put(file, good + "more");
  BOOST_TEST((open_error() == errc::corrupt));
  auto newer = good;
  newer[8] = 2;
  disk.put(file, newer);
  BOOST_TEST((open_error() == errc::unsupported));
  disk.put(file, good);
  open();
}

BOOST_AUTO_TEST_CASE(the_log_is_made_once) {
  auto directory = open();
  BOOST_REQUIRE(directory.write_owner(test_owner()).ok());
  {
    auto opened = directory.open_log(small_options());
    BOOST_REQUIRE_MESSAGE(opened.ok(), why(opened));
    BOOST_TEST(opened->boot_counter == 1u);
  }
  BOOST_TEST(directory.identity()->log_created);
  BOOST_TEST(directory.open_log(small_options())->boot_counter == 2u);
  // Gone, it is missed.
  const auto log = join(path, "log");
  const auto names = disk.list(log);
  for (const auto& name : *names)
    BOOST_REQUIRE(disk.remove(join(log, name)).ok());
  BOOST_TEST((directory.open_log(small_options()).err().code == errc::corrupt));
  // For a new incarnation, it may begin anew.
  BOOST_REQUIRE(directory.write_owner(test_owner(2)).ok());
  BOOST_TEST(directory.open_log(small_options(), recovery_mode::salvage).ok());
}

BOOST_AUTO_TEST_CASE(a_log_without_an_identity_is_not_guessed_at) {
  {
    auto directory = open();
    BOOST_REQUIRE(directory.write_owner(test_owner()).ok());
    BOOST_REQUIRE(directory.open_log(small_options()).ok());
  }
  BOOST_REQUIRE(disk.remove(join(path, "identity")).ok());
  BOOST_TEST((open_error() == errc::corrupt));
}

// A first start, and a change of incarnation, interrupted everywhere.
BOOST_AUTO_TEST_CASE(a_crash_leaves_the_old_identity_or_the_new_one) {
  const auto start = [](file_system& files, std::uint64_t incarnation) {
    auto opened = node_directory::open(files, path);
    if (!opened)
      return false;
    return opened->write_owner(test_owner(incarnation)).ok()
           && opened->open_log(small_options()).ok();
  };
  BOOST_REQUIRE(disk.make_directory(path).ok());
  for (const std::uint64_t incarnation : {1, 2}) {
    auto whole = disk.crash_losing_nothing();
    BOOST_REQUIRE(start(*whole, incarnation));
    rng random{incarnation};
    for (std::uint64_t stop = 1; stop <= whole->changes(); ++stop)
      for (int i = 0; i < 20; ++i) {
        auto stopping = disk.crash_losing_nothing();
        stopping->stop_during(stop);
        BOOST_REQUIRE(!start(*stopping, incarnation));
        auto image =
          stopping->crash([&](std::uint64_t n) { return random.below(n); });
        {
          auto opened = node_directory::open(*image, path);
          BOOST_REQUIRE_MESSAGE(opened.ok(), why(opened));
          BOOST_REQUIRE(opened->identity().has_value() || incarnation == 1);
          if (opened->identity())
            BOOST_REQUIRE(opened->identity()->owner.incarnation.value
                            == incarnation
                          || opened->identity()->owner.incarnation.value
                               == incarnation - 1);
        }
        BOOST_REQUIRE(start(*image, incarnation));
      }
    BOOST_REQUIRE(start(disk, incarnation));
  }
}

BOOST_AUTO_TEST_CASE(paths_are_made_of_numbers) {
  const auto directory = open();
  BOOST_TEST(directory.engine_path(set_id{0xab})
             == "node/engines/00000000000000ab");
  BOOST_TEST(directory.snapshots_path() == "node/snapshots");
  BOOST_TEST(path_name(set_id{~std::uint64_t{0}}) == "ffffffffffffffff");
}

BOOST_AUTO_TEST_SUITE_END()
