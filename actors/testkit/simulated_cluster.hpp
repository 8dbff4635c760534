// Whole nodes in one thread and in virtual time.
#pragma once

#include "core/rng.hpp"
#include "runtime/node.hpp"
#include "runtime/set_client.hpp"
#include "testkit/disk_witness.hpp"
#include "testkit/faulty_file_system.hpp"
#include "testkit/log_witness.hpp"
#include "testkit/simulated_network.hpp"
#include "testkit/trace_hash.hpp"
#include "testkit/virtual_clock.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace cohort::testkit {

/// What must always hold does not.
class invariant_broken : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

struct simulated_cluster_options {
  std::uint64_t seed = 1; ///< decides everything
  std::size_t nodes = 3;  ///< n1, n2, ...
  /// Makes the machine of the node with this name.
  std::function<runtime::machine_factory(const std::string& node)> make_machine;
  /// Makes the gateway of the node that is described; none: no gateway.
  std::function<runtime::gateway_factory(const runtime::node_options& of)>
    make_gateway;
  runtime::node_limits limits;
  runtime::node_timers timers;
  /// Of the set "main": its nodes, all if empty, and its m.
  std::vector<std::string> members;
  std::optional<std::uint32_t> m;
  /// The wall clocks of two nodes differ by at most twice this.
  std::int64_t skew_ms_max = 0;
  /// Clocks are too fast or too slow by up to this many millionths.
  std::int64_t rate_ppm_max = 0;
  /// Ticks are longer or shorter than `timers` says by up to this.
  std::uint32_t tick_ms_spread = 0;
  /// Disks know durable writes, which need no sync.
  bool durable_writes = false;
  bool copies_on_write = false; ///< a full disk refuses overwriting, too
  /// Whoever changed its disk is busy with that for up to this.
  std::int64_t disk_us_max = 0;
  /// A node is about to crash, and what it has answered is to be taken now.
  std::function<void(const std::string& node)> on_crash;
  /// Each line with the time and the node.
  std::function<void(const std::string&)> trace;
};

/// The set that clients of a simulated cluster use.
inline constexpr set_id user_set{1};

/// Runs n nodes as they are shipped, but for what surrounds them: one thread, a
/// clock that moves when nothing is left to do, a simulated network, and a
/// faulty disk for each. Which of the actors that have something to do goes
/// first, is drawn.
///
/// Checks after every message: no node stops by itself unless its disk gave it
/// a reason, no term has two primaries, and what the disk_witness checks. For
/// one thread. Throws invariant_broken.
class simulated_cluster {
public:
  explicit simulated_cluster(simulated_cluster_options options);
  ~simulated_cluster();

  simulated_cluster(const simulated_cluster&) = delete;
  simulated_cluster& operator=(const simulated_cluster&) = delete;

  // -- time -------------------------------------------------------------------

  /// Lets everything happen until then, in virtual time from the start.
  void run_until(std::chrono::microseconds when);
  std::chrono::microseconds now() const;

  // -- faults -----------------------------------------------------------------

  struct crash_kind {
    bool host_too = false;   ///< nobody is told that the links are closed
    bool lose_writes = true; ///< of what was not synced, anything may be gone
  };

  /// At this moment, between two messages.
  void crash(const std::string& name, const crash_kind& how);

  /// In the middle of the n-th change of its disk from now on.
  void crash_during(const std::string& name, std::uint64_t change,
                    const crash_kind& how);

  /// Nothing of a node runs, while time goes on for it, too.
  void pause(const std::string& name);
  void resume(const std::string& name);

  /// Somebody sets its wall clock.
  void jump_clock(const std::string& name, std::int64_t ms);

  /// On the disk that the crash left. Precondition, also of the next two: the
  /// node is down.
  void start(const std::string& name);

  /// It gets an empty disk.
  void wipe(const std::string& name);

  /// A sector of its disk is spoiled. From now on it may stop itself. What
  /// cannot be told from a torn write is left out (decision 10).
  void damage(const std::string& name);

  /// It cannot start, or not stay up, because of damage: somebody has to wipe
  /// its disk.
  bool given_up(const std::string& name) const;

  /// The damage is known not to matter, or to be repaired.
  void heal(const std::string& name);

  /// So much can still be written until unlimit_disk(). With nothing left, the
  /// node may stop itself.
  void limit_disk(const std::string& name, std::uint64_t free_bytes);
  void unlimit_disk(const std::string& name);

  /// The next change of its disk takes so long: whoever makes it does nothing
  /// else, while the others of its node go on.
  void stall_disk(const std::string& name, std::chrono::microseconds time);

  /// The n-th change of its disk from now on fails, and the node stops itself.
  void fail_disk(const std::string& name, std::uint64_t change);

  /// Whoever was to crash later, does now, and whoever pauses goes on. The
  /// network and the disks work from now on.
  void end_faults();

  /// To be called last: nothing was found that nobody was told of yet, and
  /// recovery makes of the disks of nodes that run what they keep.
  void finish();

  simulated_network& network() {
    return network_;
  }
  const simulated_network& network() const {
    return network_;
  }

  // -- questions --------------------------------------------------------------

  const std::vector<std::string>& names() const {
    return names_;
  }
  bool up(const std::string& name) const;
  std::vector<std::string> running() const;

  /// Whether a node keeps a set, as the topology says.
  bool hosts(const std::string& name, set_id set) const;

  /// What a node lacks until it is a voter of all its sets again, not suspect,
  /// and its disk has all that is committed; empty: nothing.
  std::string lack_of(const std::string& name) const;
  bool whole(const std::string& name) const {
    return lack_of(name).empty();
  }

  /// Whether anything is committed in all sets.
  bool formed() const {
    return logs_.commit_index(meta_set) > index_t{}
           && logs_.commit_index(user_set) > index_t{};
  }

  /// Whether it is whole, and nothing on its disk waits to be found damaged
  /// when it starts again: its log was read when it started, its snapshots may
  /// not have been.
  bool sound(const std::string& name) const {
    return whole(name) && disks_.has_sound_snapshots(name, hosted(name));
  }

  /// Faults that took place, by name.
  const std::map<std::string, std::uint64_t>& faults() const {
    return faults_;
  }

  /// What nodes said and what happened to them, the newest last.
  std::vector<std::string> last_events() const {
    return {last_events_.begin(), last_events_.end()};
  }

  /// The way to the set through a running node.
  runtime::set_client& client(const std::string& name) {
    return *members_.at(name).client;
  }

  const trace_hash& trace() const {
    return trace_;
  }
  std::uint64_t events() const {
    return events_;
  }
  /// Terms of all sets that had a primary.
  std::uint64_t elections() const {
    return primaries_.size();
  }

  /// A replica applies the entry at `at`: it has to be committed.
  void applies(const std::string& node, set_id set,
               replication::log_position at) {
    disks_.applies(node, set, at);
  }

  /// What the logs of all nodes have in common.
  log_witness& logs() {
    return logs_;
  }

  /// A line of the trace: of a node, or of whoever runs the cluster.
  void note(const std::string& who, const std::string& line);

  /// To be called where no exception may pass: thrown after this message.
  void report_broken(const std::string& what);

private:
  static constexpr std::size_t last_events_max = 40;

  struct one_thread : caf::actor_system_config {
    one_thread();
  };
  struct member {
    std::string name;
    std::shared_ptr<faulty_file_system> disk;
    std::shared_ptr<virtual_clock> time;
    std::uint32_t tick_ms = 0;
    std::unique_ptr<runtime::node> node;
    std::unique_ptr<runtime::set_client> client;
    std::uint64_t starts = 0;
    bool lives = false; ///< what it says counts
    bool started = false;
    bool paused = false;
    bool crashes_by_disk = false;
    crash_kind crash_by_disk;
    bool fell = false;        ///< it stopped itself
    bool refused = false;     ///< and will not do better with that disk
    bool limited = false;     ///< its disk has little space
    bool full = false;        ///< its disk has no byte left
    bool was_limited = false; ///< at some time since it was started
    bool was_full = false;
    bool damaged = false; ///< its disk is
    bool blanked = false; ///< of that, something looks as if never written
    unsigned falls = 0;   ///< since its disk is damaged
    caf::actor_id failed_by = caf::invalid_actor_id; ///< whom its disk failed
    std::chrono::microseconds ends_from{0}; ///< if it did: nothing hinders it
    std::chrono::microseconds stall{0};     ///< of the next change of its disk
  };

  /// An actor that has something to do, and may not yet.
  struct held_job {
    caf::resumable* job;
    member* owner;
    caf::actor_clock::time_point until;
  };

  caf::scheduler::test_coordinator& scheduler() const;
  std::optional<member*> run_one();
  member* owner_of(caf::actor_id actor) const;
  void note_change(caf::actor_id actor, member& owner);
  bool hold(caf::resumable* job, member* owner);
  void release_due();
  void release(const member& x);
  void own_new_actors(member* owner);
  void run_ready();
  void check(member* x);
  void check_member(member& x);
  void check_failed_disk(caf::actor_id actor, member& x);
  void check_failed_nodes_end();
  bool may_fall(const std::string& name, const member& x,
                const std::string& why) const;
  void fall(const std::string& name, member& x, const std::string& why);
  void make_member(const std::string& name);
  std::unique_ptr<faulty_file_system> make_disk() const;
  std::vector<set_id> hosted(const std::string& name) const;
  void end(member& x);
  runtime::node_options options_of(const std::string& name, member& x);
  void take_trace(const std::string& name, std::uint64_t start,
                  runtime::severity level, const std::string& line);
  void note_primary(const std::string& name, const std::string& line);
  void count(const char* fault) {
    ++faults_[fault];
  }

  simulated_cluster_options options_;
  std::vector<std::string> names_;
  rng random_;
  runtime::topology plan_;
  one_thread config_;
  trace_hash trace_;
  std::unique_ptr<caf::actor_system> system_;
  log_witness logs_;
  disk_witness disks_;
  simulated_network network_;
  std::map<std::string, member> members_;
  std::vector<member*> owners_; ///< of actors, by their ids; none: CAF's own
  /// With the disk, and for how long.
  std::map<caf::actor_id, std::chrono::microseconds> busy_;
  std::vector<held_job> held_;
  std::map<std::string, std::string> primaries_; ///< by set and term
  std::string broken_;
  std::uint64_t events_ = 0;
  bool unchecked_ = false; ///< events took place since the last check
  std::map<std::string, std::uint64_t> faults_;
  std::deque<std::string> last_events_;
};

} // namespace cohort::testkit
