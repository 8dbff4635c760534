// Whether a history is the one that a known order explains. Pure.
#pragma once

#include "testkit/history/verdict.hpp"

namespace cohort::history {

/// Where a log says that an operation took effect: the entry, and the place
/// among the commands of that entry. Operations that change something have a
/// place of their own each. One that only reads, or was refused, may have no
/// entry of its own: then `behind` is set, and it saw the state behind all of
/// the entry `index`; 0 is the state at the beginning.
struct log_place {
  std::uint64_t index = 0;
  std::uint32_t offset = 0;
  bool behind = false;
};

/// The log's order as a witness, as a simulator has it: no search, so that each
/// history can be checked, however long and however much of it overlaps.
///
/// `places[i]` is that of `operations[i]`. An answered operation has one. One
/// with an unknown outcome has one if and only if it is in the log; one that
/// failed must have none.
///
/// What is checked: nobody's acknowledged operation is missing, nobody's failed
/// one is there, no place is taken twice; an operation that returned before the
/// call of another does not lie behind it; all answers are those of a
/// sequential run in this order. The answer is never unknown; `why` is about
/// the first operation in the log's order that breaks it (`prefix_end` and
/// `overlapping` are those of real time).
///
/// Time: n log n for sorting, then linear.
/// Errors: those of validate(); `invalid` if there is not one place for each
/// operation, or a change lies `behind` an entry.
result<verdict>
check_log_order(std::span<const operation> operations,
                std::span<const std::optional<log_place>> places,
                value_t initial = 0);

} // namespace cohort::history
