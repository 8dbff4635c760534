// How much may be on its way to one peer.
#pragma once

#include "core/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>

namespace cohort::replication {

/// Bounds requests and bytes in flight to one peer (T1). The bound on bytes
/// follows round trip x rate without a clock: what was acknowledged between
/// sending a request and its acknowledgement is what the path carries in one
/// round trip, and twice that may be in flight.
class send_window {
public:
  struct limits {
    std::size_t requests_max = 64;
    std::size_t bytes_start = std::size_t{1} << 20;
    std::size_t bytes_max = std::size_t{16} << 20;
  };

  explicit send_window(const limits& x)
    : limits_(x),
      bytes_limit_(x.bytes_start) {}

  /// Whether another request may leave.
  bool open() const {
    return in_flight_.size() < limits_.requests_max && bytes_ < bytes_limit_;
  }
  std::size_t bytes() const {
    return bytes_;
  }
  std::size_t bytes_limit() const {
    return bytes_limit_;
  }

  /// A request with entries up to `last` left.
  void sent(index_t last, std::size_t size);

  /// The peer holds everything at or below `match`.
  void acknowledged(index_t match);

  /// Nothing is on its way any more: it arrived, or it was lost.
  void clear();

private:
  struct request {
    index_t last;
    std::size_t size;
    std::uint64_t delivered_before; ///< bytes acknowledged when it was sent
  };

  limits limits_;
  std::size_t bytes_limit_;
  std::size_t bytes_ = 0;
  std::uint64_t delivered_ = 0;
  std::deque<request> in_flight_;
};

} // namespace cohort::replication
