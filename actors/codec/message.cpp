#include "codec/message.hpp"

#include <algorithm>
#include <cstring>

namespace cohort::codec {

frame to_frame(capnp::MessageBuilder& message) {
  const auto segments = message.getSegmentsForOutput();
  frame_buffer buffer{capnp::computeSerializedSizeInWords(segments)};
  // The framing of capnp/serialize.h: a table of segment sizes, padded to a
  // word, then the segments.
  auto* table = reinterpret_cast<std::uint32_t*>(buffer.words());
  const auto count = segments.size();
  table[0] = static_cast<std::uint32_t>(count - 1);
  for (std::size_t i = 0; i < count; ++i)
    table[i + 1] = static_cast<std::uint32_t>(segments[i].size());
  if (count % 2 == 0)
    table[count + 1] = 0;
  auto* out = buffer.words() + (count / 2 + 1);
  for (const auto segment : segments) {
    std::memcpy(out, segment.begin(), segment.asBytes().size());
    out += segment.size();
  }
  return frame{std::move(buffer)};
}

capnp::ReaderOptions reader_options(std::size_t size) {
  capnp::ReaderOptions result;
  result.traversalLimitInWords =
    std::max<std::size_t>(4 * size / sizeof(capnp::word), 1024);
  result.nestingLimit = nesting_limit;
  return result;
}

frame aligned_copy(std::string_view from) {
  frame_buffer buffer{from.size() / sizeof(std::uint64_t)};
  if (from.empty() || buffer.size() != from.size())
    return {};
  std::memcpy(buffer.data(), from.data(), from.size());
  return frame{std::move(buffer)};
}

kj::ArrayPtr<const capnp::word> words_of(const void* data, std::size_t size) {
  return {static_cast<const capnp::word*>(data), size / sizeof(capnp::word)};
}

} // namespace cohort::codec
