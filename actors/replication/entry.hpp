// What a replicated log is made of.
#pragma once

#include "core/bytes.hpp"
#include "core/ids.hpp"
#include "replication/configuration.hpp"

#include <cstdint>
#include <memory>

namespace cohort::replication {

enum class entry_kind : std::uint8_t {
  empty,      ///< the first entry of a term, or one that only moves log time
  command,    ///< a batch for the state machine
  membership, ///< a configuration entry: J or K (C4)
};

/// One entry: a batch of commands, ordered and replicated as a unit.
struct entry {
  term_t term;   ///< set by the primary that appended it
  index_t index; ///< its position; consecutive
  entry_kind kind = entry_kind::empty;
  /// Milliseconds since 1970 by the primary's clock, never less than that of
  /// the entry before (K4).
  std::int64_t log_time_ms = 0;
  /// Opaque to the protocol. For kind membership: the encoding of `members`.
  bytes payload;
  /// Set if and only if kind is membership.
  std::shared_ptr<const membership> members;

  /// What it counts for in every bound on bytes.
  std::size_t weight() const {
    return payload.size() + overhead_bytes;
  }

  static constexpr std::size_t overhead_bytes = 64;
};

/// The point up to which a log is replaced by a snapshot.
struct log_base {
  index_t index;
  term_t term;
  std::int64_t log_time_ms = 0;
  membership members; ///< the configuration state at `index`

  bool operator==(const log_base&) const = default;
};

/// From `first` on, entries are of `term`, until the next run.
struct term_run {
  index_t first;
  term_t term;

  bool operator==(const term_run&) const = default;
};

/// A position in a log as elections compare it: by term, then by index (C6).
struct log_position {
  term_t term;
  index_t index;

  auto operator<=>(const log_position&) const = default;
};

/// What a replica must not forget. Written to the log like entries are (D1).
struct hard_state {
  term_t term;
  /// Who got this replica's vote in `term`; `nobody` if it is still free.
  node_id voted_for;
  /// The disk lost an ambiguous tail: until this is lifted the replica neither
  /// votes, campaigns nor acknowledges (D3).
  bool suspect = false;
  /// After a lift by the answers of all voters: until the own log is at least
  /// as fresh, no campaign and no vote for an older log (D3).
  log_position vote_floor;

  bool operator==(const hard_state&) const = default;
};

/// Stands for a vote that was given to somebody no longer known (D3).
inline constexpr node_id forgotten_vote{~std::uint64_t{0}};

} // namespace cohort::replication
