// What a node's small files and snapshots begin with, behind their checksums.
#include "codec/record_codec.hpp"
#include "fuzz/bytes_source.hpp"
#include "fuzz/fuzz_target.hpp"
#include "fuzz/round_trip.hpp"

namespace cohort::fuzz::file_heads_fuzz {

namespace {

template <class Head, class Decode>
bool check_head(std::string_view content, Decode decode) {
  return round_trips(
    content.substr(0, content.size() / 8 * 8),
    [&](std::string_view x) { return decode(frame_of(x)); },
    [](const Head& x) { return content_of(codec::encode(x)); },
    [](const Head& x, const Head& y) { return x == y; });
}

} // namespace

COHORT_FUZZ_TARGET(file_heads) {
  bytes_source from{input};
  switch (from.byte() % 3) {
    case 0:
      return check_head<codec::node_identity>(from.rest(),
                                              codec::decode_identity);
    case 1:
      return check_head<codec::node_state>(from.rest(),
                                           codec::decode_node_state);
    default:
      return check_head<codec::snapshot_head>(from.rest(),
                                              codec::decode_snapshot_head);
  }
}

} // namespace cohort::fuzz::file_heads_fuzz
