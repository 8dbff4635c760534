// From bytes to frames: incremental, pure, bounded.
#pragma once

#include "core/frame.hpp"
#include "core/result.hpp"
#include "transport/frame_format.hpp"

#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace cohort::transport {

/// Puts pieces together. Allocates for a frame only after its header was found
/// good, and never more than the header's total.
class frame_assembler {
public:
  /// The longest frame accepted from now on.
  void limit(std::uint32_t total_max) {
    total_max_ = total_max;
  }

  /// Where the next bytes belong, if they can be read there directly; nullptr
  /// if they should go through a buffer and feed().
  std::pair<char*, std::size_t> direct_target();

  /// Takes the next bytes; complete frames are appended to `out`. After an
  /// error the connection is of no use any more.
  result<void> feed(const char* data, std::size_t size,
                    std::vector<frame>& out);

private:
  struct partial {
    std::optional<frame_buffer> buffer;
    std::size_t filled = 0;
  };

  result<void> begin_piece();
  result<void> end_piece(std::vector<frame>& out);
  char* piece_target();

  std::uint32_t total_max_ = hello_bytes_max;
  encoded_header header_bytes_{};
  std::size_t header_filled_ = 0;
  std::optional<piece_header> header_; ///< of the piece being read
  std::size_t piece_filled_ = 0;
  std::array<partial, lane_count> lanes_;
};

} // namespace cohort::transport
