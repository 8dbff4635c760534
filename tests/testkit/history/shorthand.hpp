// Histories that can be read at a glance.
#pragma once

#include "testkit/history/operation.hpp"

#include <utility>

namespace cohort::history {

using accesses = std::vector<access>;

/// Called and returned at these times.
struct span_of_time {
  time_point called = 0;
  time_point returned = 0;
};

inline operation done(span_of_time at, accesses list) {
  return {0, at.called, at.returned, outcome::completed, std::move(list)};
}

inline operation refused(span_of_time at, accesses list) {
  return {0, at.called, at.returned, outcome::refused, std::move(list)};
}

inline operation open(time_point called, accesses list) {
  return {0, called, 0, outcome::unknown, std::move(list)};
}

inline operation failed(time_point called, accesses list) {
  return {0, called, 0, outcome::failed, std::move(list)};
}

} // namespace cohort::history
