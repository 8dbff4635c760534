// Applies committed entries to the state machine of one replica.
#pragma once

#include "core/ids.hpp"
#include "machine/replicated_machine.hpp"
#include "runtime/shell.hpp"
#include "runtime/snapshot_messages.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cohort::runtime {

struct applier_options {
  set_id set;
  node_id self;
  caf::actor hub;
  caf::actor keeper; ///< of snapshots
  machine::session_limits sessions;
  /// A snapshot is due when the log since the last exceeds the first of these
  /// and the state's size (D5), or the second: however large the state is, the
  /// log must not be full before.
  std::size_t snapshot_log_bytes_min = std::size_t{64} << 20;
  std::size_t snapshot_log_bytes_max = std::size_t{512} << 20;
  /// An engine that keeps its own state is flushed at this.
  std::size_t flush_bytes = std::size_t{16} << 20;
  /// One slice of a snapshot, about 200 us of work.
  std::size_t slice_bytes = std::size_t{64} << 10;
  /// Slices on their way to the keeper.
  std::size_t slices_in_flight_max = 4;
};

/// The machine is handed over, with what it holds already: the state at `base`.
struct applier_start {
  std::unique_ptr<machine::state_machine> machine;
  replication::log_base base;
  std::string sessions;                     ///< encoded; empty: none
  std::vector<replication::term_run> terms; ///< of what is at or below base
};

/// Owns the machine. Entries come committed and in order; answers leave once
/// the write is acknowledged. Snapshots are taken in slices between entries.
class applier : public shell {
public:
  applier(caf::scheduled_actor* self, applier_options options,
          std::shared_ptr<applier_start> start, caf::actor replica);

  caf::behavior behavior() override;

private:
  struct held_reply {
    index_t index;
    node_id gateway;
    client_reply reply;
  };

  // -- entries ----------------------------------------------------------------
  void apply(const apply_entries& x);
  void go_on();
  void apply_one(const replication::entry& x, const riding_work* riding);
  void answer(const riding_work& riding, machine::work_result result);
  void release_answers();
  void reply(node_id gateway, const client_reply& what);
  void refuse_everybody(node_id primary);

  // -- queries ----------------------------------------------------------------
  void take_query(answer_queries x);
  bool try_query(const answer_queries& x);
  void retry_queries();

  // -- snapshots --------------------------------------------------------------
  bool snapshot_is_due();
  void want_snapshot(bool& who);
  void consider_snapshot();
  void begin_snapshot();
  void begin_flush();
  void await_room();
  void look_for_room();
  void send_slices();
  void await_restore(const restore_snapshot& x);
  void begin_restore(const restore_snapshot& x);
  void take_piece(const snapshot_piece& x);
  void end_restore(const restore_end& x);
  replication::log_base base_now() const;
  void schedule_work();
  void do_deferred_work();
  void check_machine();

  applier_options options_;
  caf::actor replica_;
  machine::replicated_machine machine_;
  replication::membership members_; ///< at the last applied entry
  /// Where each term began, oldest first; only the newest are kept.
  std::vector<replication::term_run> terms_;
  index_t acknowledged_;
  epoch_t epoch_;
  std::deque<held_reply> held_replies_;
  std::deque<answer_queries> queries_;
  bool time_asked_ = false;

  std::size_t bytes_since_snapshot_ = 0; ///< of the log
  std::size_t bytes_being_stored_ = 0;   ///< those before, until it is done
  std::unique_ptr<machine::snapshot_source> source_;
  bool snapshot_wanted_ = false; ///< by a peer
  bool room_wanted_ = false;     ///< by the log
  bool storing_ = false;         ///< a snapshot or a flush is under way
  bool flushing_ = false;        ///< the engine
  index_t durable_;              ///< of the log here, or may be stored all the
                                 ///< same, as far as it is known
  bool awaits_durable_ = false;  ///< nothing is applied until it is told
  bool lacks_room_ = false;      ///< the disk was full for a snapshot
  std::optional<restore_snapshot> restore_due_; ///< once the flush has ended
  std::size_t credit_ = 0;
  std::unique_ptr<machine::snapshot_sink> sink_;
  std::deque<apply_entries> behind_; ///< what is to be applied
  bool work_scheduled_ = false;
};

} // namespace cohort::runtime
