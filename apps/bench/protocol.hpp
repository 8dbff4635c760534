// The seam between the load and the language of a server.
#pragma once

#include "bench/operation.hpp"
#include "core/result.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::bench {

/// How a request ended.
struct completion {
  std::size_t slot = 0;
  /// What went wrong, in a word or two that errors are counted by; empty if
  /// nothing did.
  std::string error;
};

/// The client's side of one connection: bytes in, bytes out. It owns no socket
/// and asks no clock. A request lives in a slot, of which the caller has as
/// many as it wants requests in flight.
///
/// Not thread-safe. Lives as long as its connection; a new connection gets a
/// new one.
class protocol {
public:
  virtual ~protocol() = default;

  /// Appends what a client says first to `out`.
  virtual void start(std::string& out) = 0;

  /// Appends a request to `out`: one operation, or as many as the protocol
  /// completes together.
  /// Preconditions: no request is in flight in `slot`, `batch` is not empty and
  /// of one kind, and its values live until the request ended.
  virtual void submit(std::size_t slot, std::span<const operation> batch,
                      std::string& out) = 0;

  /// Takes the next bytes that the server sent. Appends to `done` what ended
  /// thereby, and to `out` what must be answered at once. An error is the end
  /// of the connection.
  virtual result<void> receive(std::string_view input, std::string& out,
                               std::vector<completion>& done) = 0;
};

} // namespace cohort::bench
