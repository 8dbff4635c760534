// Keys and values as they lie in the database of the engine on disk.
#include "fuzz/bytes_source.hpp"
#include "fuzz/fuzz_target.hpp"
#include "machine/kv/rocksdb_keys.hpp"

#include <type_traits>

namespace cohort::fuzz::kv_rows_fuzz {

namespace {

using namespace kv::rocks;

bool read_data_key(std::string_view from) {
  const auto key = parse_data_key(from);
  static_cast<void>(generation_of(from));
  if (!key)
    return false;
  std::string again;
  make_data_key(again, key->generation, key->position, key->key);
  expect(again == from, "a key is written the same");
  expect(generation_of(again) == key->generation, "its generation is its own");
  return true;
}

bool read_expiry_key(std::string_view from) {
  const auto expires_ms = parse_expiry(from);
  if (!expires_ms)
    return false;
  std::string data;
  make_data_key_of(data, from);
  const auto of = parse_data_key(data);
  expect(of.has_value(), "an expiry belongs to a key");
  std::string again;
  make_expiry_key(again, of->generation, *expires_ms, of->position, of->key);
  expect(again == from, "an expiry is written the same");
  return true;
}

bool read_item(std::string_view from) {
  const auto x = kv::rocks::parse_item(from);
  if (!x)
    return false;
  std::string again;
  make_item(again, *x);
  expect(again == from, "an item is written the same");
  return true;
}

/// Of the format, a later release may say more.
template <class Fact>
bool read_fact(std::string_view from, const std::optional<Fact>& x) {
  if (!x)
    return false;
  const auto again = encode(*x);
  expect(std::is_same_v<Fact, saved_format> ? from.starts_with(again)
                                            : from == again,
         "a fact is written the same");
  return true;
}

} // namespace

COHORT_FUZZ_TARGET(kv_rows) {
  bytes_source from{input};
  const auto kind = from.byte() % 6;
  const auto row = from.rest();
  switch (kind) {
    case 0:
      return read_data_key(row);
    case 1:
      return read_expiry_key(row);
    case 2:
      return read_item(row);
    case 3:
      return read_fact(row, decode_format(row));
    case 4:
      return read_fact(row, decode_state(row));
    default:
      return read_fact(row, decode_attachment(row));
  }
}

} // namespace cohort::fuzz::kv_rows_fuzz
