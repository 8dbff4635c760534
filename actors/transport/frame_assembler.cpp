#include "transport/frame_assembler.hpp"

#include "core/crc32c.hpp"

#include <algorithm>
#include <cstring>

namespace cohort::transport {

namespace {

/// Below this, reading through a buffer takes more frames with one call.
constexpr std::size_t direct_bytes_min = std::size_t{32} << 10;

error bad_frame(const char* what) {
  return {errc::malformed, std::string{"frame: "} + what};
}

} // namespace

char* frame_assembler::piece_target() {
  auto& x = lanes_[static_cast<std::size_t>(header_->on)];
  return x.buffer->data() + x.filled + piece_filled_;
}

std::pair<char*, std::size_t> frame_assembler::direct_target() {
  if (!header_ || header_->length - piece_filled_ < direct_bytes_min)
    return {nullptr, 0};
  return {piece_target(), header_->length - piece_filled_};
}

result<void> frame_assembler::begin_piece() {
  auto header = decode_header(header_bytes_, total_max_);
  if (!header)
    return header.err();
  auto& x = lanes_[static_cast<std::size_t>(header->on)];
  if (header->first == x.buffer.has_value())
    return bad_frame("a piece out of order");
  if (header->first) {
    x.buffer.emplace(header->total / sizeof(std::uint64_t));
    x.filled = 0;
  }
  const auto left = x.buffer->size() - x.filled;
  if (header->total != x.buffer->size() || header->length > left
      || header->last != (header->length == left))
    return bad_frame("pieces do not add up");
  header_ = *header;
  piece_filled_ = 0;
  return {};
}

result<void> frame_assembler::end_piece(std::vector<frame>& out) {
  auto& x = lanes_[static_cast<std::size_t>(header_->on)];
  if (crc32c(x.buffer->data() + x.filled, header_->length) != header_->crc)
    return error{errc::malformed, "frame: wrong checksum"};
  x.filled += header_->length;
  if (header_->last) {
    out.emplace_back(std::move(*x.buffer));
    x.buffer.reset();
  }
  header_.reset();
  header_filled_ = 0;
  return {};
}

result<void> frame_assembler::feed(const char* data, std::size_t size,
                                   std::vector<frame>& out) {
  while (size > 0) {
    if (!header_) {
      const auto count = std::min(size, piece_header_bytes - header_filled_);
      std::memcpy(header_bytes_.data() + header_filled_, data, count);
      header_filled_ += count;
      data += count;
      size -= count;
      if (header_filled_ < piece_header_bytes)
        return {};
      if (auto begun = begin_piece(); !begun)
        return begun;
      continue;
    }
    const auto count = std::min<std::size_t>(size,
                                             header_->length - piece_filled_);
    if (auto* target = piece_target(); target != data)
      std::memcpy(target, data, count);
    piece_filled_ += count;
    data += count;
    size -= count;
    if (piece_filled_ == header_->length)
      if (auto ended = end_piece(out); !ended)
        return ended;
  }
  return {};
}

} // namespace cohort::transport
