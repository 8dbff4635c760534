// What people see of a cluster: one table, the same from any node. Pure.
#pragma once

#include "codec/node_messages.hpp"

#include <map>
#include <string>
#include <vector>

namespace cohort::runtime {

struct cluster_view {
  std::string cluster_name;
  cluster_id cluster;
  std::string observer;           ///< the node that gathered this
  std::vector<std::string> names; ///< of all nodes in the topology, sorted
  /// Who answered.
  std::map<std::string, status_reply> answers;
  /// Why the observer is not part of a cluster; empty: it is.
  std::string waiting_for;
};

/// Lines for a terminal: nodes with their roles and positions per set, then
/// what is wrong and why.
std::string render(const cluster_view& view);

} // namespace cohort::runtime
