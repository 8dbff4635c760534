// The first frame of a connection: from anybody who can reach the port.
#include "codec/peer_codec.hpp"
#include "fuzz/bytes_source.hpp"
#include "fuzz/fuzz_target.hpp"
#include "fuzz/round_trip.hpp"

namespace cohort::fuzz::handshake_fuzz {

COHORT_FUZZ_TARGET(handshake) {
  return round_trips(
    input.substr(0, input.size() / 8 * 8),
    [](std::string_view x) { return codec::decode_handshake(frame_of(x)); },
    [](const cohort::handshake& x) { return content_of(codec::encode(x)); },
    [](const cohort::handshake& x, const cohort::handshake& y) {
      const auto* hello = std::get_if<cohort::hello>(&x);
      const auto* again = std::get_if<cohort::hello>(&y);
      return !hello == !again && (!hello || *hello == *again);
    });
}

} // namespace cohort::fuzz::handshake_fuzz
