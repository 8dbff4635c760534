// Crashing scenarios of the storage: how many images, and which to replay.
#pragma once

#include "testkit/crash_images.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::storage::tests {

/// All images of all scenarios together.
inline std::uint64_t crash_images_wanted() {
  const char* text = std::getenv("COHORT_CRASH_IMAGES");
  return text ? std::strtoull(text, nullptr, 10) : 110'000;
}

/// COHORT_CRASH_REPLAY=<scenario>:<seed>:<image>: checks this image alone.
inline const char* replay_wanted() {
  return std::getenv("COHORT_CRASH_REPLAY");
}

/// What of this program the line above was held against.
struct replay_search {
  std::string known; ///< "<scenario>:<seed>:" of each run
  bool over = false; ///< found, or said to be missing
};

inline replay_search& search_for_replay() {
  static replay_search search;
  return search;
}

/// Whoever mistypes a scenario must not take its silence for a good image. Each
/// source has one of these; the first that ends speaks.
struct mistyped_replay_fails {
  void teardown() {
    const char* line = replay_wanted();
    if (!line || std::exchange(search_for_replay().over, true))
      return;
    BOOST_ERROR("COHORT_CRASH_REPLAY=" << line
                                       << " begins with none of those that ran:"
                                       << search_for_replay().known);
  }
};

BOOST_TEST_GLOBAL_FIXTURE(mistyped_replay_fails);

inline void replay_if_named(const std::string& prefix, std::string_view line,
                            const testkit::crash_scenario& scenario,
                            std::uint64_t seed) {
  search_for_replay().known += " " + prefix;
  if (!line.starts_with(prefix))
    return;
  search_for_replay().over = true;
  const auto id = testkit::parse_image_id(line.substr(prefix.size()));
  BOOST_REQUIRE_MESSAGE(id.has_value(), "no image: " << line);
  const auto wrong = testkit::replay_crash(scenario, seed, *id);
  BOOST_TEST_MESSAGE("replayed " << line);
  BOOST_TEST(wrong == "");
}

/// Has a share, in thousandths, of all images checked.
inline void crash_run(const std::string& name,
                      const testkit::crash_scenario& scenario,
                      std::uint64_t seed, std::uint64_t share) {
  const auto prefix = name + ":" + std::to_string(seed) + ":";
  if (const char* line = replay_wanted())
    return replay_if_named(prefix, line, scenario, seed);
  const auto images = crash_images_wanted() * share / 1'000;
  const auto found = testkit::explore_crashes(scenario, seed, images);
  std::string kinds;
  for (std::size_t i = 0; i < found.images.size(); ++i)
    if (found.images[i] != 0)
      kinds += " " + std::string{to_string(testkit::image_kind(i))} + "="
               + std::to_string(found.images[i]);
  BOOST_TEST_MESSAGE(name << ":" << seed << ": points=" << found.points
                          << " images=" << found.total() << kinds);
  if (found.first)
    BOOST_ERROR(found.first->what << "\nTo replay: COHORT_CRASH_REPLAY="
                                  << prefix << to_string(found.first->where));
}

} // namespace cohort::storage::tests
