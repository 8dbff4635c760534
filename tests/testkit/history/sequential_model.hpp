// What operations do when nothing overlaps: the tests' own reading of
// operation.hpp, apart from that of the checkers.
#pragma once

#include "testkit/history/operation.hpp"

#include <map>

namespace cohort::history {

class sequential_model {
public:
  /// Does what `op` asks for, and writes down what it answers: results, and
  /// whether it was completed or refused.
  void execute(operation& op) {
    op.ended = outcome::completed;
    for (const auto& x : op.accesses)
      if (x.what == action::expect && values_[x.key] != x.argument)
        op.ended = outcome::refused;
    if (op.ended == outcome::refused)
      return;
    for (auto& x : op.accesses) {
      if (x.what == action::write)
        values_[x.key] = x.argument;
      if (x.what == action::add)
        values_[x.key] += x.argument;
      if (x.what == action::read || x.what == action::add)
        x.result = values_[x.key];
    }
  }

  /// Whether `op`, which took effect, would answer as it did.
  bool repeats(const operation& op) {
    auto again = op;
    execute(again);
    if (op.ended == outcome::unknown)
      return true;
    if (op.ended != again.ended)
      return false;
    for (std::size_t i = 0; i < op.accesses.size(); ++i)
      if (op.ended == outcome::completed
          && op.accesses[i].result != again.accesses[i].result)
        return false;
    return true;
  }

  value_t holds(key_id key) {
    return values_[key];
  }

private:
  std::map<key_id, value_t> values_;
};

} // namespace cohort::history
