// Frames between nodes of one process.
#pragma once

#include "transport/transport.hpp"

#include <caf/actor_addr.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace cohort::transport {

/// Where the nodes of one process find each other, and where a test cuts them
/// apart. Thread-safe. A cut is silent, as on a real network: frames vanish, no
/// link closes.
class local_network {
public:
  /// Makes `from` unable to reach `to`; the other direction is not affected.
  void cut(const std::string& from, const std::string& to);
  void heal(const std::string& from, const std::string& to);
  void heal_all();

  bool reaches(const std::string& from, const std::string& to) const;

private:
  friend class local_transport;

  void join(const std::string& name, caf::actor owner);
  void leave(const std::string& name, const caf::actor& owner);
  caf::actor find(const std::string& name) const;
  link_id next_link();

  mutable std::mutex mutex_;
  std::map<std::string, caf::actor> owners_;
  std::set<std::pair<std::string, std::string>> cuts_;
  std::uint64_t last_link_ = 0;
};

using local_network_ptr = std::shared_ptr<local_network>;

/// A node's end of a local_network. Both ends of a link share its id.
std::unique_ptr<transport> make_local_transport(local_network_ptr network,
                                                std::string name,
                                                caf::actor owner);

} // namespace cohort::transport
