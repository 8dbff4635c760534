// Fault points that strike as often as a seed says.
#pragma once

#include "core/fault_point.hpp"
#include "core/rng.hpp"

#include <array>
#include <cstdint>

namespace cohort::testkit {

/// How often each fault point was reached, and how often it struck.
struct fault_point_counts {
  struct count {
    std::uint64_t reached = 0;
    std::uint64_t struck = 0;
  };

  std::array<count, fault_point_count + 1> of{}; ///< by fault_point

  void add(const fault_point_counts& x) {
    for (std::size_t i = 0; i < of.size(); ++i) {
      of[i].reached += x.of[i].reached;
      of[i].struck += x.of[i].struck;
    }
  }
};

#ifdef COHORT_FAULT_POINTS

/// Throws the dice of its thread while it lives. In each run some points never
/// strike and others do it often, so that rare ways meet each other.
class drawn_dice final : public fault_dice {
public:
  explicit drawn_dice(std::uint64_t seed) : random_(seed) {
    for (auto& x : one_in_)
      x = random_.below(3) == 0 ? random_.between(2, 200) : 0;
    before_ = throw_dice(this);
  }
  ~drawn_dice() override {
    throw_dice(before_);
  }
  drawn_dice(const drawn_dice&) = delete;
  drawn_dice& operator=(const drawn_dice&) = delete;

  bool strikes(fault_point at) override {
    const auto i = static_cast<std::size_t>(at);
    ++counts_.of[i].reached;
    const bool hit = ready_ && one_in_[i] > 0 && random_.below(one_in_[i]) == 0;
    counts_.of[i].struck += hit ? 1 : 0;
    return hit;
  }

  /// From now on no point strikes: in the end all must come to rest.
  void rest() {
    ready_ = false;
  }

  const fault_point_counts& counts() const {
    return counts_;
  }

private:
  rng random_;
  std::array<std::uint64_t, fault_point_count + 1> one_in_{}; ///< 0: never
  bool ready_ = true;
  fault_point_counts counts_;
  fault_dice* before_ = nullptr;
};

#else

/// Builds without fault points have nothing to decide.
class drawn_dice {
public:
  explicit drawn_dice(std::uint64_t) {}

  void rest() {}

  fault_point_counts counts() const {
    return {};
  }
};

#endif

} // namespace cohort::testkit
