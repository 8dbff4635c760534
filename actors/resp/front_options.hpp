// What a front is told about itself.
#pragma once

#include "core/ids.hpp"
#include "machine/session_sender.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace cohort::resp {

/// The version of Redis whose commands are spoken: libraries look at it.
inline constexpr std::string_view spoken_version = "7.0.0";

/// Where a node serves clients.
struct client_endpoint {
  std::string address;
  std::uint16_t port = 0;
};

struct front_options {
  set_id set;
  std::string set_name;
  std::string cluster_name;
  std::string node_name;
  std::string version;
  std::map<std::string, client_endpoint> endpoints; ///< of all nodes, by name
  machine::sender_options sending;
  /// Commands of one turn leave as a batch of at most this, unless one command
  /// is larger.
  std::size_t batch_bytes_max = std::size_t{1} << 20;
  /// Above this, connections are not read any more until half of it is answered
  /// (T1).
  std::size_t pending_bytes_max = std::size_t{16} << 20;
  std::size_t clients_max = 10'000;
  std::uint64_t seed = 0; ///< for RANDOMKEY
};

} // namespace cohort::resp
