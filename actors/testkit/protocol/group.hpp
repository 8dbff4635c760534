// Replicas of one set without actors, files or clocks: a network that delays,
// loses, repeats and reorders, disks that lag behind, crashes that lose what
// was not synced. Every input is judged (judge.hpp).
#pragma once

#include "testkit/protocol/member.hpp"
#include "testkit/protocol/packet_queue.hpp"

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::testkit::protocol {

/// A set of replicas whose every step a test decides. A value: a copy goes its
/// own way. Not thread-safe. A broken invariant is thrown (invariant_broken).
class group : private surroundings {
public:
  /// Called with a replica's options before it starts for the first time.
  using tweak = std::function<void(replication::options&)>;

  /// Nodes 1 to `voter_count`, all started. `copies` beyond the primary's, if
  /// not the usual ones.
  group(std::size_t voter_count, std::uint64_t seed, tweak change = nullptr,
        std::uint32_t copies = 0);

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
  /// A crash that loses its last durable write. False: there was none.
  bool damage(node_id node);
  void replace_disk(node_id node, const disk& other); ///< while it is down
  void propose(node_id node, std::string text);
  void read(node_id node);
  void set_clock(node_id node, std::int64_t wall_ms);
  void start(node_id node); ///< the next number: a node with an empty disk
  void cut(node_id a, node_id b);
  void heal();

  /// Ticks, syncs, applies and delivers everything for `ticks` rounds.
  void settle(int ticks);

  // -- looking ----------------------------------------------------------------
  bool up(node_id node) const {
    return of(node).up();
  }
  replication::replica& at(node_id node) {
    return of(node).core();
  }
  const member& member_of(node_id node) const {
    return of(node);
  }
  const disk& disk_of(node_id node) const {
    return of(node).on_disk();
  }
  const std::vector<node_id>& all() const {
    return all_;
  }
  const std::vector<node_id>& running() const {
    return running_;
  }
  node_id primary() const; ///< the one of the highest term; nobody if none
  std::size_t packets() const {
    return network_.size();
  }
  const packet& packet_at(std::size_t i) const {
    return network_[i];
  }
  /// The commands that it applied, in their order.
  std::vector<std::string> state_of(node_id node) const;
  /// Whether a client was told that this is written.
  bool acknowledged(std::string_view text) const;
  const judge& facts() const {
    return surroundings::facts;
  }
  /// Whether the promise covers the loss of one more disk's last block: there
  /// is a second voter, and no other such loss is unhealed.
  bool may_lose_a_tail() const;
  bool snapshots_pending() const {
    return !snapshots_.empty();
  }
  std::uint64_t snapshots_installed() const;
  /// What replicas were given: messages, ticks, and whatever else they handle.
  std::uint64_t inputs() const;
  std::set<node_id> regressed() const;
  /// One line for each node, for people.
  std::string describe() const;

  /// Carries out what `node` wants after an input given to it directly.
  void carry_out(node_id node);

private:
  const member* find(node_id node) const override;
  void post(packet x) override;
  void post(snapshot_packet x) override;

  member& of(node_id node) {
    return members_[node.value - 1];
  }
  const member& of(node_id node) const {
    return members_[node.value - 1];
  }
  bool arrives(node_id from, node_id to) const;
  void note_running();

  std::vector<member> members_; ///< node 1 first
  std::vector<node_id> all_;
  std::vector<node_id> running_;
  packet_queue network_;
  fifo<snapshot_packet> snapshots_;
  std::set<std::pair<node_id, node_id>> cuts_;
  std::uint64_t seed_;
  tweak tweak_;
  replication::membership initial_;
  std::uint64_t next_read_ = 1;
};

} // namespace cohort::testkit::protocol
