#include "transport/frame_link.hpp"

#include "core/crc32c.hpp"

#include <algorithm>
#include <utility>

namespace cohort::transport {

namespace {

/// What may wait for a peer that does not read. Above all credits that frames
/// are sent under, so that only a stuck peer reaches it.
constexpr std::size_t unsent_bytes_max = std::size_t{128} << 20;

/// Data is moved into the output in portions of about this size, so that what
/// control has to wait for is bounded.
constexpr std::size_t portion_bytes = std::size_t{512} << 10;

} // namespace

frame_link::frame_link(default_multiplexer& loop, native_socket socket,
                       std::unique_ptr<byte_stream> stream, receiver receive)
  : stream_scribe(loop, socket, std::move(stream), {}),
    receive_(std::move(receive)) {}

void frame_link::trust() {
  assembler_.limit(frame_bytes_max);
}

bool frame_link::put(lane on, const frame& f) {
  if (broken())
    return false;
  if (unsent_bytes() + waiting_bytes_ + f.size() > unsent_bytes_max) {
    abort();
    return false;
  }
  if (on == lane::control) {
    for (std::size_t at = 0; at < f.size(); at += piece_bytes_max)
      append_piece(on, f, at);
    return true;
  }
  waiting_.push_back(f);
  waiting_bytes_ += f.size();
  if (unsent_bytes() < portion_bytes)
    refill();
  return true;
}

void frame_link::refill() {
  while (!waiting_.empty() && output().size() < portion_bytes) {
    const auto& f = waiting_.front();
    append_piece(lane::data, f, sent_);
    sent_ += piece_bytes_max;
    if (sent_ >= f.size()) {
      waiting_bytes_ -= f.size();
      waiting_.pop_front();
      sent_ = 0;
    }
  }
}

void frame_link::append_piece(lane on, const frame& f, std::size_t offset) {
  const auto length = std::min<std::size_t>(f.size() - offset, piece_bytes_max);
  const char* data = f.data() + offset;
  piece_header header;
  header.on = on;
  header.first = offset == 0;
  header.last = offset + length == f.size();
  header.length = static_cast<std::uint32_t>(length);
  header.total = static_cast<std::uint32_t>(f.size());
  header.crc = crc32c(data, length);
  const auto encoded = encode(header);
  auto& out = output();
  out.insert(out.end(), encoded.begin(), encoded.end());
  out.insert(out.end(), data, data + length);
}

std::pair<char*, std::size_t> frame_link::read_target() {
  const auto direct = assembler_.direct_target();
  return direct.first ? direct : stream_scribe::read_target();
}

bool frame_link::on_data(const char* data, std::size_t size) {
  std::vector<frame> frames;
  auto taken = assembler_.feed(data, size, frames);
  if (!frames.empty())
    if (auto received = receive_(std::move(frames)); !received)
      taken = received;
  if (taken)
    return true;
  complaint_ = to_string(taken.err());
  abort();
  return false;
}

} // namespace cohort::transport
