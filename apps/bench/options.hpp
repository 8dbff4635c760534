// What cohort-load is asked to do.
#pragma once

#include "bench/workload.hpp"
#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::bench {

/// Where a server listens.
struct endpoint {
  std::string host; ///< a numeric IPv4 address
  std::uint16_t port = 0;

  bool operator==(const endpoint&) const = default;
};

enum class protocol_kind : std::uint8_t { resp, etcd };

struct options {
  static constexpr std::size_t clients_max = 10'000;
  static constexpr std::size_t in_flight_max = 1'024;
  static constexpr std::size_t value_bytes_max = std::size_t{16} << 20; // K5

  protocol_kind protocol = protocol_kind::resp;
  std::vector<endpoint> endpoints;

  /// Client i begins at endpoint i mod n, instead of all at the first.
  bool spread = false;

  std::size_t clients = 1;   ///< connections
  std::size_t in_flight = 1; ///< operations of one client

  /// RESP only. More than 0: the operations of a client that are in flight
  /// together are one batch, which ends with WAIT for so many replicas.
  unsigned wait_replicas = 0;

  workload::options work;

  /// The measured window follows the warm-up. With a limit on operations there
  /// is neither: all of the run is measured, and it ends with the last one.
  std::int64_t window_ns = 5'000'000'000;
  std::int64_t warm_up_ns = 1'000'000'000;

  /// How many operations complete together.
  std::size_t batch() const {
    return wait_replicas > 0 ? in_flight : 1;
  }
  /// How many batches of one client are in flight.
  std::size_t slots() const {
    return in_flight / batch();
  }
};

/// Reads the arguments that follow the program's name; an error says what is
/// wrong with which.
result<options> parse_options(std::span<const std::string_view> arguments);

/// How cohort-load is called, for people.
std::string_view usage();

} // namespace cohort::bench
