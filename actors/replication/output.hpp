// What a replica wants done, as values. The shell carries an output out in one
// function, in the order of these fields (L1, L2).
#pragma once

#include "replication/messages.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace cohort::replication {

enum class role_kind : std::uint8_t {
  backup,
  pre_candidate,
  candidate,
  primary,
};

const char* to_string(role_kind kind);

/// Must reach the disk, in the order of tickets. Once it has, the replica is
/// told by persisted(ticket).
struct write_request {
  ticket_t ticket;
  std::optional<hard_state> state;
  /// The log restarts here: everything at or below is dropped, and everything
  /// above too unless `keep_tail`. Comes before the entries.
  std::optional<log_base> base;
  bool keep_tail = false;
  /// Consecutive. The first replaces whatever the log had at its index and
  /// above.
  std::vector<entry> entries;
};

/// One message, to one or several receivers: encoded once.
struct envelope {
  std::vector<node_id> to;
  message body;
};

/// A read may be evaluated once everything at or below `index` is applied. In
/// an output it comes after the entries that bring it there.
struct read_grant {
  std::uint64_t id = 0;
  index_t index;
};

struct role_change {
  role_kind role{};
  term_t term;
  node_id primary; ///< who leads the term, `nobody` if not known
};

/// Entries that are on disk but no longer in memory: [first, last], at least
/// one, as many more as fit into `bytes_max`. Answer with fetched().
struct log_fetch {
  node_id peer; ///< who needs them; `nobody`: this replica, to apply them
  index_t first;
  index_t last;
  std::size_t bytes_max = 0;
};

/// How a hand-over ended.
struct transfer_result {
  node_id to;
  bool done = false; ///< false: given up at the deadline; this node still leads
};

struct output {
  std::optional<write_request> write;
  std::vector<envelope> send;
  /// Leave only when the hard state written with `durable_ticket` is durable.
  /// It is that of `write`, or of an earlier write still on its way.
  std::vector<envelope> send_when_durable;
  ticket_t durable_ticket;
  /// A staged snapshot becomes the state machine's state, before `apply`.
  std::optional<log_base> restore;
  /// Committed, consecutive.
  std::vector<entry> apply;
  /// On a primary: writes at or below may be answered once they are applied.
  index_t acknowledged;
  std::vector<read_grant> reads;
  /// Reads that this replica cannot serve because it does not lead.
  std::vector<std::uint64_t> refused_reads;
  std::optional<role_change> role;
  std::vector<log_fetch> fetch;
  /// Peers that are behind the log's base: send them a snapshot, then call
  /// snapshot_sent().
  std::vector<node_id> need_snapshot;
  std::optional<transfer_result> transfer;
  /// Members that deny what they had acknowledged: their disks were rolled
  /// back. They are not counted any more, and must be refused (C2).
  std::vector<node_id> regressed;
  /// The configuration state of the log changed.
  bool membership_changed = false;
};

} // namespace cohort::replication
