// A connection between two nodes that carries frames.
#pragma once

#include "core/frame.hpp"
#include "transport/frame_assembler.hpp"
#include "transport/stream_scribe.hpp"

#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace cohort::transport {

/// A scribe that speaks frames: checks and assembles what comes in, cuts long
/// frames going out, and lets control overtake data (T2).
///
/// Lives in the loop's thread; the broker that owns it lives there too.
class frame_link : public stream_scribe {
public:
  /// Called with what arrived in one event of the loop. An error cuts the link.
  using receiver = std::function<result<void>(std::vector<frame>)>;

  frame_link(default_multiplexer& loop, native_socket socket,
             std::unique_ptr<byte_stream> stream, receiver receive);

  /// The other side said who it is: frames of full length from now on.
  void trust();

  /// Queues a frame; flush() sends. False: the bound on unsent bytes is
  /// reached, the link is of no use any more and closes.
  bool put(lane on, const frame& f);

  /// Why the link was cut, if the other side misbehaved.
  const std::string& complaint() const {
    return complaint_;
  }

protected:
  std::pair<char*, std::size_t> read_target() override;
  bool on_data(const char* data, std::size_t size) override;
  void refill() override;

private:
  void append_piece(lane on, const frame& f, std::size_t offset);

  receiver receive_;
  frame_assembler assembler_;
  std::string complaint_;
  std::deque<frame> waiting_; ///< data; of the front, pieces left at `sent_`
  std::size_t sent_ = 0;
  std::size_t waiting_bytes_ = 0;
};

using frame_link_ptr = caf::intrusive_ptr<frame_link>;

} // namespace cohort::transport
