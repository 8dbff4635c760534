// The bytes below a connection.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cohort::transport {

enum class io_status : std::uint8_t {
  ok,     ///< `count` bytes moved
  again,  ///< nothing now: wait until the socket is ready
  closed, ///< the other side ended the stream
  failed, ///< the connection is broken
};

struct io_result {
  io_status status;
  std::size_t count;
};

/// Moves bytes over a connected, non-blocking socket. Used from the loop's
/// thread only. The socket belongs to the caller.
class byte_stream {
public:
  virtual ~byte_stream() = default;

  virtual io_result read(int socket, char* to, std::size_t size) = 0;
  virtual io_result write(int socket, const char* from, std::size_t size) = 0;

  /// No more will be written: tells the other side.
  virtual void finish(int socket) = 0;
};

/// Plain TCP.
class plain_stream : public byte_stream {
public:
  io_result read(int socket, char* to, std::size_t size) override;
  io_result write(int socket, const char* from, std::size_t size) override;
  void finish(int socket) override;
};

} // namespace cohort::transport
