// One replica with its disk and its state machine, in the hands of a test.
#pragma once

#include "testkit/protocol/disk.hpp"
#include "testkit/protocol/fifo.hpp"
#include "testkit/protocol/judge.hpp"
#include "testkit/protocol/written_log.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace cohort::testkit::protocol {

/// A message on its way.
struct packet {
  node_id from;
  node_id to;
  replication::message body;
};

/// A snapshot on its way.
struct snapshot_packet {
  node_id from;
  node_id to;
  term_t term;
  kept_snapshot content;
};

/// What a replica's outputs go to: a network, and the judge of its set.
class surroundings {
public:
  /// Nothing if there is no such node.
  virtual const member* find(node_id node) const = 0;
  virtual void post(packet x) = 0;
  virtual void post(snapshot_packet x) = 0;

  judge facts;

protected:
  surroundings() = default;
  surroundings(const surroundings&) = default;
  surroundings(surroundings&&) = default;
  surroundings& operator=(const surroundings&) = default;
  surroundings& operator=(surroundings&&) = default;
  ~surroundings() = default;
};

/// A node of a set: inputs are given to its replica, and what that wants is
/// carried out: writes wait until they are synced, messages that promise
/// something wait for them, entries wait until they are applied. Every input
/// is judged. A value: a copy goes its own way.
///
/// Precondition of all inputs: up().
class member {
public:
  /// A node that has an empty disk, and is not started.
  member(const replication::options& opts,
         const replication::membership& initial);

  // -- inputs -----------------------------------------------------------------
  void tick(surroundings& around);
  void step(node_id from, replication::message msg, surroundings& around);
  void sync(surroundings& around);  ///< its oldest write becomes durable
  void apply(surroundings& around); ///< all it was handed
  void take_snapshot(surroundings& around);
  void receive_snapshot(const snapshot_packet& x, surroundings& around);
  void snapshot_sent(node_id to, index_t index, surroundings& around);
  void reconnected(node_id peer, surroundings& around);
  void propose(bytes payload, surroundings& around);
  void read(std::uint64_t id, surroundings& around);
  /// Carries out what the replica wants after an input given to it directly.
  void carry_out(surroundings& around);

  // -- its process and its disk -----------------------------------------------
  void start(surroundings& around); ///< from what its disk has
  void crash(bool keep_unsynced, surroundings& around);
  /// A crash after which the last block of the log is damaged: what it held is
  /// cut, and the replica is suspect (D3). False: there is none to lose.
  bool lose_last_block(surroundings& around);
  void replace_disk(disk x); ///< Precondition: !up()

  // -- looking ----------------------------------------------------------------
  node_id id() const {
    return options_.self;
  }
  bool up() const {
    return core_.has_value();
  }
  replication::replica& core() {
    return *core_;
  }
  const replication::replica& core() const {
    return *core_;
  }
  const disk& on_disk() const {
    return disk_;
  }
  const applied_state& state() const {
    return state_;
  }
  /// Its log, with what is not durable yet.
  const written_log& log() const {
    return log_;
  }
  const fifo<replication::write_request>& unsynced() const {
    return unsynced_;
  }
  const fifo<std::pair<ticket_t, replication::envelope>>& held() const {
    return held_;
  }
  /// Commands whose fate is open: where they are, and what they say.
  const fifo<std::pair<index_t, bytes>>& proposed() const {
    return proposed_;
  }
  bool has_to_apply() const {
    return !to_apply_.empty();
  }
  /// Whether it led before the input that it is busy with.
  bool led() const {
    return led_;
  }
  std::uint64_t boot() const {
    return options_.boot;
  }
  /// The start after which it lost blocks that were durable; 0: never.
  std::uint64_t boot_of_loss() const {
    return boot_of_loss_;
  }
  /// What it once had, durably, and lost.
  const std::vector<replication::log_position>& lost() const {
    return lost_;
  }
  bool lost(replication::log_position position) const;
  /// Its disk was replaced by an older one: it breaks what it promised.
  bool rolled_back() const {
    return rolled_back_;
  }
  std::uint64_t inputs() const {
    return inputs_;
  }
  std::uint64_t snapshots_installed() const {
    return snapshots_installed_;
  }
  /// Peers that it found out to have gone back in time, ever.
  const std::vector<node_id>& regressed() const {
    return regressed_;
  }

private:
  void adopt_snapshot();
  void note_lost(const disk& before);
  void carry_out(replication::output& out, surroundings& around);
  void release(ticket_t ticket, surroundings& around);
  void post(const replication::envelope& x, surroundings& around);
  void restore(const replication::log_base& base, surroundings& around);
  void answer_clients(const replication::output& out,
                      const replication::membership& former,
                      surroundings& around);
  void fetch(const replication::log_fetch& want);

  replication::options options_;
  std::optional<replication::replica> core_;
  disk disk_;
  /// To lose the last block with; nothing where a test cannot tell.
  std::optional<disk::undo> last_write_;
  std::uint64_t boot_of_loss_ = 0;
  std::vector<replication::log_position> lost_;
  bool rolled_back_ = false;

  fifo<replication::write_request> unsynced_;
  fifo<std::pair<ticket_t, replication::envelope>> held_;
  fifo<replication::entry> to_apply_;
  fifo<std::pair<index_t, bytes>> proposed_;
  applied_state state_;
  std::optional<kept_snapshot> staged_;

  // What was seen after the last input.
  written_log log_;
  index_t commit_;
  index_t answered_;
  bool led_ = false;

  std::vector<node_id> regressed_;
  std::uint64_t inputs_ = 0;
  std::uint64_t snapshots_installed_ = 0;
};

} // namespace cohort::testkit::protocol
