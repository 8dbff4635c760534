// The log protocol of one replica: elections, log matching, commit, reads,
// configuration changes. Pure (L1).
//
// Sources: Ongaro, "Consensus: Bridging Theory and Practice" (2014), called
// thesis below; docs/PROTOCOL.md lists where this differs from it and why.
#pragma once

#include "core/result.hpp"
#include "core/rng.hpp"
#include "replication/log_view.hpp"
#include "replication/output.hpp"
#include "replication/roles.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace cohort::replication {

/// Times in ticks, sizes in bytes. The table of all timers is in
/// docs/PROTOCOL.md.
struct options {
  node_id self;
  /// A round of an election begins after a number of ticks drawn anew from
  /// [election_ticks, 2 * election_ticks).
  std::uint32_t election_ticks = 20;
  std::uint32_t heartbeat_ticks = 5;
  /// A hand-over that takes longer is given up.
  std::uint32_t transfer_ticks = 100;
  send_window::limits window;
  /// Entries of one request: at least one, then as many as fit.
  std::size_t append_bytes_max = std::size_t{1} << 20;
  /// A primary takes no more proposals beyond this (T1).
  std::size_t uncommitted_bytes_max = std::size_t{32} << 20;
  /// A backup takes no more entries beyond this, handed out but not applied.
  std::size_t unapplied_bytes_max = std::size_t{32} << 20;
  /// Applied entries kept in memory for peers that are a little behind.
  std::size_t cache_bytes_max = std::size_t{4} << 20;
  std::uint64_t seed = 0; ///< of the election timeouts
  /// Counts the starts of this node. Not 0.
  std::uint64_t boot = 1;

  /// Names the wrong field, if any.
  result<void> validate() const;
};

/// What a replica starts from: what its disk kept.
struct recovered_state {
  hard_state state;
  log_base base;              ///< the newest snapshot; applied at the start
  std::vector<term_run> runs; ///< the terms of (base, last]
  index_t last;
  /// Configuration entries of the log above the base, in order.
  std::vector<std::pair<index_t, membership>> members;
  std::int64_t last_log_time_ms = 0;
};

/// One replica of one set. Inputs change the state and collect what is to be
/// done; drain() hands that out. Same inputs, same outputs, byte for byte.
///
/// Not thread-safe. Owns no resource, calls nobody.
///
/// Invariants: base <= applied <= commit_index <= last_index; durable_index <=
/// last_index; term and commit_index never decrease.
class replica {
public:
  replica(const options& opts, recovered_state state);

  // -- inputs -----------------------------------------------------------------

  /// A message from another member.
  void step(node_id from, message msg);

  /// Time passed. One call per tick of the node. False: nothing came of it, and
  /// drain() has nothing new; so with most ticks of a backup.
  bool tick();

  /// The wall clock's time, for entries this replica appends from now on. Log
  /// time never goes back even if this does (K4).
  void set_time(std::int64_t wall_ms) {
    now_ms_ = wall_ms;
  }

  /// Appends a batch, if this is the primary. Returns its index; the outcome
  /// follows through `acknowledged`, or is unknown once the role changes.
  result<index_t> propose(bytes payload);

  /// Appends an entry that only moves log time.
  result<index_t> propose_empty();

  /// Asks for a point at which a read is linearizable. Answered by `reads` or
  /// `refused_reads`.
  void read(std::uint64_t id);

  /// Everything up to `ticket` is durable.
  void persisted(ticket_t ticket);

  /// The hard states up to `ticket` are durable, the entries may not be: a full
  /// disk still has room for votes (D6).
  void state_persisted(ticket_t ticket);

  /// The state machine has applied everything up to `index`.
  void applied(index_t index);

  /// Answers a log_fetch. No entries: they are gone from the log.
  void fetched(const log_fetch& request, std::vector<entry> entries);

  /// A snapshot that reaches `base` is durable here: the log below is not
  /// needed any more. Precondition: base.index <= applied_index().
  void snapshot_taken(const log_base& base);

  /// A snapshot from `from`, the primary of `term`, is staged and durable.
  /// False: it comes too late, and does not become the state.
  bool snapshot_received(node_id from, term_t term, const log_base& base);

  /// Sending a snapshot to `peer` ended: it holds everything up to `index`, or
  /// (0) the attempt failed and may be repeated.
  void snapshot_sent(node_id peer, index_t index);

  /// The connection to `peer` is new: what was on its way may be lost.
  void reconnected(node_id peer);

  /// Changes the configuration, if its epoch is `expected` (C4). The epoch of
  /// `wanted` is set here.
  result<void> reconfigure(epoch_t expected, configuration wanted);

  /// Hands over to `to` (E3). Answered by `transfer` in an output, or by a
  /// change of role.
  result<void> transfer(node_id to);

  /// All that has to be done since the last call.
  output drain();

  // -- observers --------------------------------------------------------------

  role_kind kind() const;
  bool leads() const {
    return std::holds_alternative<primary>(role_);
  }
  term_t term() const {
    return state_.term;
  }
  const hard_state& durable_state() const {
    return state_;
  }
  node_id primary_hint() const;
  /// With all that it knows, for tests that compare states.
  const role& current_role() const {
    return role_;
  }
  /// Leads, or heard of a primary less than `election_ticks` ago: pre-votes are
  /// refused, and votes not even looked at (E2).
  bool hears_primary() const;
  const log_view& log() const {
    return log_;
  }
  index_t commit_index() const {
    return commit_;
  }
  index_t durable_index() const {
    return durable_;
  }
  index_t applied_index() const {
    return applied_;
  }
  const membership& members() const;
  /// The index of the configuration entry in force, or of the base.
  index_t members_index() const;
  std::int64_t last_log_time_ms() const {
    return last_log_time_ms_;
  }
  bool suspect() const {
    return state_.suspect;
  }
  /// The base that a snapshot of everything up to `index` has; log time is for
  /// the caller to fill in. Precondition: base <= index <= applied_index().
  log_base base_at(index_t index) const;
  /// On a primary: what it knows of its peers; nullptr elsewhere.
  const std::map<node_id, progress>* peers() const;
  /// On a primary: the number of backups that hold `index` durably.
  std::size_t copies(index_t index) const;
  /// Whether the empty entry of the primary's term is committed, so that it
  /// serves (E3).
  bool serves() const;

private:
  // -- dispatch: one handler per (role, message) ------------------------------
  void handle(backup&, node_id, const vote_request&);
  void handle(backup&, node_id, const vote_reply&);
  void handle(backup&, node_id, append_request&);
  void handle(backup&, node_id, const append_reply&);
  void handle(backup&, node_id, const timeout_now&);
  void handle(pre_candidate&, node_id, const vote_request&);
  void handle(pre_candidate&, node_id, const vote_reply&);
  void handle(pre_candidate&, node_id, append_request&);
  void handle(pre_candidate&, node_id, const append_reply&);
  void handle(pre_candidate&, node_id, const timeout_now&);
  void handle(candidate&, node_id, const vote_request&);
  void handle(candidate&, node_id, const vote_reply&);
  void handle(candidate&, node_id, append_request&);
  void handle(candidate&, node_id, const append_reply&);
  void handle(candidate&, node_id, const timeout_now&);
  void handle(primary&, node_id, const vote_request&);
  void handle(primary&, node_id, const vote_reply&);
  void handle(primary&, node_id, append_request&);
  void handle(primary&, node_id, const append_reply&);
  void handle(primary&, node_id, const timeout_now&);
  // The answers to these do not depend on the role.
  void on_state_query(node_id, const state_query&);
  void on_state_answer(node_id, const state_answer&);

  // -- elections (replica_election.cpp) ---------------------------------------
  void answer_older_term(node_id from, const message& msg);
  void adopt_term(term_t term);
  void become_backup(node_id primary);
  void become_pre_candidate();
  void become_candidate(bool transfer);
  void become_primary();
  void campaign();
  void count_own_vote();
  void judge_pre_votes(const pre_candidate&);
  void judge_votes(const candidate&);
  void count(ballot& votes, node_id from, bool granted);
  bool fresh_enough(const vote_request& request) const;
  void consider_vote(node_id from, const vote_request& request);
  void consider_pre_vote(node_id from, const vote_request& request);
  void answer_vote(node_id from, const vote_request& request, bool granted);
  void ask_for_votes(const vote_request& request);
  bool tick_election();
  void redraw_timeout();
  bool may_campaign() const;

  // -- suspicion (replica_suspect.cpp) ----------------------------------------
  void tick_suspect();
  void lift_by_answers();
  void lift_suspicion();
  void note_suspect(primary&, progress&, const append_reply&);
  void advance_lifts(primary&);

  // -- backup (replica_backup.cpp) --------------------------------------------
  void follow(node_id from, append_request& request);
  void take_entries(backup&, append_request& request);
  void acknowledge(backup&);
  void refuse_append(node_id to, append_verdict verdict,
                     const append_request& request);
  void promise(node_id to, message msg);
  void send_now(node_id to, message msg);

  // -- primary (replica_primary.cpp) ------------------------------------------
  result<index_t> propose_entry(entry x);
  index_t append_own(primary&, entry x);
  result<void> accepts_proposals(std::size_t weight) const;
  void forget_match(progress&, std::uint64_t boot);
  void on_match(progress&, const append_reply&);
  void on_mismatch(progress&, node_id from, const append_reply&);
  void advance_commit(primary&);
  void confirm_rounds(primary&);
  void release_reads(primary&);
  void tick_primary(primary&);
  void check_quorum(primary&);
  void replicate(primary&);
  void send_appends(primary&, node_id to, progress&);
  bool send_next(primary&, node_id to, progress&);
  void send_heartbeat(primary&, node_id to, progress&);
  void send_lift(primary&, node_id to, progress&);
  void note_sent(progress&, const append_request& request);
  append_request make_append(const primary&, index_t prev,
                             std::vector<entry> entries) const;
  void refresh_peers(primary&);
  void advance_transfer(primary&);
  void finish_transfer(primary&, bool done);

  // -- configuration (replica_membership.cpp) ---------------------------------
  void append_membership(primary&, membership x);
  void close_joint(primary&);
  void note_membership(const entry& x);
  void cut_membership(index_t first);
  bool may_be_needed() const;

  // -- log and output (replica.cpp) -------------------------------------------
  void append_to_log(entry x);
  void truncate_log(index_t first);
  void move_base(const log_base& base, bool keep_tail);
  void commit_up_to(index_t index);
  void hand_out_committed();
  void hand_out(std::vector<entry> entries);
  void release_grants();
  void request_write();
  void note_role();
  void set_hard_state(const hard_state& x);
  bool state_is_durable() const;

  options options_;
  rng rng_;
  hard_state state_;
  log_view log_;
  role role_;
  log_base base_;
  std::vector<std::pair<index_t, membership>> members_; ///< above the base
  std::int64_t last_log_time_ms_ = 0;
  std::int64_t now_ms_ = 0;

  index_t durable_;
  index_t commit_;
  index_t handed_out_; ///< given to the applier
  index_t applied_;
  std::size_t unapplied_bytes_ = 0;
  std::deque<std::pair<index_t, std::size_t>> unapplied_;
  bool fetching_to_apply_ = false;

  std::uint32_t ticks_ = 0;   ///< since the last sign of a primary
  std::uint32_t timeout_ = 0; ///< of this round

  /// Writes handed out and not yet durable: (ticket, end of the log as of that
  /// write, lowered by every later cut).
  std::deque<std::pair<ticket_t, index_t>> writes_;
  ticket_t last_ticket_;
  ticket_t state_ticket_;  ///< of the newest write with a hard state
  ticket_t durable_state_; ///< up to which hard states are durable
  bool state_changed_ = false;
  std::optional<index_t> first_unwritten_;
  std::optional<std::pair<log_base, bool>> base_to_write_;

  bool tail_cut_ = false;                   ///< this start began suspect
  std::map<node_id, state_answer> answers_; ///< of this restart, while suspect
  std::uint32_t query_ticks_ = 0;

  std::vector<read_grant> grants_; ///< wait until handed_out_ reaches them
  role_change told_role_;
  output out_;
};

} // namespace cohort::replication
