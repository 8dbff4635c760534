// What the checkers of a history answer. Pure.
#pragma once

#include "testkit/history/operation.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace cohort::history {

enum class answer : std::uint8_t {
  linearizable, ///< there is an order that explains all answers
  impossible,   ///< there is none
  unknown,      ///< a named bound was reached before one of the two was shown
};

/// Why there is no order. Operations are named by their index in the history.
struct contradiction {
  key_id key = 0; ///< the first key of `operation`
  /// The one that nothing explains: with its return, and not before, the
  /// history is impossible.
  std::size_t operation = 0;
  /// The time of that return, and how many of the operations that are connected
  /// with `key` were called until then.
  time_point prefix_end = 0;
  std::size_t prefix_operations = 0;
  /// Those of them that overlap `operation`, in the order of their calls.
  std::vector<std::size_t> overlapping;
  std::string text; ///< for people, several lines
};

struct verdict {
  answer is = answer::linearizable;
  std::optional<contradiction> why; ///< set if and only if impossible
  /// The most configurations that one step of the search had to hold.
  std::size_t configurations = 0;
};

} // namespace cohort::history
