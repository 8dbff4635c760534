#include "machine/kv/rocksdb_keys.hpp"

#include "core/little_endian.hpp"

#include <bit>
#include <concepts>
#include <utility>

namespace cohort::kv::rocks {

namespace {

constexpr std::size_t generation_bytes = 1 + sizeof(generation_t);
constexpr std::size_t data_head_bytes = generation_bytes + 8;
constexpr std::size_t expiry_head_bytes = generation_bytes + 16;
/// Makes negative times sort before others.
constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;

template <std::unsigned_integral T>
void put_big(std::string& to, T x) {
  char buffer[sizeof x];
  for (std::size_t i = 0; i < sizeof x; ++i)
    buffer[i] = static_cast<char>(x >> (8 * (sizeof x - 1 - i)));
  to.append(buffer, sizeof x);
}

template <std::unsigned_integral T>
T load_big(const char* from) {
  T x = 0;
  for (std::size_t i = 0; i < sizeof x; ++i)
    x = static_cast<T>(x << 8) | static_cast<unsigned char>(from[i]);
  return x;
}

template <std::unsigned_integral T>
void put_little(std::string& to, T x) {
  char buffer[sizeof x];
  store_le(buffer, x);
  to.append(buffer, sizeof x);
}

/// Takes numbers off the front of a value.
class number_reader {
public:
  explicit number_reader(std::string_view from) : rest_(from) {}

  template <std::unsigned_integral T>
  T take() {
    if (rest_.size() < sizeof(T)) {
      short_ = true;
      return 0;
    }
    const auto x = load_le<T>(rest_.data());
    rest_.remove_prefix(sizeof(T));
    return x;
  }
  std::int64_t take_signed() {
    return std::bit_cast<std::int64_t>(take<std::uint64_t>());
  }
  bool fits() const {
    return !short_;
  }
  std::string_view rest() const {
    return rest_;
  }

private:
  std::string_view rest_;
  bool short_ = false;
};

std::uint64_t sortable(std::int64_t time_ms) {
  return std::bit_cast<std::uint64_t>(time_ms) ^ sign_bit;
}

void begin_key(std::string& to, char kind, generation_t generation) {
  to.assign(1, kind);
  put_big(to, generation);
}

} // namespace

// -- keys ---------------------------------------------------------------------

std::string first_key(char kind, generation_t generation) {
  std::string result;
  begin_key(result, kind, generation);
  return result;
}

std::string end_key(char kind, generation_t generation) {
  if (generation == ~generation_t{0})
    return std::string(1, static_cast<char>(kind + 1));
  return first_key(kind, generation + 1);
}

void make_data_key(std::string& to, generation_t generation,
                   std::uint64_t position, std::string_view key) {
  begin_key(to, data_kind, generation);
  put_big(to, position);
  to += key;
}

void make_expiry_key(std::string& to, generation_t generation,
                     std::int64_t expires_ms, std::uint64_t position,
                     std::string_view key) {
  make_expiry_seek(to, generation, expires_ms);
  put_big(to, position);
  to += key;
}

void make_expiry_seek(std::string& to, generation_t generation,
                      std::int64_t from_ms) {
  begin_key(to, expiry_kind, generation);
  put_big(to, sortable(from_ms));
}

void make_data_key_of(std::string& to, std::string_view expiry_key) {
  to.assign(expiry_key.substr(0, generation_bytes));
  to[0] = data_kind;
  to += expiry_key.substr(generation_bytes + 8);
}

std::optional<data_key_parts> parse_data_key(std::string_view from) {
  if (from.size() < data_head_bytes || from[0] != data_kind)
    return std::nullopt;
  return data_key_parts{load_big<generation_t>(from.data() + 1),
                        load_big<std::uint64_t>(from.data() + generation_bytes),
                        from.substr(data_head_bytes)};
}

std::optional<std::int64_t> parse_expiry(std::string_view from) {
  if (from.size() < expiry_head_bytes || from[0] != expiry_kind)
    return std::nullopt;
  return std::bit_cast<std::int64_t>(
    load_big<std::uint64_t>(from.data() + generation_bytes) ^ sign_bit);
}

std::optional<generation_t> generation_of(std::string_view from) {
  if (from.size() < generation_bytes
      || (from[0] != data_kind && from[0] != expiry_kind))
    return std::nullopt;
  return load_big<generation_t>(from.data() + 1);
}

// -- values -------------------------------------------------------------------

void make_item(std::string& to, const item& x) {
  to.clear();
  put_little(to, std::bit_cast<std::uint64_t>(x.expires_ms));
  put_little(to, x.changed);
  to += x.value;
}

std::optional<item> parse_item(std::string_view from) {
  if (from.size() < item_head_bytes)
    return std::nullopt;
  number_reader reader{from};
  item x;
  x.expires_ms = reader.take_signed();
  x.changed = reader.take<std::uint64_t>();
  x.value = reader.rest();
  return x;
}

std::string encode(const saved_format& x) {
  std::string to;
  put_little(to, x.version);
  put_little(to, x.seed);
  return to;
}

std::string encode(const saved_state& x) {
  std::string to;
  put_little(to, x.flush);
  put_little(to, x.generation);
  put_little(to, x.count);
  put_little(to, x.bytes);
  put_little(to, std::bit_cast<std::uint64_t>(x.log_time_ms));
  return to;
}

std::string encode(const saved_attachment& x) {
  std::string to;
  put_little(to, x.flush);
  put_little(to, x.state.applied.value);
  put_little(to, x.state.term.value);
  to += x.state.attachment;
  return to;
}

/// Later versions may have more behind it.
std::optional<saved_format> decode_format(std::string_view from) {
  number_reader reader{from};
  saved_format x;
  x.version = reader.take<std::uint32_t>();
  x.seed = reader.take<std::uint64_t>();
  return reader.fits() ? std::optional{x} : std::nullopt;
}

std::optional<saved_state> decode_state(std::string_view from) {
  number_reader reader{from};
  saved_state x;
  x.flush = reader.take<std::uint64_t>();
  x.generation = reader.take<generation_t>();
  x.count = reader.take<std::uint64_t>();
  x.bytes = reader.take<std::uint64_t>();
  x.log_time_ms = reader.take_signed();
  return reader.fits() && reader.rest().empty() ? std::optional{x}
                                                : std::nullopt;
}

std::optional<saved_attachment> decode_attachment(std::string_view from) {
  number_reader reader{from};
  saved_attachment x;
  x.flush = reader.take<std::uint64_t>();
  x.state.applied = index_t{reader.take<std::uint64_t>()};
  x.state.term = term_t{reader.take<std::uint64_t>()};
  x.state.attachment = reader.rest();
  return reader.fits() ? std::optional{std::move(x)} : std::nullopt;
}

} // namespace cohort::kv::rocks
