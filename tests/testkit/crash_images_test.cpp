// That crash images find what is wrong: storages with the classic mistakes.
#include "testkit/crash_images.hpp"

#include "core/crc32c.hpp"

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <set>
#include <span>
#include <stdexcept>

using namespace cohort;
using namespace cohort::storage;
using testkit::crash_findings;
using testkit::crash_scenario;
using testkit::explore_crashes;
using testkit::faulty_file_system;
using testkit::image_id;
using testkit::image_kind;

namespace {

/// What a storage of one text may do wrong.
struct mistakes {
  bool no_directory_sync = false;
  bool no_file_sync = false;
  bool no_checksum = false;
  bool in_place = false; ///< overwrites the file instead of replacing it
};

constexpr std::size_t text_bytes = 3'000;

void must(const result<void>& x) {
  BOOST_REQUIRE(x.ok());
}

/// Keeps one text of text_bytes, and its checksum in the sector before it.
class tiny_store {
public:
  explicit tiny_store(const mistakes& wrong) : wrong_(wrong) {}

  void put(faulty_file_system& disk, const std::string& text) const {
    auto raw = std::string(512, 'h') + text;
    const auto checksum = crc32c(text.data(), text.size());
    std::memcpy(raw.data(), &checksum, sizeof checksum);
    const auto* name = wrong_.in_place ? "text" : "text.new";
    const bool create = !wrong_.in_place || !disk.contains("text");
    const auto file =
      std::move(disk.open(name, {.create = create, .writable = true}).value());
    must(file->write_at(0, std::as_bytes(std::span{raw})));
    if (!wrong_.no_file_sync)
      must(file->sync());
    if (!wrong_.in_place)
      must(disk.rename("text.new", "text"));
    if (!wrong_.no_directory_sync)
      must(disk.sync_directory(""));
  }

  /// Nothing: there is none that it believes in.
  std::string get(const faulty_file_system& disk) const {
    if (!disk.contains("text"))
      return {};
    const auto raw = disk.contents("text");
    if (raw.size() < 512)
      return {};
    std::uint32_t checksum = 0;
    std::memcpy(&checksum, raw.data(), sizeof checksum);
    auto text = raw.substr(512);
    const bool right = crc32c(text.data(), text.size()) == checksum;
    return wrong_.no_checksum || right ? text : std::string{};
  }

private:
  mistakes wrong_;
};

std::string text_of(char fill) {
  return std::string(text_bytes, fill);
}

/// Writes a few texts, one after the other.
crash_scenario tiny_scenario(const mistakes& wrong) {
  struct account {
    std::string old;
    std::string next;
  };
  const auto owed = std::make_shared<account>();
  const tiny_store store{wrong};
  return {
    .prepare = [] { return std::make_unique<faulty_file_system>(); },
    .run =
      [=](faulty_file_system& disk) {
        *owed = {};
        for (const char fill : {'a', 'b', 'c'}) {
          owed->next = text_of(fill);
          store.put(disk, owed->next);
          owed->old = owed->next;
        }
      },
    .check =
      [=](faulty_file_system& image, rng&) {
        const auto text = store.get(image);
        return text == owed->old || text == owed->next
                 ? std::string{}
                 : std::string{"neither the old text nor the new one"};
      },
  };
}

crash_findings explore(const mistakes& wrong) {
  return explore_crashes(tiny_scenario(wrong), 1, 2'000);
}

/// It is found, and found again when it is replayed.
void must_be_caught(const mistakes& wrong) {
  const auto found = explore(wrong);
  BOOST_REQUIRE(found.first.has_value());
  const auto name = to_string(found.first->where);
  const auto where = testkit::parse_image_id(name);
  BOOST_REQUIRE(where.has_value());
  BOOST_TEST((*where == found.first->where));
  BOOST_TEST(testkit::replay_crash(tiny_scenario(wrong), 1, *where)
             == found.first->what);
}

/// All that is on the images, in a row.
std::string images_of(std::uint64_t seed) {
  auto scenario = tiny_scenario({});
  auto result = std::make_shared<std::string>();
  scenario.check = [result](faulty_file_system& image, rng& random) {
    for (const auto* name : {"text", "text.new"})
      *result += image.contains(name) ? image.contents(name) : "-";
    *result += std::to_string(random.next());
    return std::string{};
  };
  static_cast<void>(explore_crashes(scenario, seed, 1'000));
  return *result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(crash_images_suite)

BOOST_AUTO_TEST_CASE(what_is_right_passes) {
  const auto found = explore({});
  BOOST_TEST(!found.first.has_value());
  // Created, written, synced, renamed, directory synced, three times; the end.
  BOOST_TEST(found.points == 16u);
  BOOST_TEST(found.total() >= 2'000u);
  for (std::size_t i = 0; i < found.images.size(); ++i)
    BOOST_TEST(found.images[i] > 0u, to_string(image_kind(i)));
}

BOOST_AUTO_TEST_CASE(a_rename_that_is_not_durable_is_caught) {
  must_be_caught({.no_directory_sync = true});
}

BOOST_AUTO_TEST_CASE(a_name_before_what_it_stands_for_is_caught) {
  must_be_caught({.no_file_sync = true});
}

BOOST_AUTO_TEST_CASE(a_header_before_its_body_is_caught) {
  must_be_caught({.no_checksum = true, .in_place = true});
}

BOOST_AUTO_TEST_CASE(overwriting_the_only_copy_is_caught) {
  must_be_caught({.in_place = true});
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_images) {
  const auto first = images_of(7);
  BOOST_TEST((first == images_of(7)));
  BOOST_TEST((first != images_of(8)));
}

BOOST_AUTO_TEST_CASE(few_outcomes_are_all_tried) {
  // Two names and a sector, which is there only if its file is.
  std::set<std::string> seen;
  const crash_scenario scenario{
    .prepare = [] { return std::make_unique<faulty_file_system>(); },
    .run =
      [](faulty_file_system& disk) {
        const auto file = std::move(disk.open("a", {.create = true}).value());
        const std::string text(9, 'x');
        must(file->write_at(0, std::as_bytes(std::span{text})));
        BOOST_REQUIRE(disk.open("b", {.create = true}).ok());
      },
    .check =
      [&](faulty_file_system& image, rng&) {
        seen.insert((image.contains("a") ? "a" + image.contents("a") : "-")
                    + (image.contains("b") ? "b" : "-"));
        return std::string{};
      },
  };
  const auto found = explore_crashes(scenario, 1, 1'000);
  BOOST_TEST(found.points == 4u);
  BOOST_TEST(found.total() == 2u + 3u + 6u + 6u);
  BOOST_TEST(found.images[std::size_t(image_kind::each)] == found.total());
  const std::set<std::string> all{"--", "a-", "axxxxxxxxx-",
                                  "-b", "ab", "axxxxxxxxxb"};
  BOOST_TEST((seen == all));
}

BOOST_AUTO_TEST_CASE(an_exception_is_a_finding_and_a_point_must_be_there) {
  auto scenario = tiny_scenario({});
  scenario.check = [](faulty_file_system&, rng&) -> std::string {
    throw std::runtime_error{"thrown"};
  };
  const auto found = explore_crashes(scenario, 1, 100);
  BOOST_REQUIRE(found.first.has_value());
  BOOST_TEST(found.first->what == "thrown");
  BOOST_TEST(found.total() == 1u);
  BOOST_TEST(testkit::replay_crash(scenario, 1, {99, image_kind::nothing, 0})
             != "thrown");
}

BOOST_AUTO_TEST_CASE(names_of_images_are_read_strictly) {
  const image_id id{417, image_kind::any_order, 12};
  BOOST_TEST(to_string(id) == "417/any_order/12");
  BOOST_TEST((testkit::parse_image_id("417/any_order/12") == id));
  for (const auto* text : {"", "1/2", "1/uniform", "x/uniform/1", "1/uniform/",
                           "1/uniform/1x", "1/other/1", "1/uniform/1/1"})
    BOOST_TEST(!testkit::parse_image_id(text).has_value(), text);
}

BOOST_AUTO_TEST_SUITE_END()
