// All orders of all operations: the oracle for short histories.
#pragma once

#include "sequential_model.hpp"

#include <algorithm>

namespace cohort::history {

class brute_force {
public:
  explicit brute_force(const std::vector<operation>& history)
    : history_(history),
      done_(history.size()) {}

  bool linearizable(const sequential_model& before = {}) {
    auto finished = true;
    for (std::size_t i = 0; i < history_.size(); ++i)
      finished = finished && (done_[i] || end_of(history_[i]) == never);
    if (finished)
      return true;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if (!may_be_next(i))
        continue;
      auto after = before;
      if (!after.repeats(history_[i]))
        continue;
      done_[i] = true;
      const auto found = linearizable(after);
      done_[i] = false;
      if (found)
        return true;
    }
    return false;
  }

private:
  /// Whether nothing that is ahead returned before its call.
  bool may_be_next(std::size_t i) const {
    auto free = !done_[i] && history_[i].ended != outcome::failed;
    for (std::size_t k = 0; free && k < history_.size(); ++k)
      free = done_[k] || history_[k].ended == outcome::failed
             || end_of(history_[k]) >= history_[i].called;
    return free;
  }

  const std::vector<operation>& history_;
  std::vector<bool> done_;
};

} // namespace cohort::history
