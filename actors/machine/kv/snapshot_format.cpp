#include "machine/kv/snapshot_format.hpp"

#include "codec/kv_commands.hpp"
#include "core/check.hpp"
#include "core/little_endian.hpp"
#include "machine/kv/key_order.hpp"

#include <bit>
#include <tuple>
#include <utility>

namespace cohort::kv {

namespace {

constexpr std::uint32_t magic = 0x31564b43; // "CKV1"
constexpr std::uint32_t format_version = 1;
constexpr std::uint32_t end_mark = 0xffffffff;
constexpr std::size_t header_bytes = 24;
constexpr std::size_t record_head_bytes = 24;
constexpr std::size_t end_bytes = 16;

template <class T>
void put_number(std::string& to, T x) {
  char buffer[sizeof x];
  store_le(buffer, x);
  to.append(buffer, sizeof x);
}

error malformed(const char* what) {
  return {errc::malformed, std::string{"snapshot of keys: "} + what};
}

} // namespace

void write_header(std::string& to, const snapshot_header& x) {
  put_number(to, magic);
  put_number(to, format_version);
  put_number(to, x.seed);
  put_number(to, std::bit_cast<std::uint64_t>(x.log_time_ms));
}

void write_record_head(std::string& to, std::string_view key, const item& x) {
  put_number(to, static_cast<std::uint32_t>(key.size()));
  put_number(to, static_cast<std::uint32_t>(x.value.size()));
  put_number(to, std::bit_cast<std::uint64_t>(x.expires_ms));
  put_number(to, x.changed);
  to += key;
}

void write_end(std::string& to, std::uint64_t count) {
  put_number(to, end_mark);
  put_number(to, std::uint32_t{0});
  put_number(to, count);
}

snapshot_reader::snapshot_reader(std::uint64_t seed, receiver receive)
  : seed_(seed),
    receive_(std::move(receive)),
    needed_(header_bytes) {}

result<void> snapshot_reader::write(std::string_view chunk) {
  pending_ += chunk;
  while (pending_.size() - at_ >= needed_ && (!ended_ || at_ < pending_.size()))
    if (const auto more = read_one(); !more)
      return more.err();
    else if (!*more)
      break;
  pending_.erase(0, at_);
  at_ = 0;
  return {};
}

result<void> snapshot_reader::finish() const {
  if (!ended_ || !pending_.empty())
    return malformed("it is cut off");
  return {};
}

/// False: more bytes are needed, as many as needed_ says.
result<bool> snapshot_reader::read_one() {
  if (ended_)
    return malformed("bytes behind the end");
  if (!header_)
    return read_header();
  const auto* from = pending_.data() + at_;
  const auto key_bytes = load_le<std::uint32_t>(from);
  if (key_bytes == end_mark)
    return read_end();
  if (pending_.size() - at_ < record_head_bytes) {
    needed_ = record_head_bytes;
    return false;
  }
  const auto value_bytes = load_le<std::uint32_t>(from + 4);
  if (key_bytes > key_bytes_max || value_bytes > value_bytes_max)
    return malformed("a key or value is too large");
  const auto size = record_head_bytes + key_bytes + value_bytes;
  needed_ = size;
  if (pending_.size() - at_ < size)
    return false;
  item x;
  x.expires_ms = std::bit_cast<std::int64_t>(load_le<std::uint64_t>(from + 8));
  x.changed = load_le<std::uint64_t>(from + 16);
  x.value = {from + record_head_bytes + key_bytes, value_bytes};
  if (const auto done = read_record({from + record_head_bytes, key_bytes}, x);
      !done)
    return done.err();
  at_ += size;
  needed_ = end_bytes; // no record is smaller
  return true;
}

result<bool> snapshot_reader::read_header() {
  const auto* from = pending_.data() + at_;
  if (load_le<std::uint32_t>(from) != magic)
    return malformed("it is none");
  if (load_le<std::uint32_t>(from + 4) != format_version)
    return error{errc::unsupported, "snapshot of keys: unknown version"};
  snapshot_header header;
  header.seed = load_le<std::uint64_t>(from + 8);
  header.log_time_ms =
    std::bit_cast<std::int64_t>(load_le<std::uint64_t>(from + 16));
  if (header.seed != seed_)
    return error{errc::invalid, "snapshot of keys: of another set"};
  header_ = header;
  at_ += header_bytes;
  needed_ = end_bytes;
  return true;
}

result<bool> snapshot_reader::read_end() {
  const auto* from = pending_.data() + at_;
  if (load_le<std::uint32_t>(from + 4) != 0
      || load_le<std::uint64_t>(from + 8) != count_)
    return malformed("the number of keys is wrong");
  at_ += end_bytes;
  needed_ = 0;
  ended_ = true;
  return true;
}

result<void> snapshot_reader::read_record(std::string_view key, const item& x) {
  const auto position = position_of(seed_, key);
  if (count_ > 0
      && std::tuple{position, key}
           <= std::tuple{last_position_, std::string_view{last_key_}})
    return malformed("keys are out of order");
  if (x.changed == 0 || x.due(header_->log_time_ms))
    return malformed("a key that is not there");
  receive_({position, key, x});
  last_position_ = position;
  last_key_ = key;
  ++count_;
  return {};
}

} // namespace cohort::kv
