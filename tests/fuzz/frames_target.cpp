// The bytes of a connection between nodes, put together into frames.
#include "core/crc32c.hpp"
#include "fuzz/bytes_source.hpp"
#include "fuzz/fuzz_target.hpp"
#include "fuzz/memory_watch.hpp"
#include "fuzz/round_trip.hpp"
#include "transport/frame_assembler.hpp"

#include <cstring>

namespace cohort::fuzz::frames_fuzz {

namespace {

using namespace transport;

/// Longer streams show nothing new.
constexpr std::size_t stream_bytes_max = std::size_t{1} << 20;

/// What a connection said, and how it ended.
struct outcome {
  std::vector<std::string> frames;
  std::string problem;

  bool operator==(const outcome&) const = default;
};

/// Pieces as the description in `from` says: headers with a good checksum,
/// whatever they claim.
std::string build(bytes_source& from) {
  std::string result;
  while (!from.empty() && result.size() < stream_bytes_max) {
    const auto what = from.byte();
    if (what % 8 == 7) { // just bytes
      result += from.text();
      continue;
    }
    piece_header header;
    header.on = what % 2 == 0 ? lane::control : lane::data;
    header.first = (what & 2) != 0;
    header.last = (what & 4) != 0;
    header.length = static_cast<std::uint32_t>(from.number());
    header.total = static_cast<std::uint32_t>(from.number());
    std::string body(std::min(header.length, piece_bytes_max),
                     static_cast<char>(what));
    const auto text = from.bytes(what >> 4);
    body.replace(0, std::min(text.size(), body.size()),
                 text.substr(0, body.size()));
    header.crc = crc32c(body.data(), body.size()) + (what & 8) / 8;
    const auto head = encode(header);
    expect(decode_header(head, ~std::uint32_t{0}).ok()
             ? *decode_header(head, ~std::uint32_t{0}) == header
             : true,
           "a header is read as it was written");
    result.append(head.data(), head.size());
    result += body;
  }
  return result;
}

/// Gives `piece` to the assembler as a connection does: where it wants it, as
/// far as it says.
result<void> feed(frame_assembler& to, std::string_view piece,
                  std::vector<frame>& out) {
  while (!piece.empty()) {
    const auto [target, room] = to.direct_target();
    const auto count = target ? std::min(room, piece.size()) : piece.size();
    if (target)
      std::memcpy(target, piece.data(), count);
    if (auto fed = to.feed(target ? target : piece.data(), count, out); !fed)
      return fed;
    piece.remove_prefix(count);
  }
  return {};
}

template <class Feed>
outcome listen(std::uint32_t limit, std::size_t stream_bytes, Feed feed_all) {
  memory_watch watch;
  frame_assembler to;
  to.limit(limit);
  std::vector<frame> frames;
  const auto fed = feed_all(to, frames);
  expect(watch.peak()
           <= lane_count * std::size_t{limit} + 16 * stream_bytes + 16'384,
         "no more memory than frames under way and those that came");
  outcome result;
  std::size_t total = 0;
  for (const auto& x : frames) {
    expect(x.size() > 0 && x.size() <= limit, "a frame is within the limit");
    total += x.size();
    result.frames.push_back(content_of(x));
  }
  expect(total <= stream_bytes, "frames are made of what came");
  if (!fed) {
    expect_refusal(fed.err());
    result.problem = to_string(fed.err());
  }
  return result;
}

} // namespace

COHORT_FUZZ_TARGET(frames) {
  bytes_source from{input};
  const auto mode = from.byte();
  const auto limit = mode % 2 == 0 ? hello_bytes_max : piece_bytes_max * 2;
  const auto stream = mode % 4 < 2 ? build(from) : std::string{from.rest()};
  const auto whole = listen(limit, stream.size(), [&](auto& to, auto& out) {
    return to.feed(stream.data(), stream.size(), out);
  });
  auto random = rng_of(input);
  const auto cut = listen(limit, stream.size(), [&](auto& to, auto& out) {
    result<void> fed;
    in_pieces(stream, random, [&](std::string_view piece) {
      fed = feed(to, piece, out);
      return fed.ok();
    });
    return fed;
  });
  expect(whole == cut, "how a stream is cut does not matter");
  return whole.problem.empty() && !whole.frames.empty();
}

} // namespace cohort::fuzz::frames_fuzz
