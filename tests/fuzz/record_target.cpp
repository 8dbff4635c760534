// Records of the log, as replay and readers get them out of good blocks.
#include "codec/record_codec.hpp"
#include "fuzz/bytes_source.hpp"
#include "fuzz/fuzz_target.hpp"
#include "fuzz/round_trip.hpp"

#include <cstring>
#include <variant>

namespace cohort::fuzz::record_fuzz {

namespace {

using codec::log_record;
using replication::entry;

std::string whole(const codec::encoded_record& x) {
  std::string result;
  for (const auto piece : x.pieces)
    result.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  expect(result.size() == x.size, "a record's pieces add up");
  return result;
}

std::string write(codec::record_encoder& to, const codec::set_change& x) {
  replication::write_request request;
  request.state = x.state;
  request.base = x.base;
  request.keep_tail = x.keep_tail;
  auto bound = codec::record_head_bound;
  for (const auto& e : x.entries)
    bound += codec::entry_bytes_bound(e);
  auto result = whole(to.encode(x.set, request, true, x.entries));
  expect(result.size() <= bound, "the bounds of a record are bounds");
  return result;
}

std::string write(codec::record_encoder& to, const codec::moved_entries& x) {
  return whole(to.encode_moved(x.set, x.entries));
}

template <class Record>
std::string write(codec::record_encoder& to, const Record& x) {
  return whole(to.encode(x));
}

std::string write_any(const log_record& x) {
  codec::record_encoder to;
  return std::visit([&](const auto& one) { return write(to, one); }, x);
}

result<log_record> read(std::string_view content) {
  const auto from = frame_of(content);
  return codec::decode_record(from, 0, from.word_count());
}

void check_entries(const std::vector<entry>& entries, std::size_t bytes) {
  std::size_t payloads = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    expect(i == 0 || entries[i].index > entries[i - 1].index, "entries ascend");
    payloads += entries[i].payload.size();
  }
  expect(payloads <= bytes, "payloads do not overlap");
}

/// A record is the same wherever it lies in a block.
void read_behind_others(std::string_view content, bool understood) {
  std::string block(16, '\x55');
  block += content;
  block += block.substr(0, 8);
  const auto moved = codec::decode_record(frame_of(block), 2,
                                          content.size() / 8);
  expect(moved.ok() == understood, "where a record lies does not matter");
}

} // namespace

COHORT_FUZZ_TARGET(record) {
  const auto content = input.substr(0, input.size() / 8 * 8);
  if (content.empty())
    return false;
  const bool understood = round_trips(content, read, write_any);
  read_behind_others(content, understood);
  if (!understood)
    return false;
  const auto decoded = read(content);
  if (const auto* change = std::get_if<codec::set_change>(&*decoded))
    check_entries(change->entries, content.size());
  if (const auto* moved = std::get_if<codec::moved_entries>(&*decoded))
    check_entries(moved->entries, content.size());
  return true;
}

} // namespace cohort::fuzz::record_fuzz
