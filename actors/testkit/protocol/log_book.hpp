// Every entry that any replica of a set ever had in its log.
#pragma once

#include "replication/entry.hpp"

#include <cstdint>
#include <vector>

namespace cohort::testkit::protocol {

/// Log matching, checked as logs grow: an entry is known by its term and index,
/// and so is the one before it. Then, by induction, any two logs that have the
/// same term at an index are equal up to there. Log time never goes back (K4).
/// What is wrong is thrown (invariant_broken).
class log_book {
public:
  /// A log has `x` behind an entry of `previous`. `by_its_primary`: it is that
  /// of the primary of the entry's term, the only one that may add to a term.
  void note(const replication::entry& x, term_t previous, bool by_its_primary);

  /// Precondition: it was noted.
  const replication::entry& at(replication::log_position position) const;

  /// Changes with everything that is noted anew; the order does not matter.
  std::uint64_t digest() const {
    return digest_;
  }

private:
  /// Nothing if the log begins there.
  const replication::entry* before(const replication::entry& x,
                                   term_t previous) const;

  /// The entries of one term: consecutive, as one primary appends them.
  struct chapter {
    index_t first;
    term_t before; ///< of the entry before `first`
    std::vector<replication::entry> entries;
  };

  std::vector<chapter> terms_; ///< by term
  std::uint64_t digest_ = 0;
};

} // namespace cohort::testkit::protocol
