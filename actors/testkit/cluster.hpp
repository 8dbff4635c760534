// A whole cluster in one process, for tests and for trying things out.
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "runtime/node.hpp"
#include "runtime/set_client.hpp"
#include "storage/file_system.hpp"
#include "transport/local_transport.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace cohort::testkit {

struct cluster_options {
  std::size_t nodes = 3; ///< n1, n2, ...
  /// Where the nodes keep their files; empty: a temporary directory, which is
  /// removed with the cluster.
  std::string directory;
  runtime::machine_factory make_machine;
  /// Optional: how the nodes serve other clients than set_client.
  std::function<runtime::gateway_factory(const runtime::topology&,
                                         const std::string& node)>
    make_gateway;
  runtime::engine_kind engine = runtime::engine_kind::memory;
  runtime::node_limits limits;
  runtime::node_timers timers;
  /// The files of all nodes; empty: the operating system's.
  std::shared_ptr<storage::file_system> files;
  runtime::trace_sink trace;
  /// The topology is passed here before the first start, to be changed.
  std::function<void(runtime::topology&)> adjust;
  std::uint64_t seed = 1;
};

/// Starts n nodes from one topology over the local transport, with real threads
/// and real files; kills, restarts, wipes and cuts them apart.
///
/// Used from one thread. Waiting ends in an error after `patience`.
class cluster {
public:
  /// Takes the simplest of machines to a running cluster: with node n1 to nN
  /// started.
  static result<std::unique_ptr<cluster>> start(cluster_options options);

  ~cluster();

  cluster(const cluster&) = delete;
  cluster& operator=(const cluster&) = delete;

  std::vector<std::string> names() const;
  const runtime::topology& plan() const {
    return plan_;
  }

  // -- what happens to nodes --------------------------------------------------

  /// As a crash: nothing is handed over, nothing is written any more.
  void kill(const std::string& name);

  /// As SIGTERM would.
  void stop(const std::string& name);

  result<void> restart(const std::string& name);

  /// Removes everything a stopped node kept.
  void wipe(const std::string& name);

  bool running(const std::string& name) const;

  /// Why the node stopped itself; empty: it did not.
  std::string stopped_because(const std::string& name) const;

  // -- what happens between them ----------------------------------------------

  /// In both directions, silently.
  void cut(const std::string& x, const std::string& y);
  /// From everybody.
  void isolate(const std::string& name);
  void heal();

  // -- what is asked of them --------------------------------------------------

  /// The way to the set through a node. Precondition: it was started, and not
  /// killed or stopped since.
  runtime::set_client& client(const std::string& name);

  /// Through any running node. Precondition: one runs.
  runtime::set_client& client();

  /// What `cohortctl status` would show at a running node.
  std::string status(const std::string& name);

  /// The primary of the set, as all running nodes that are not cut off see it:
  /// waits until they agree, on one of them. A node is cut off if it has no way
  /// in both directions to a majority of all nodes, itself included.
  result<std::string>
  primary(std::chrono::milliseconds patience = std::chrono::seconds{20});

  /// Asks again and again until `holds`.
  static bool
  eventually(const std::function<bool()>& holds,
             std::chrono::milliseconds patience = std::chrono::seconds{20});

  std::vector<std::string> running_nodes() const;
  caf::actor_system& system() {
    return *system_;
  }
  std::string directory_of(const std::string& name) const;

private:
  struct member {
    std::unique_ptr<runtime::node> node;
    std::unique_ptr<runtime::set_client> client;
  };

  using time_point = std::chrono::steady_clock::time_point;

  explicit cluster(cluster_options options);

  bool cut_off(const std::string& name) const;
  std::string status(const std::string& name, time_point deadline);
  std::map<std::string, std::string> primaries_seen(time_point deadline);

  cluster_options options_;
  std::string directory_;
  bool temporary_ = false;
  runtime::topology plan_;
  std::shared_ptr<const clock> time_;
  std::shared_ptr<transport::local_network> network_;
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::map<std::string, member> members_;
  std::uint64_t starts_ = 0;

  mutable std::mutex mutex_;
  std::map<std::string, std::string> stopped_; ///< by themselves, and why
};

} // namespace cohort::testkit
