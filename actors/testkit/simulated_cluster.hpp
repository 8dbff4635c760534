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
#include <functional>
#include <map>
#include <memory>
#include <set>
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
  runtime::node_limits limits;
  runtime::node_timers timers;
  /// The wall clocks of two nodes differ by at most twice this.
  std::int64_t skew_ms_max = 0;
  /// Whoever changed its disk is busy with that for up to this.
  std::int64_t disk_us_max = 0;
  /// A node is about to crash, and what it has answered is to be taken now.
  std::function<void(const std::string& node)> on_crash;
  /// Each line with the time and the node.
  std::function<void(const std::string&)> trace;
};

/// Runs n nodes as they are shipped, but for what surrounds them: one thread, a
/// clock that moves when nothing is left to do, a simulated network, and a
/// faulty disk for each. Which of the actors that have something to do goes
/// first, is drawn.
///
/// Checks after every message: no node stops by itself, no term has two
/// primaries, and what the disk_witness checks. For one thread. Throws
/// invariant_broken.
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

  /// Whoever was to crash later, does now, and whoever pauses goes on.
  void end_faults();

  /// On the disk that the crash left.
  void start(const std::string& name);

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
  std::uint64_t pauses() const {
    return pauses_;
  }
  std::uint64_t crashes() const {
    return crashes_;
  }
  std::uint64_t crashes_in_a_write() const {
    return crashes_in_a_write_;
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

  /// To be called where no exception may pass: thrown after this message.
  void report_broken(const std::string& what);

private:
  struct one_thread : caf::actor_system_config {
    one_thread();
  };
  struct member {
    std::shared_ptr<faulty_file_system> disk;
    std::shared_ptr<const clock> time;
    std::unique_ptr<runtime::node> node;
    std::unique_ptr<runtime::set_client> client;
    std::uint64_t starts = 0;
    bool lives = false; ///< what it says counts
    bool started = false;
    bool paused = false;
    bool crashes_by_disk = false;
    crash_kind crash_by_disk;
  };

  /// An actor that has something to do, and may not yet.
  struct held_job {
    caf::resumable* job;
    member* owner;
    caf::actor_clock::time_point until;
  };

  caf::scheduler::test_coordinator& scheduler() const;
  bool run_one();
  member* owner_of(caf::actor_id actor) const;
  bool hold(caf::resumable* job);
  void release_due();
  void release(const member& x);
  void own_new_actors(member* owner);
  void run_ready();
  void check();
  void check_member(const std::string& name, member& x);
  void end(member& x);
  runtime::node_options options_of(const std::string& name, member& x);
  void take_trace(const std::string& name, std::uint64_t start,
                  runtime::severity level, const std::string& line);
  void note_primary(const std::string& name, const std::string& line);

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
  std::vector<member*> owners_;  ///< of actors, by their ids; none: CAF's own
  std::set<caf::actor_id> busy_; ///< with the disk
  std::vector<held_job> held_;
  std::map<std::string, std::string> primaries_; ///< by set and term
  std::string broken_;
  std::uint64_t events_ = 0;
  std::uint64_t pauses_ = 0;
  std::uint64_t crashes_ = 0;
  std::uint64_t crashes_in_a_write_ = 0;
};

} // namespace cohort::testkit
