#include "testkit/crash_images.hpp"

#include "core/check.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <numeric>
#include <utility>
#include <vector>

namespace cohort::testkit {

namespace {

using choices = faulty_file_system::choices;

constexpr std::array<std::string_view, image_kinds> kind_names{
  "nothing",  "everything", "only_names", "only_blocks", "all_but_one",
  "only_one", "uniform",    "skewed",     "any_order",   "each"};

/// Where there are no more outcomes than this, each is an image.
constexpr std::uint64_t few_outcomes = 32;

/// The kinds of which there is one image at a point.
constexpr std::array single_kinds{image_kind::nothing, image_kind::everything,
                                  image_kind::only_names,
                                  image_kind::only_blocks};
/// The others take turns.
constexpr std::array random_kinds{image_kind::all_but_one, image_kind::uniform,
                                  image_kind::skewed, image_kind::only_one,
                                  image_kind::any_order};

std::uint64_t lose(std::uint64_t) {
  return 0;
}

std::uint64_t keep(std::uint64_t outcomes) {
  return outcomes - 1;
}

/// Numbers that have nothing to do with each other for neighboring images.
std::uint64_t seed_of(std::uint64_t seed, const image_id& id) {
  auto result = seed;
  for (const auto x :
       {id.point, static_cast<std::uint64_t>(id.kind), id.number})
    result = rng{result ^ (x + 1)}.next();
  return result;
}

// -- all outcomes -------------------------------------------------------------

/// Walks through all outcomes, which are the leaves of a tree: what is chosen
/// first decides what there is to choose next.
class outcome_tree {
public:
  std::uint64_t choose(std::uint64_t outcomes) {
    if (depth_ == path_.size())
      path_.push_back({0, outcomes});
    COHORT_CHECK(path_[depth_].outcomes == outcomes);
    return path_[depth_++].chosen;
  }

  choices picker() {
    const auto pick = [this](std::uint64_t n) { return choose(n); };
    return {.blocks = pick, .names = pick, .names_in_any_order = true};
  }

  /// To the next leaf; false: that was the last.
  bool advance() {
    path_.resize(depth_);
    depth_ = 0;
    while (!path_.empty() && path_.back().chosen + 1 == path_.back().outcomes)
      path_.pop_back();
    if (path_.empty())
      return false;
    ++path_.back().chosen;
    return true;
  }

private:
  struct branch {
    std::uint64_t chosen;
    std::uint64_t outcomes;
  };

  std::vector<branch> path_;
  std::size_t depth_ = 0;
};

/// How many outcomes a crash has; more than few_outcomes if there are many.
std::uint64_t count_outcomes(const faulty_file_system& disk) {
  // Most often there are far too many to try them.
  std::uint64_t product = 1;
  const auto multiply = [&](std::uint64_t n) {
    product = std::min(product * std::min(n, few_outcomes), 1 + few_outcomes);
    return keep(n);
  };
  static_cast<void>(disk.crash(
    {.blocks = multiply, .names = multiply, .names_in_any_order = true}));
  if (product > few_outcomes)
    return product;
  outcome_tree tree;
  std::uint64_t count = 0;
  do {
    static_cast<void>(disk.crash(tree.picker()));
  } while (++count <= few_outcomes && tree.advance());
  return count;
}

// -- single images ------------------------------------------------------------

/// One thing is unlike all others.
std::unique_ptr<faulty_file_system>
crash_but_for_one(const faulty_file_system& disk, bool others_kept,
                  rng& random) {
  std::uint64_t things = 0;
  const auto rule = others_kept ? keep : lose;
  // The same choices, except for the last, so the same questions up to it.
  static_cast<void>(disk.crash([&](std::uint64_t n) {
    things += n > 1;
    return rule(n);
  }));
  const auto odd = things == 0 ? 0 : random.below(things);
  std::uint64_t at = 0;
  return disk.crash([&](std::uint64_t n) {
    if (n == 1 || at++ != odd)
      return rule(n);
    return others_kept ? random.below(n - 1) : random.between(1, n - 1);
  });
}

/// Each thing is lost with a likelihood that is drawn first.
std::unique_ptr<faulty_file_system> crash_skewed(const faulty_file_system& disk,
                                                 bool any_order, rng& random) {
  const auto kept_of_eight = random.between(1, 7);
  const auto pick = [&, kept_of_eight](std::uint64_t n) {
    if (n == 1 || random.below(8) >= kept_of_eight)
      return std::uint64_t{0};
    return random.between(1, n - 1);
  };
  return disk.crash(
    {.blocks = pick, .names = pick, .names_in_any_order = any_order});
}

std::unique_ptr<faulty_file_system>
make_image(const faulty_file_system& disk, const image_id& id, rng& random) {
  switch (id.kind) {
    case image_kind::nothing:
      return disk.crash({.blocks = lose, .names = lose});
    case image_kind::everything:
      return disk.crash({.blocks = keep, .names = keep});
    case image_kind::only_names:
      return disk.crash({.blocks = lose, .names = keep});
    case image_kind::only_blocks:
      return disk.crash({.blocks = keep, .names = lose});
    case image_kind::all_but_one:
      return crash_but_for_one(disk, true, random);
    case image_kind::only_one:
      return crash_but_for_one(disk, false, random);
    case image_kind::uniform:
      return disk.crash([&](std::uint64_t n) { return random.below(n); });
    case image_kind::skewed:
      return crash_skewed(disk, false, random);
    case image_kind::any_order:
      return crash_skewed(disk, true, random);
    case image_kind::each:
      break;
  }
  outcome_tree tree;
  for (std::uint64_t i = 0;; ++i) {
    auto image = disk.crash(tree.picker());
    if (i == id.number || !tree.advance())
      return image;
  }
}

/// Makes an image and has it checked.
std::string check_image(const crash_scenario& scenario,
                        const faulty_file_system& disk, std::uint64_t seed,
                        const image_id& id) {
  rng random{seed_of(seed, id)};
  try {
    const auto image = make_image(disk, id, random);
    return scenario.check(*image, random);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "an exception";
  }
}

/// Runs a scenario; `act` is called at each of its points, and at its end.
template <class Act>
void run_with(const crash_scenario& scenario, Act act) {
  const auto disk = scenario.prepare();
  std::uint64_t point = 0;
  disk->on_change([&] { act(*disk, point++); });
  scenario.run(*disk);
  disk->on_change(nullptr);
  act(*disk, point);
}

/// How many images a point with many outcomes gets.
std::uint64_t share_of(const std::vector<std::uint64_t>& outcomes,
                       std::uint64_t images) {
  std::uint64_t few = 0;
  std::uint64_t large_points = 0;
  for (const auto n : outcomes)
    if (n <= few_outcomes)
      few += n;
    else
      ++large_points;
  const auto least = single_kinds.size() + random_kinds.size();
  if (large_points == 0 || images <= few)
    return least;
  return std::max<std::uint64_t>(least, (images - few + large_points - 1)
                                          / large_points);
}

/// The images of one point.
std::vector<image_id> plan(std::uint64_t point, std::uint64_t outcomes,
                           std::uint64_t share) {
  std::vector<image_id> result;
  if (outcomes <= few_outcomes) {
    for (std::uint64_t i = 0; i < outcomes; ++i)
      result.push_back({point, image_kind::each, i});
    return result;
  }
  for (const auto kind : single_kinds)
    result.push_back({point, kind, 0});
  for (std::uint64_t i = 0; result.size() < share; ++i)
    result.push_back(
      {point, random_kinds[i % random_kinds.size()], i / random_kinds.size()});
  return result;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t result = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, result);
  if (parsed.ec != std::errc{} || parsed.ptr != end)
    return std::nullopt;
  return result;
}

} // namespace

std::string_view to_string(image_kind kind) {
  return kind_names[static_cast<std::size_t>(kind)];
}

std::string to_string(const image_id& id) {
  return std::to_string(id.point) + "/" + std::string{to_string(id.kind)} + "/"
         + std::to_string(id.number);
}

std::optional<image_id> parse_image_id(std::string_view text) {
  const auto first = text.find('/');
  const auto last = text.rfind('/');
  if (first == std::string_view::npos || first == last)
    return std::nullopt;
  const auto point = parse_number(text.substr(0, first));
  const auto number = parse_number(text.substr(last + 1));
  const auto name = text.substr(first + 1, last - first - 1);
  const auto kind = std::find(kind_names.begin(), kind_names.end(), name);
  if (!point || !number || kind == kind_names.end())
    return std::nullopt;
  return image_id{*point, static_cast<image_kind>(kind - kind_names.begin()),
                  *number};
}

std::uint64_t crash_findings::total() const {
  return std::accumulate(images.begin(), images.end(), std::uint64_t{0});
}

crash_findings explore_crashes(const crash_scenario& scenario,
                               std::uint64_t seed, std::uint64_t images) {
  std::vector<std::uint64_t> outcomes;
  run_with(scenario, [&](const faulty_file_system& disk, std::uint64_t) {
    outcomes.push_back(count_outcomes(disk));
  });
  const auto share = share_of(outcomes, images);
  crash_findings result;
  run_with(scenario, [&](const faulty_file_system& disk, std::uint64_t point) {
    ++result.points;
    COHORT_CHECK(point < outcomes.size());
    for (const auto& id : plan(point, outcomes[point], share)) {
      if (result.first)
        return;
      ++result.images[static_cast<std::size_t>(id.kind)];
      if (auto what = check_image(scenario, disk, seed, id); !what.empty())
        result.first = {id, std::move(what)};
    }
  });
  return result;
}

std::string replay_crash(const crash_scenario& scenario, std::uint64_t seed,
                         const image_id& id) {
  std::string result = "there is no such point";
  run_with(scenario, [&](const faulty_file_system& disk, std::uint64_t point) {
    if (point == id.point)
      result = check_image(scenario, disk, seed, id);
  });
  return result;
}

} // namespace cohort::testkit
