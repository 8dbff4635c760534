// A connection of a broker that costs one recv and one send per request.
#pragma once

#include "transport/byte_stream.hpp"
#include "transport/loop.hpp"

#include <caf/io/abstract_broker.hpp>
#include <caf/io/scribe.hpp>
#include <caf/io/system_messages.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace cohort::transport {

/// Serves a broker like CAF's own scribe, but stops at a short read (epoll is
/// level-triggered: what comes later is reported later), writes at once and
/// asks for write events only when the kernel takes no more, reads into one
/// buffer per thread so that idle connections hold none, bounds its output, and
/// has a handle that is never used twice, so that a late reply cannot reach a
/// stranger who got the same descriptor.
///
/// Lives in the loop's thread. See loop.hpp for the rules it keeps.
class stream_scribe : public caf::io::scribe, public event_handler {
public:
  struct limits {
    /// The largest piece handed to the broker at once.
    std::size_t read_bytes_max = std::size_t{256} << 10;
    /// A peer that lets more than this pile up is cut off (T1).
    std::size_t output_bytes_max = std::size_t{64} << 20;
  };

  stream_scribe(default_multiplexer& loop, native_socket socket,
                std::unique_ptr<byte_stream> stream, const limits& bounds);

  // -- called by the broker ---------------------------------------------------

  /// Starts reading at the first call. The policy is ignored.
  void configure_read(caf::io::receive_policy::config) override;
  void ack_writes(bool on) override;
  std::vector<char>& wr_buf() override;
  std::vector<char>& rd_buf() override;
  std::string addr() const override;
  std::uint16_t port() const override;
  void flush() override;

  /// Closes once everything is written. The broker sets the deadline for a peer
  /// that does not read: abort().
  void graceful_shutdown() override;

  /// Closes now; the broker learns it by connection_closed_msg.
  void abort();

  std::size_t unsent_bytes() const {
    return out_.size() + writing_.size() - written_;
  }

  // -- called by CAF ----------------------------------------------------------
  void add_to_loop() override;
  void remove_from_loop() override;
  void handle_event(operation op) override;
  void removed_from_loop(operation op) override;

protected:
  /// Where the next bytes go. Overridden where the size of what is to come is
  /// known.
  virtual std::pair<char*, std::size_t> read_target();

  /// Takes what was read. False: stop reading.
  virtual bool on_data(const char* data, std::size_t size);

  /// Called when everything is written: may put more into output().
  virtual void refill() {}

  /// Ends the connection and tells the broker. Not from inside flush().
  void fail(operation op);

  /// Puts more bytes behind what is waiting; flush() sends them.
  std::vector<char>& output() {
    return out_;
  }

  bool broken() const {
    return broken_;
  }

private:
  void write_out();
  bool take_next_buffer();
  void wait_until_writable();
  void stop_waiting();

  std::unique_ptr<byte_stream> stream_;
  limits limits_;
  bool launched_ = false;
  bool reading_ = false;
  bool waiting_to_write_ = false;
  bool broken_ = false;
  std::vector<char> in_;
  std::vector<char> out_;     ///< filled by the broker
  std::vector<char> writing_; ///< [written_, end) is on its way out
  std::size_t written_ = 0;
  caf::intrusive_ptr<stream_scribe> while_reading_; ///< rule 2
  caf::intrusive_ptr<stream_scribe> while_writing_; ///< rule 2
};

} // namespace cohort::transport
