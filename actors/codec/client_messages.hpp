// What gateways and primaries say to each other, as values.
#pragma once

#include "core/bytes.hpp"
#include "core/ids.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace cohort {

/// Names a session: the place of the entry that opened it (K1). The term keeps
/// it unique even if that entry is rolled back and another takes its index.
struct session_id {
  index_t index;
  term_t term;

  auto operator<=>(const session_id&) const = default;

  bool valid() const {
    return index > index_t{};
  }
};

/// "<index>.<term>".
std::string to_string(const session_id& id);

/// Commands of one session, numbered without gaps.
struct session_batch {
  session_id session;
  std::uint64_t first_sequence = 0;
  std::uint32_t count = 0;
  /// Everything at or below was answered: nothing there runs any more.
  std::uint64_t answered_up_to = 0;
  bytes commands; ///< `count` commands, opaque to all but the state machine
};

/// What a set remembers of one session.
struct session_state {
  std::uint64_t highest_applied = 0;
  std::uint64_t answered_up_to = 0; ///< the mark: nothing at or below runs
  std::int64_t last_active_ms = 0;  ///< log time
  /// Of the sequences above the mark; nothing: applied, but not kept.
  std::deque<std::optional<std::string>> replies;

  bool operator==(const session_state&) const = default;
};

struct open_session {};

struct close_session {
  session_id session;
};

/// The payload of a command entry.
using command_body = std::variant<session_batch, open_session, close_session>;

/// Work for a set: commands, queries, or both.
struct work_request {
  bytes command; ///< an encoded command_body; empty: queries only
  bytes queries; ///< a batch of queries; empty: none
  /// For each query, how many commands of this request come before it.
  std::vector<std::uint32_t> query_after;
  /// The queries see at least what this session wrote up to `after_sequence`.
  session_id session;
  std::uint64_t after_sequence = 0;
};

/// Asks how many backups hold `index` durably.
struct wait_request {
  index_t index;
  std::uint32_t copies = 0;
};

struct client_request {
  std::uint64_t id = 0; ///< chosen by the gateway; the reply names it
  std::uint32_t patience_ms = 0;
  std::variant<work_request, wait_request> body;
};

enum class client_outcome : std::uint8_t {
  done,        ///< replies are there
  not_primary, ///< not known here: ask the primary, under the same numbers
  busy,        ///< certainly without effect: a bound is reached
  gap,         ///< no effect: resend from the mark
  expired,     ///< no effect here: the session is not known any more
  refused,     ///< certainly without effect; `message` says why
  disk_full,   ///< certainly without effect
};

/// Replies in one piece of memory, each ending at its offset.
struct packed_replies {
  bytes data;
  std::vector<std::uint32_t> ends;

  std::size_t size() const {
    return ends.size();
  }
  std::string_view operator[](std::size_t i) const {
    const auto begin = i == 0 ? 0 : ends[i - 1];
    return data.view().substr(begin, ends[i] - begin);
  }
};

struct client_reply {
  std::uint64_t id = 0;
  client_outcome outcome = client_outcome::done;
  node_id primary; ///< who leads, if known
  token at;        ///< where the commands are in the log
  std::uint32_t copies = 0;
  packed_replies replies; ///< to commands
  /// Which of them were not kept, ascending: the commands were applied.
  std::vector<std::uint32_t> lost;
  packed_replies query_replies; ///< to queries
  std::uint32_t retry_after_ms = 0;
  std::string message;
};

} // namespace cohort
