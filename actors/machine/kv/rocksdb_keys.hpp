// How keys, items and the store's own facts lie in RocksDB.
//
//   'd' generation u32, position u64, key        expires_ms, changed, value
//   'e' generation u32, expires_ms u64,
//       position u64, key                        empty
//   'f'                                          format: version, seed
//   's'                                          saved_state
//   'a'                                          saved_attachment
//
// Numbers in keys are big-endian, so that RocksDB's order of bytes is theirs;
// numbers in values are little-endian.
#pragma once

#include "core/result.hpp"
#include "machine/kv/kv_store.hpp"

#include <rocksdb/slice.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::kv::rocks {

/// Counts clear() and restores. Keys of another generation than the live one
/// are garbage.
using generation_t = std::uint32_t;

inline constexpr std::uint32_t format_version = 1;
inline constexpr char data_kind = 'd';
inline constexpr char expiry_kind = 'e';
inline constexpr std::string_view format_key = "f";
inline constexpr std::string_view state_key = "s";
inline constexpr std::string_view attachment_key = "a";

/// What precedes the value of an item.
inline constexpr std::size_t item_head_bytes = 16;

inline rocksdb::Slice to_slice(std::string_view x) {
  return {x.data(), x.size()};
}
inline std::string_view to_view(const rocksdb::Slice& x) {
  return {x.data(), x.size()};
}

// -- keys: each function makes `to` the key -----------------------------------

/// Before all keys of the generation.
std::string first_key(char kind, generation_t generation);
/// Behind them.
std::string end_key(char kind, generation_t generation);

void make_data_key(std::string& to, generation_t generation,
                   std::uint64_t position, std::string_view key);
void make_expiry_key(std::string& to, generation_t generation,
                     std::int64_t expires_ms, std::uint64_t position,
                     std::string_view key);
/// The first key that expires at `from_ms` or later.
void make_expiry_seek(std::string& to, generation_t generation,
                      std::int64_t from_ms);
/// The data key that an expiry key belongs to.
void make_data_key_of(std::string& to, std::string_view expiry_key);

/// These expect a key of their kind; nothing if it is none.
struct data_key_parts {
  generation_t generation = 0;
  std::uint64_t position = 0;
  std::string_view key;
};
std::optional<data_key_parts> parse_data_key(std::string_view from);
std::optional<std::int64_t> parse_expiry(std::string_view from);
/// Of both kinds of keys that have one.
std::optional<generation_t> generation_of(std::string_view from);

// -- values -------------------------------------------------------------------

void make_item(std::string& to, const item& x);
std::optional<item> parse_item(std::string_view from);

/// What an item counts for in approximate_bytes().
constexpr std::size_t item_weight(std::size_t key_bytes,
                                  std::size_t value_bytes) {
  return key_bytes + value_bytes + 32;
}

struct saved_format {
  std::uint32_t version = format_version;
  std::uint64_t seed = 0;
};

/// The store's facts as of a flush.
struct saved_state {
  std::uint64_t flush = 0; ///< counts flushes
  generation_t generation = 1;
  std::uint64_t count = 0; ///< of keys
  std::uint64_t bytes = 0; ///< of items, by item_weight()
  std::int64_t log_time_ms = 0;

  bool operator==(const saved_state&) const = default;
};

struct saved_attachment {
  std::uint64_t flush = 0; ///< that of the state it goes with
  machine::durable_state state;
};

std::string encode(const saved_format& x);
std::string encode(const saved_state& x);
std::string encode(const saved_attachment& x);
std::optional<saved_format> decode_format(std::string_view from);
std::optional<saved_state> decode_state(std::string_view from);
std::optional<saved_attachment> decode_attachment(std::string_view from);

} // namespace cohort::kv::rocks
