// What every decoder of messages promises.
#pragma once

#include "core/frame.hpp"
#include "core/result.hpp"
#include "fuzz/fuzz_target.hpp"
#include "fuzz/memory_watch.hpp"

#include <string>
#include <string_view>

namespace cohort::fuzz {

/// What a decoder may allocate for a message of `bytes` bytes: what is decoded
/// takes more than its wire form, but never more than a multiple of it, or of
/// the smallest traversal limit (codec/message.hpp).
constexpr std::size_t decoded_bytes_max(std::size_t bytes) {
  return 64 * bytes + (std::size_t{512} << 10);
}

inline std::string content_of(const frame& x) {
  return {x.data(), x.size()};
}

/// An error of a decoder blames the bytes, and says why.
inline void expect_refusal(const error& err) {
  expect(err.code == errc::malformed || err.code == errc::unsupported
           || err.code == errc::too_large || err.code == errc::invalid,
         "a decoder blames the bytes");
  expect(!err.message.empty(), "an error says why");
}

/// Decodes `content`. What was understood and is written again is understood
/// again, as the same: `same` compares two values. Returns whether it was
/// understood.
template <class Decode, class Encode, class Same>
bool round_trips(std::string_view content, Decode decode, Encode encode,
                 Same same) {
  memory_watch watch;
  auto first = decode(content);
  expect(watch.peak() <= decoded_bytes_max(content.size()),
         "a decoder takes no more memory than its input justifies");
  if (!first) {
    expect_refusal(first.err());
    return false;
  }
  const std::string written = encode(*first);
  auto second = decode(written);
  expect(second.ok(), "what was understood can be written and read again");
  expect(same(*first, *second), "what is read again is the same");
  expect(encode(*second) == written, "the same is written the same");
  return true;
}

/// For values that are compared by what is written of them.
template <class Decode, class Encode>
bool round_trips(std::string_view content, Decode decode, Encode encode) {
  return round_trips(content, decode, encode,
                     [](const auto&, const auto&) { return true; });
}

} // namespace cohort::fuzz
