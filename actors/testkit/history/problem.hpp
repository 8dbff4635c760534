// One component of a history, made ready for the search. Pure.
#pragma once

#include "testkit/history/partition.hpp"

namespace cohort::history {

/// An access, with its key as a cell of the state and with symbols for values.
struct step {
  action what{};
  std::uint32_t cell = 0;
  std::uint64_t argument = 0;
  std::uint64_t result = 0;

  bool operator==(const step&) const = default;
};

/// An operation that matters for the verdict.
struct item {
  std::uint32_t operation = 0; ///< its index in the history
  std::uint32_t first = 0;     ///< of its steps
  std::uint32_t count = 0;
  time_point called = 0;
  time_point returned = 0; ///< or `never`
  bool refused = false;
  bool quiet = false;  ///< changes nothing
  bool blind = false;  ///< one write to a plain cell
  bool hidden = false; ///< blind, and nobody looks for what it writes

  bool open() const {
    return returned == never;
  }
};

/// What the search needs to know of a component.
///
/// In a cell that nobody adds to, only equality counts. Its values become
/// symbols: 0 for all those that no answer and no condition names, so that
/// states which nobody can tell apart are one. A cell is plain if besides no
/// refused operation has a condition on it. Then a write of symbol 0 is hidden:
/// having done it is never worse than having it ahead. Open operations that
/// change nothing, or are hidden, are left out.
struct problem {
  std::vector<item> items;            ///< in the order of their calls
  std::vector<std::uint32_t> returns; ///< not open, in the order of returns
  std::vector<step> steps;
  std::vector<key_id> keys;            ///< of the cells
  std::vector<std::uint64_t> initial;  ///< of the cells
  std::vector<char> symbolic;          ///< of the cells
  std::vector<value_t> values;         ///< by symbol - 1
  std::vector<std::uint32_t> mentions; ///< by symbol: steps that compare it

  std::span<const step> steps_of(const item& x) const {
    return {steps.data() + x.first, x.count};
  }
};

/// Which values get symbols of their own.
enum class naming : std::uint8_t {
  seen, ///< those that an answer or a condition names
  all,  ///< all, for people: no cell is plain, and no value is forgotten
};

/// `members` are operations of one component; `initial` is what each key holds
/// at the beginning. Time: n log n.
problem make_problem(std::span<const operation> operations,
                     std::span<const std::uint32_t> members, value_t initial,
                     naming names = naming::seen);

} // namespace cohort::history
