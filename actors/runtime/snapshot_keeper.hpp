// Stores, sends and receives the snapshots of one set (D7).
#pragma once

#include "codec/peer_codec.hpp"
#include "runtime/shell.hpp"
#include "runtime/snapshot_messages.hpp"
#include "runtime/trace.hpp"
#include "storage/snapshot_store.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cohort::runtime {

struct snapshot_keeper_options {
  set_id set;
  node_id self;
  std::shared_ptr<storage::snapshot_store> store;
  caf::actor hub;
  trace_sink trace;
  std::size_t chunk_bytes = std::size_t{192} << 10;
  /// Bytes on their way to one peer.
  std::size_t window_bytes = std::size_t{1} << 20;
  std::chrono::milliseconds tick_interval{100}; ///< while one is sent
  /// Ticks without an answer until what is on its way is sent again, and until
  /// the peer is given up.
  std::uint32_t resend_ticks = 5;
  std::uint32_t patience_ticks = 100;
  /// Pieces on their way to an applier that restores.
  std::size_t pieces_in_flight_max = 4;
  /// Snapshots of peers that arrived and are still to be restored. They keep
  /// their space on the disk; while there are so many, others are refused.
  std::size_t staged_max = 3;
};

/// The only one who touches a set's snapshot files: takes the applier's pieces,
/// gives them back to restore, sends the newest file to peers in a window of
/// chunks, and receives a primary's. Blocks on the disk.
class snapshot_keeper : public shell {
public:
  snapshot_keeper(caf::scheduled_actor* self, snapshot_keeper_options options);

  caf::behavior behavior() override;

private:
  /// A file on its way to a peer.
  struct delivery {
    term_t term;
    replication::log_position position;
    std::unique_ptr<storage::snapshot_file_reader> file;
    std::uint64_t sent = 0;
    std::uint64_t received = 0; ///< by the peer
    std::uint32_t quiet_ticks = 0;
    std::uint32_t total_quiet_ticks = 0;
  };
  /// A peer that waits for a snapshot which is not there yet.
  struct wish {
    term_t term;
    index_t at_least;
  };
  /// A file on its way from a primary.
  struct arrival {
    node_id from;
    term_t term;
    replication::log_position position;
    std::unique_ptr<storage::snapshot_receiver> file;
  };
  /// Pieces on their way to the applier.
  struct reading {
    caf::actor applier;
    std::unique_ptr<storage::snapshot_file_reader> file;
    std::size_t credit = 0;
  };

  // -- storing ----------------------------------------------------------------
  void store(const store_snapshot& x);
  void take_piece(const snapshot_piece& x);
  void fail_storing(const error& why);
  void grant_wishes();

  // -- sending ----------------------------------------------------------------
  void start_delivery(const send_snapshot& x);
  void deliver(node_id to, delivery& x);
  void take_answer(node_id from, const snapshot_answer& x);
  void end_delivery(node_id to, index_t index);
  void keep_ticking();
  void on_tick();

  // -- receiving --------------------------------------------------------------
  void take_chunk(node_id from, const snapshot_chunk& x);
  bool begin_arrival(node_id from, const snapshot_chunk& x);
  void finish_arrival();
  void answer(node_id to, const snapshot_chunk& x, std::uint64_t received,
              snapshot_verdict verdict);

  // -- restoring --------------------------------------------------------------
  void start_reading(const read_snapshot& x);
  void drop_staged(index_t index);
  std::unique_ptr<storage::snapshot_file_reader>
  take_staged(const replication::log_base& base);
  void send_pieces();

  void on_frame(const inbound& x);
  [[noreturn]] void give_up(const error& why) const;
  void say(const std::string& text, severity level = severity::info) const;

  snapshot_keeper_options options_;
  caf::actor replica_;
  caf::actor applier_; ///< whose pieces are being stored
  std::unique_ptr<storage::snapshot_writer> writer_;
  replication::log_base writing_;
  std::map<node_id, delivery> deliveries_;
  bool ticking_ = false;
  std::map<node_id, wish> wishes_;
  std::optional<arrival> arrival_;
  /// In the order in which they arrived: each deletes the one before it from
  /// the directory.
  std::vector<std::unique_ptr<storage::snapshot_file_reader>> staged_;
  std::optional<reading> reading_;
};

} // namespace cohort::runtime
