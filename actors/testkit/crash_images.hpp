// Crashes a scenario at each of its changes of the disk, with many images of
// what may be left, and has each of them checked.
#pragma once

#include "core/rng.hpp"
#include "testkit/faulty_file_system.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::testkit {

/// What is left of the blocks and names that are not durable.
enum class image_kind : std::uint8_t {
  nothing,     ///< nothing
  everything,  ///< all: over the points of a run, every prefix of it
  only_names,  ///< names, but not what was written to the files
  only_blocks, ///< what was written to the files, but no names
  all_but_one, ///< all, but for one block or name
  only_one,    ///< one block or name
  uniform,     ///< each outcome of each block as likely as any other
  skewed,      ///< how likely things are lost is drawn for the whole image
  any_order,   ///< skewed, and names in another order than they were changed
  each,        ///< all outcomes, where these are few, names in any order
};

inline constexpr std::size_t image_kinds = 10;

/// "uniform" and so on.
std::string_view to_string(image_kind kind);

/// Names one image of a scenario.
struct image_id {
  std::uint64_t point = 0; ///< the change that is on its way; past all: the end
  image_kind kind = image_kind::nothing;
  std::uint64_t number = 0; ///< among those of its kind at this point

  bool operator==(const image_id&) const = default;
};

/// "<point>/<kind>/<number>", and back.
std::string to_string(const image_id& id);
std::optional<image_id> parse_image_id(std::string_view text);

/// Something that uses a disk. All three are called in one thread.
struct crash_scenario {
  /// The disk that `run` begins with.
  std::function<std::unique_ptr<faulty_file_system>()> prepare;

  /// Does all there is to do, and keeps account of what the disk owes it. Makes
  /// the same calls each time.
  std::function<void(faulty_file_system&)> run;

  /// Recovers from what a crash at this moment of `run` left, on a disk of its
  /// own, and says what is wrong; empty: nothing is. Exceptions are wrong, too.
  /// `random` is for what to do next: the same for the same image.
  std::function<std::string(faulty_file_system& image, rng& random)> check;
};

/// What came of it.
struct crash_findings {
  struct finding {
    image_id where;
    std::string what;
  };

  std::uint64_t points = 0;
  std::array<std::uint64_t, image_kinds> images{}; ///< checked, by kind
  std::optional<finding> first; ///< nothing is checked behind it

  std::uint64_t total() const;
};

/// Runs a scenario once to count its points, and once more to crash it at each.
/// No image needs a run of its own, so their cost does not grow with the run.
///
/// About `images` are checked, evenly: more if the points are so many that each
/// gets its least, and fewer if there are not as many outcomes. The same seed
/// gives the same images.
crash_findings explore_crashes(const crash_scenario& scenario,
                               std::uint64_t seed, std::uint64_t images);

/// Checks one image of explore_crashes() with this seed, and says what is
/// wrong; also if the scenario has no such point.
std::string replay_crash(const crash_scenario& scenario, std::uint64_t seed,
                         const image_id& id);

} // namespace cohort::testkit
