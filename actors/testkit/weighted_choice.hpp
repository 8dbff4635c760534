// Which of several things happens next, when some are likelier than others.
#pragma once

#include "core/rng.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace cohort::testkit {

/// The weights that one kind of thing may have. Drawn anew for each run, so
/// that some runs have much of one kind and nothing of another (swarm testing).
struct weight_range {
  std::uint64_t low;
  std::uint64_t high;
  bool in_every_run; ///< false: in half of them

  std::uint64_t draw(rng& random) const {
    if (!in_every_run && random.below(2) == 0)
      return 0;
    return random.between(low, high);
  }
};

/// In every run.
constexpr weight_range always(std::uint64_t low, std::uint64_t high) {
  return {low, high, true};
}

/// In half of the runs.
constexpr weight_range sometimes(std::uint64_t low, std::uint64_t high) {
  return {low, high, false};
}

/// Things with weights: the more, the likelier.
template <class T>
class weighted_choice {
public:
  /// Without a weight it never comes.
  void add(T what, std::uint64_t weight) {
    total_ += weight;
    if (weight > 0)
      items_.emplace_back(std::move(what), total_);
  }

  bool empty() const {
    return items_.empty();
  }

  /// Precondition: !empty(). The likeliest had better be added first.
  const T& draw(rng& random) const {
    const auto at = random.below(total_);
    auto i = items_.begin();
    while (i->second <= at)
      ++i;
    return i->first;
  }

private:
  std::vector<std::pair<T, std::uint64_t>> items_; ///< with the sum up to them
  std::uint64_t total_ = 0;
};

} // namespace cohort::testkit
