// The shell of one replica.
#pragma once

#include "codec/peer_codec.hpp"
#include "core/clock.hpp"
#include "replication/replica.hpp"
#include "runtime/applier.hpp"
#include "runtime/join_requests.hpp"
#include "runtime/log_clock.hpp"
#include "runtime/messages.hpp"
#include "runtime/shell.hpp"
#include "runtime/snapshot_pins.hpp"
#include "runtime/trace.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace cohort::runtime {

struct replica_setup {
  set_id set;
  std::string set_name;
  replication::options protocol;
  replication::recovered_state recovered;
  std::shared_ptr<applier_start> machine;
  /// There is a snapshot that the machine has to be restored from first.
  bool restore_first = false;
  applier_options applying;
  placement applier_runs = placement::loop;
  std::shared_ptr<const clock> time;
  trace_sink trace;
  caf::actor node;
  caf::actor hub;
  caf::actor log_writer;
  caf::actor log_reader;
  caf::actor keeper;
  /// Whose place this replica takes until it is a voter: it asks for that.
  node_id replaces;
  std::size_t others = 0; ///< nodes of the cluster besides this one
  /// Ticks between two looks at what is due, and at who wants to join.
  std::uint32_t housekeeping_ticks = 5;
  /// A primary whose own disk is this far behind takes no more (T1).
  std::size_t unwritten_bytes_max = std::size_t{64} << 20;
  /// What stays of the log below the newest snapshot.
  snapshot_pins::limits keeping;
  /// How close to the end of the log a learner has to be to vote.
  std::uint64_t join_lag_max = 1000;
};

/// Lets a replica live: turns messages into inputs, and carries its outputs
/// out, in one place and one order (L2).
class replica_actor : public shell {
public:
  replica_actor(caf::scheduled_actor* self,
                std::shared_ptr<const replica_setup> setup);

  caf::behavior behavior() override;

private:
  struct held_messages {
    ticket_t ticket;
    std::vector<replication::envelope> messages;
  };
  struct pending_query {
    asker who;
    work_request work;
    index_t after; ///< not before this is applied
  };
  struct pending_wait {
    asker who;
    wait_request wait;
    std::int64_t deadline_ms = 0;
  };

  // -- inputs (replica_actor.cpp) ---------------------------------------------
  void on_frame(const inbound& x);
  void on_tick();
  void on_written(ticket_t ticket);
  void on_full(ticket_t states);
  void release_held(ticket_t ticket);
  void answer_durable();
  void consider_compaction();

  // -- outputs (replica_actor.cpp) --------------------------------------------
  void wake();
  void take_turn();
  void carry_out(replication::output out);
  void write(replication::write_request request);
  void post(const replication::envelope& x);
  void apply(replication::output& out);
  void note_role(const replication::role_change& change);
  void finish_transfer(const replication::transfer_result& x);
  std::int64_t now_ms() const;
  void say(const std::string& text, severity level = severity::info) const;

  // -- requests and answers (replica_actor_clients.cpp) -----------------------
  void on_request(node_id gateway, client_request request);
  void on_work(asker who, work_request work);
  void on_wait(const asker& who, const wait_request& wait,
               std::uint32_t patience_ms);
  void take_reads(const replication::output& out);
  void reply(const asker& who, client_reply answer);
  void refuse(const asker& who, client_outcome outcome);
  void refuse_all_pending();
  void check_waits();

  // -- housekeeping (replica_actor_house.cpp) ---------------------------------
  void keep_house();
  void hand_over_to_best();
  void ask_to_join();
  std::set<node_id> over() const;
  void help_joiners();
  replica_status status() const;

  std::shared_ptr<const replica_setup> setup_;
  replication::replica core_;
  log_clock log_clock_;
  caf::actor applier_;
  bool awake_ = false;
  std::deque<held_messages> held_;
  std::map<index_t, riding_work> riding_;
  std::map<std::uint64_t, pending_query> queries_;
  std::uint64_t last_query_ = 0;
  std::vector<pending_wait> waits_;
  /// Handed to the log_writer and not yet durable, by ticket.
  std::deque<std::pair<ticket_t, std::size_t>> unwritten_;
  std::size_t unwritten_bytes_ = 0;
  bool disk_full_ = false;
  index_t told_acknowledged_;
  snapshot_pins pins_;
  std::optional<index_t> durable_asked_;
  join_requests joiners_;
  std::set<node_id> buried_;    ///< as the meta set knows
  std::set<node_id> reachable_; ///< nodes with a link
  bool joined_ = false;         ///< is a voter, and that is committed
  bool has_asked_ = false;      ///< to be one, in this life
  bool handing_over_ = false;
  std::uint32_t ticks_ = 0;
};

} // namespace cohort::runtime
