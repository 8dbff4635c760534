// The one writer of a node's log (D1).
#pragma once

#include "runtime/messages.hpp"
#include "runtime/shell.hpp"
#include "runtime/trace.hpp"
#include "storage/node_log.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace cohort::runtime {

struct log_writer_options {
  std::shared_ptr<storage::node_log> log;
  caf::actor spare_maker; ///< told when segments run low
  /// Ticks, of 100 ms by default, without a write until the tail is covered
  /// (D3).
  std::uint32_t cover_ticks = 2;
  /// Between two attempts to write what a full disk refused.
  std::uint32_t retry_ticks = 5;
  trace_sink trace;
};

/// Takes all that is in its mailbox, writes once, syncs once, and tells each
/// replica what became durable. While the disk is full it writes hard states
/// and keeps the rest, in order, until there is space (D6); after each attempt
/// that fails it asks for snapshots, which make some. What it keeps is bounded
/// by what its replicas hand out before an answer (T1).
///
/// Blocks on the disk: a thread of its own where latency counts.
class log_writer : public shell {
public:
  log_writer(caf::scheduled_actor* self, log_writer_options options);

  caf::behavior behavior() override;

private:
  struct job {
    storage::set_write write;
    caf::actor replica;
    bool state_told = false; ///< while the disk is full
  };

  void end_of_turn();
  void write_all();
  result<void> write_first(std::size_t count);
  void await_room(const error& why);
  void report_written(std::size_t count);
  void move_bases_up();
  static bool drop_below(replication::write_request& before,
                         const replication::write_request& by);
  void write_states();
  void on_tick();
  void keep_house();
  [[noreturn]] void give_up(const error& why) const;

  log_writer_options options_;
  std::vector<job> jobs_; ///< in the order they came
  std::vector<storage::set_write> batch_;
  std::map<set_id, caf::actor> replicas_; ///< that have written
  bool awake_ = false;
  bool full_ = false;
  std::uint32_t idle_ticks_ = 0;
  std::uint32_t full_ticks_ = 0;
};

} // namespace cohort::runtime
