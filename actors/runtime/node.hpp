// One node: everything that runs for a topology on one host.
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "machine/state_machine.hpp"
#include "runtime/shell.hpp"
#include "runtime/topology.hpp"
#include "runtime/trace.hpp"
#include "storage/file_system.hpp"
#include "transport/local_transport.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cohort::runtime {

/// What a machine is made for.
struct machine_request {
  const set_plan& set;
  set_id id;
  cluster_id cluster;    ///< the same on all replicas: for seeds
  std::string directory; ///< an engine may keep its state there; it may not be
                         ///< there yet
};

/// Makes the state machine of a replica.
using machine_factory =
  std::function<result<std::unique_ptr<machine::state_machine>>(
    const machine_request&)>;

/// What a gateway gets to know of its node.
struct gateway_place {
  set_id set;
  std::string set_name;
  std::uint64_t first_request = 0; ///< ids of its requests count from here
  caf::actor hub;
  caf::actor node;
};

/// A gateway that was started.
struct started_gateway {
  /// Is sent tick, role_changed, peer_up, peer_down, set_ready, not_ready and
  /// inbound.
  caf::actor front;
  /// Owns its connections; none if it has none. Ends with the node, too.
  caf::actor connections;
};

/// Starts a gateway.
using gateway_factory = std::function<result<started_gateway>(
  caf::actor_system&, const gateway_place&)>;

/// Makes a node's way to the others.
using transport_factory =
  std::function<std::unique_ptr<transport::transport>(caf::scheduled_actor*)>;

struct node_options {
  topology plan;
  std::string name;
  std::string version;
  std::shared_ptr<storage::file_system> files;
  std::shared_ptr<const clock> time;
  trace_sink trace;
  std::uint64_t seed = 0; ///< of everything drawn; from the system's randomness
  machine_factory make_machine;
  gateway_factory make_gateway; ///< to the first set; none: no gateway
  /// Where its actors run. Over tcp the hub has to live in the loop.
  placement supervisor_runs = placement::own_thread;
  placement hub_runs = placement::loop;
  placement replica_runs = placement::loop;
  placement applier_runs = placement::loop;
  placement disk_runs = placement::own_thread;
  /// For transport_kind::local.
  transport::local_network_ptr network;
  /// How it reaches the others; none: as the topology says. Called inside the
  /// hub's actor, which owns the transport.
  transport_factory make_transport;
  /// The node has stopped itself (L4): why. Called once, from any thread.
  std::function<void(const std::string&)> on_stopped;
};

/// A running node. Starts by opening its directory; forming or joining the
/// cluster goes on in the background. Thread-safe.
class node {
public:
  /// Errors: those of opening the directory and the log, and of listening; or
  /// why the node stopped before it listened.
  static result<std::unique_ptr<node>> start(caf::actor_system& system,
                                             node_options options);

  /// The same without waiting: outcome() tells how it goes on. Errors: those of
  /// opening the directory.
  static result<std::unique_ptr<node>> begin(caf::actor_system& system,
                                             node_options options);

  /// As kill(), if it still runs.
  ~node();

  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// Hands over what it leads, or gives up after `patience`; then syncs and
  /// closes everything.
  void stop(std::chrono::milliseconds patience);

  /// Stops at once, as a crash would, and waits until nothing of it runs.
  void kill();

  /// As stop(), without waiting.
  void begin_stop(std::chrono::milliseconds patience);

  /// Nothing of it runs any more.
  bool ended() const;

  /// How its start went: the port that peers find it at, or an error as of
  /// start(). Nothing: it is not over.
  std::optional<result<std::uint16_t>> outcome() const;

  /// The port that peers find it at. Precondition: it was started.
  std::uint16_t peer_port() const;

  /// The set that gateways and clients reach through this node.
  set_id served_set() const;

  /// Where the ids of a gateway's requests count from, in this run of the node.
  std::uint64_t first_request_of(std::uint16_t gateway) const;

  /// For messages: report_cluster, form_without, attach_gateway.
  const caf::actor& supervisor() const;

private:
  struct parts;

  explicit node(std::unique_ptr<parts> x);

  std::unique_ptr<parts> parts_;
};

} // namespace cohort::runtime
