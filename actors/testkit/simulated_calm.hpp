// What must come back once the faults of a run have ended.
#pragma once

#include "testkit/simulated_cluster.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace cohort::testkit {

/// Waits in virtual time until all nodes have recovered, all conditions
/// together for so long at most.
class simulated_calm {
public:
  /// `pass_time` lets some happen. Begins now.
  simulated_calm(simulated_cluster& cluster, std::chrono::milliseconds patience,
                 std::function<void()> pass_time)
    : cluster_(cluster),
      patience_(patience),
      deadline_(cluster.now() + patience),
      pass_time_(std::move(pass_time)) {}

  /// Until it holds for all nodes at the same time. `otherwise` is what a node
  /// does or is for which it does not. Throws invariant_broken.
  void await(const char* otherwise,
             const std::function<bool(const std::string&)>& holds);

private:
  simulated_cluster& cluster_;
  std::chrono::milliseconds patience_;
  std::chrono::microseconds deadline_;
  std::function<void()> pass_time_;
};

/// Those that took place, of nodes, disks and network, by kind.
std::map<std::string, std::uint64_t> faults_of(const simulated_cluster& x);

} // namespace cohort::testkit
