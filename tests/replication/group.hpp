// Replicas of one set without actors, disks or clocks: a network that delays,
// loses, repeats and reorders, disks that lag behind, crashes that lose what
// was not synced, and the invariants, checked after every step.
#pragma once

#include "core/rng.hpp"
#include "replication/replica.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cohort::replication::testing {

/// A snapshot as a replica keeps it: its base and the state it stands for.
struct kept_snapshot {
  log_base base;
  std::vector<std::string> state;
};

/// What one node's disk holds.
struct disk {
  hard_state state;
  log_base base;
  std::vector<entry> entries; ///< above the base
  kept_snapshot snapshot;

  void write(const write_request& x);
  recovered_state recover() const;
  log_position last() const;
};

struct packet {
  node_id from;
  node_id to;
  message body;
};

/// A snapshot on its way.
struct transfer_of_snapshot {
  node_id from;
  node_id to;
  term_t term;
  kept_snapshot content;
};

class group {
public:
  /// Called with a replica's options before it starts.
  using tweak = void (*)(options&);

  group(std::size_t voter_count, std::uint64_t seed, tweak change = nullptr);

  // -- what may happen --------------------------------------------------------
  void tick(node_id node);
  void sync(node_id node);     ///< its oldest write becomes durable
  void deliver(std::size_t i); ///< the i-th packet arrives
  void lose(std::size_t i);    ///< the i-th packet is lost
  void repeat(std::size_t i);  ///< the i-th packet is sent once more
  void apply(node_id node);    ///< it applies what it was handed
  void snapshot(node_id node); ///< it takes a snapshot of what it applied
  void deliver_snapshot(bool arrives);
  void crash(node_id node, bool keep_unsynced);
  void restart(node_id node);
  void damage(node_id node); ///< a crash that loses its last durable write
  void replace_disk(node_id node, const disk& other); ///< while it is down
  void propose(node_id node, const std::string& text);
  void read(node_id node);
  void start(node_id node); ///< a node that starts with an empty disk
  void cut(node_id a, node_id b);
  void heal();

  /// Ticks, syncs, applies and delivers everything for `ticks` rounds.
  void settle(int ticks);

  // -- looking ----------------------------------------------------------------
  bool up(node_id node) const {
    return nodes_.at(node).core != nullptr;
  }
  replica& at(node_id node) {
    return *nodes_.at(node).core;
  }
  const disk& disk_of(node_id node) const {
    return nodes_.at(node).on_disk;
  }
  std::vector<node_id> all() const;
  std::vector<node_id> running() const;
  node_id primary() const; ///< the one of the highest term; nobody if none
  std::size_t packets() const {
    return network_.size();
  }
  const packet& packet_at(std::size_t i) const {
    return network_[i];
  }
  const std::vector<std::string>& state_of(node_id node) const {
    return nodes_.at(node).state;
  }
  /// Texts that were acknowledged to a client.
  const std::set<std::string>& acknowledged() const {
    return acknowledged_;
  }
  std::size_t committed() const {
    return committed_.size();
  }
  std::size_t elections() const {
    return primaries_.size();
  }
  std::size_t reads_served() const {
    return reads_served_;
  }
  /// Whether the promise covers the loss of one more disk's last block: there
  /// is a second voter, and no other such loss is unhealed.
  bool may_lose_a_tail() const;
  bool snapshots_pending() const {
    return !snapshots_.empty();
  }
  std::size_t snapshots_installed() const {
    return snapshots_installed_;
  }
  const std::set<node_id>& regressed() const {
    return regressed_;
  }
  /// One line for each node, for people.
  std::string describe() const;

  /// Carries out what `node` wants after an input given to it directly.
  void carry_out(node_id node);

private:
  struct machine {
    std::unique_ptr<replica> core;
    disk on_disk;
    /// To lose the last block with; nothing where a test cannot tell.
    std::optional<disk> before_last_sync;
    std::deque<write_request> unsynced;
    std::deque<std::pair<ticket_t, envelope>> held;
    std::deque<entry> to_apply;
    std::vector<std::string> state; ///< texts, in the order of their entries
    log_base applied;
    kept_snapshot staged;
    std::map<std::uint64_t, index_t> reads; ///< id -> what it must see
    std::map<index_t, std::string> proposed;
    std::uint64_t restarts = 0;
  };

  void boot(node_id node);
  void note_output(node_id node, output& out);
  void post(node_id from, const envelope& x);
  void check_promise(node_id from, const message& msg) const;
  void check_apply(const entry& x);
  void check_primary(node_id node);

  std::map<node_id, machine> nodes_;
  std::deque<packet> network_;
  std::deque<transfer_of_snapshot> snapshots_;
  std::set<std::pair<node_id, node_id>> cuts_;
  std::uint64_t seed_;
  tweak tweak_;
  membership initial_;
  std::uint64_t next_read_ = 1;
  std::uint64_t next_text_ = 1;

  // What the whole group has seen, for the invariants.
  std::map<term_t, node_id> primaries_;
  std::map<index_t, std::pair<term_t, std::string>> committed_;
  std::map<index_t, term_t> acknowledged_at_;
  std::set<std::string> acknowledged_;
  index_t highest_acknowledged_;
  std::size_t reads_served_ = 0;
  std::size_t snapshots_installed_ = 0;
  std::set<node_id> regressed_;
};

} // namespace cohort::replication::testing
