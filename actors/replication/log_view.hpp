// What a replica knows of its own log: all terms, and the latest entries.
#pragma once

#include "core/mutant.hpp"
#include "replication/entry.hpp"

#include <deque>
#include <optional>
#include <vector>

namespace cohort::replication {

/// The log as the protocol sees it. Entries near the end are in memory; of
/// older ones only the term is known here, they are read from disk when needed.
///
/// Invariants: indexes are consecutive from base + 1 to last; terms never
/// decrease; what is in memory is a suffix.
class log_view {
public:
  /// A log that was recovered from disk: nothing in memory. `runs` describe the
  /// terms of (base, last].
  log_view(log_position base, std::vector<term_run> runs, index_t last);

  index_t base_index() const {
    return base_.index;
  }
  index_t last_index() const {
    return last_;
  }
  term_t last_term() const;
  log_position last() const {
    return {last_term(), last_};
  }
  /// The oldest entry in memory; last_index() + 1 if there is none.
  index_t memory_first() const {
    return index_t{last_.value + 1 - entries_.size()};
  }
  std::size_t memory_bytes() const {
    return memory_bytes_;
  }

  /// The term at `index`; nothing below the base or beyond the end.
  std::optional<term_t> term_at(index_t index) const;
  bool holds(log_position position) const {
    const auto term = term_at(position.index);
    return term == position.term || (term && mutated(mutant::matches_by_index));
  }

  /// Precondition: entry.index == last_index() + 1, its term not smaller than
  /// last_term().
  void append(entry x);

  /// Drops `first` and everything above. Precondition: base < first.
  void truncate_from(index_t first);

  /// Entries [first, last] that are in memory, as many as fit into `bytes_max`,
  /// but at least one. Precondition: memory_first() <= first <= last <= end.
  std::vector<entry> slice(index_t first, index_t last,
                           std::size_t bytes_max) const;

  /// Precondition: the entry at `index` is in memory.
  const entry& at(index_t index) const;

  /// Forgets entries at or below `up_to`, oldest first, until at most
  /// `bytes_keep` are in memory.
  void evict(index_t up_to, std::size_t bytes_keep);

  /// The base moves up to `base`: what is at or below is in a snapshot.
  /// Precondition: holds(base).
  void compact(log_position base);

  /// Forgets everything and starts behind `base`.
  void reset(log_position base);

  /// The last position at or below `prev.index` whose term is at most
  /// prev.term: where a log that has `prev` may agree with this one. Nothing if
  /// that is below the base.
  std::optional<log_position> may_agree(log_position prev) const;

private:
  log_position base_;
  index_t last_;
  std::vector<term_run> runs_;
  std::deque<entry> entries_;
  std::size_t memory_bytes_ = 0;
};

} // namespace cohort::replication
