// All Redis clients of a simulated cluster.
#pragma once

#include "resp/gateway_messages.hpp"
#include "runtime/node.hpp"
#include "testkit/kv/client_journal.hpp"
#include "testkit/kv/client_turns.hpp"
#include "testkit/kv/redis_client.hpp"
#include "testkit/simulated_cluster.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cohort::testkit {

struct redis_load_options {
  std::size_t roaming = 4;       ///< clients that keep to no node
  std::size_t of_kind = 1;       ///< items in use at a time
  std::size_t padding_max = 200; ///< bytes of a value beside its number
  std::chrono::microseconds think_max{20'000};
  std::chrono::microseconds patience{2'000'000};
  /// Spoils what a server says on its way to a client.
  std::function<void(std::string&)> spoil;
};

/// One client at each node, which stays there, and some that roam. Nodes reach
/// them through gateway_of(); the cluster tells of nodes that crash. Must
/// outlive the cluster. For one thread.
class redis_load {
public:
  /// `cluster` may be made later.
  redis_load(simulated_cluster& cluster, redis_load_options options,
             std::uint64_t seed)
    : cluster_(cluster),
      options_(std::move(options)),
      random_(seed),
      journal_(random_.next(), options_.of_kind, options_.padding_max) {}

  /// The cluster is made: clients may come.
  void begin();

  /// Of the node that is described, as of its next start.
  runtime::gateway_factory gateway_of(const runtime::node_options& of);

  /// A node is about to crash.
  void crashed(const std::string& node);

  /// What all clients do now.
  void act();

  /// They come to an end.
  void stop();
  bool idle() const;

  /// A client of this node reads all keys that were ever used. Precondition:
  /// stop().
  void read_all_at(const std::string& node);

  const client_journal& journal() const {
    return journal_;
  }

private:
  void add_client(const std::string& home);
  void take(const std::string& node, const resp::front_turn& x);
  void write(const std::string& node,
             const resp::front_output::client_write& x);
  redis_client* find(const std::string& node, resp::client_id connection);

  simulated_cluster& cluster_;
  redis_load_options options_;
  rng random_;
  client_journal journal_;
  client_turns turns_;
  std::vector<std::unique_ptr<redis_client>> clients_; ///< first one a node
  std::map<std::string, std::uint64_t> lives_;         ///< of nodes
};

} // namespace cohort::testkit
