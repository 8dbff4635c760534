// What replicas of one set say to each other. Values; the codec turns them into
// frames. Every message carries the sender's term.
#pragma once

#include "replication/entry.hpp"

#include <cstdint>
#include <variant>
#include <vector>

namespace cohort::replication {

/// Asks for a vote (C6). With `pre`, asks only whether a vote would be given:
/// without side effects on either side.
struct vote_request {
  term_t term; ///< the term to be won; with `pre`, the sender's term + 1
  bool pre = false;
  /// Sent on behalf of the primary that hands over: ends stickiness (E2).
  bool transfer = false;
  log_position last; ///< the end of the sender's log

  bool operator==(const vote_request&) const = default;
};

struct vote_reply {
  /// If granted, the term that was asked for; else the voter's own term, so
  /// that a refused pre-candidate learns of a newer one.
  term_t term;
  bool pre = false;
  bool granted = false;

  bool operator==(const vote_reply&) const = default;
};

/// Extends the receiver's log behind (prev_term, prev_index); without entries a
/// heartbeat that verifies that point.
struct append_request {
  term_t term;
  log_position prev;
  /// Lowered by the sender to what this request covers (C7): the receiver takes
  /// it as it is.
  index_t commit_index;
  /// Counts the primary's rounds in this term; the reply echoes it. Reads wait
  /// for a round that began after they came.
  std::uint64_t round = 0;
  /// The boot of a suspect receiver that may trust its log again, else 0 (D3).
  /// Promises: the sender was confirmed, after that receiver's restart, by a
  /// vote quorum of others, and its log then ended at or below `prev`.
  std::uint64_t lift = 0;
  std::vector<entry> entries;
};

enum class append_verdict : std::uint8_t {
  accepted, ///< the log matches up to what the request covered
  mismatch, ///< no entry (prev_term, prev_index): see `hint`
  busy,     ///< not taken: unapplied bytes are at their bound (T1)
};

struct append_reply {
  term_t term;
  append_verdict verdict = append_verdict::accepted;
  std::uint64_t round = 0;
  /// min(durable_index, last index the request verified or covered) (C7).
  index_t match;
  /// For mismatch: the request's prev index, to tell stale answers.
  index_t refused;
  /// For mismatch: the last position of the receiver's log at or below `prev`
  /// with a term at or below prev's. The primary continues there.
  log_position hint;
  /// Counts the starts of the answering node: tells an answer of before its
  /// restart from one of after.
  std::uint64_t boot = 0;
  /// The receiver is suspect (D3): its copies and answers do not count.
  bool suspect = false;
  /// This start of its node found an ambiguous tail and cut it: what it
  /// acknowledged before may be gone, and that is accounted for.
  bool tail_cut = false;

  bool operator==(const append_reply&) const = default;
};

/// The primary hands over: the receiver campaigns at once (E3).
struct timeout_now {
  term_t term;

  bool operator==(const timeout_now&) const = default;
};

/// A suspect replica asks all voters what they know (D3).
struct state_query {
  term_t term;
  std::uint64_t boot = 0; ///< of the sender; the answer echoes it

  bool operator==(const state_query&) const = default;
};

struct state_answer {
  term_t term;
  std::uint64_t boot = 0;
  log_position last;

  bool operator==(const state_answer&) const = default;
};

using message =
  std::variant<vote_request, vote_reply, append_request, append_reply,
               timeout_now, state_query, state_answer>;

} // namespace cohort::replication
