// What the kv machine is told: commands and reads of keys, as values. The RESP
// translator makes them, the codec carries them, the machine carries them out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace cohort::kv {

/// Commands and reads. The numbers are those of schemas/kv.capnp: append only.
enum class op : std::uint16_t {
  // -- strings ----------------------------------------------------------------
  get = 0,
  set, ///< SET, SETNX, SETEX, PSETEX, GETSET: see flags
  getdel,
  getex, ///< with an expiry flag or `persist` a write, else a read
  mget,  ///< `more`: keys
  mset,  ///< `more`: key, value, key, value, ...; with if_absent MSETNX
  append,
  strlen,
  incr_by,       ///< by `number`
  incr_by_float, ///< by `value`, a decimal number
  getrange,      ///< [number, number2]
  setrange,      ///< `value` at offset `number`
  lcs,           ///< of `key` and `value`, a key too; number: MINMATCHLEN
  // -- keys -------------------------------------------------------------------
  del,    ///< `more`: keys; also UNLINK
  exists, ///< `more`: keys
  touch,  ///< `more`: keys
  type,
  rename, ///< to `value`; with if_absent RENAMENX
  copy,   ///< to `value`; with `replace` over it
  expire, ///< at or in `number` ms, by an expiry flag
  persist,
  ttl,       ///< what is left; with `absolute` the time itself
  scan,      ///< cursor `number`, COUNT `number2`, pattern `value`
  randomkey, ///< `number`: random bits drawn by the gateway
  // -- the whole machine ------------------------------------------------------
  dbsize,
  flush,
  // -- for gateways -----------------------------------------------------------
  changed, ///< names the last change of `key`; 0: absent (K5)
  literal, ///< inside exec: answers `value`, a RESP3 reply, as it is
  exec,    ///< commands with watches, as one
};

/// What modifies a command.
namespace flag {
inline constexpr std::uint32_t if_absent = 1u << 0;   ///< NX
inline constexpr std::uint32_t if_present = 1u << 1;  ///< XX
inline constexpr std::uint32_t return_old = 1u << 2;  ///< GET
inline constexpr std::uint32_t keep_expiry = 1u << 3; ///< KEEPTTL
/// `number` is milliseconds from log time on.
inline constexpr std::uint32_t expiry_relative = 1u << 4;
/// `number` is milliseconds since 1970.
inline constexpr std::uint32_t expiry_absolute = 1u << 5;
inline constexpr std::uint32_t persist = 1u << 6;    ///< GETEX PERSIST
inline constexpr std::uint32_t if_later = 1u << 7;   ///< EXPIRE GT
inline constexpr std::uint32_t if_sooner = 1u << 8;  ///< EXPIRE LT
inline constexpr std::uint32_t in_seconds = 1u << 9; ///< the reply to ttl
inline constexpr std::uint32_t absolute = 1u << 10;  ///< EXPIRETIME
inline constexpr std::uint32_t replace = 1u << 11;   ///< COPY REPLACE
/// Answers 1 or 0 where SET answers OK or null: SETNX.
inline constexpr std::uint32_t answer_integer = 1u << 12;
inline constexpr std::uint32_t lcs_length = 1u << 13;       ///< LCS LEN
inline constexpr std::uint32_t lcs_matches = 1u << 14;      ///< LCS IDX
inline constexpr std::uint32_t lcs_match_length = 1u << 15; ///< WITHMATCHLEN
} // namespace flag

/// A key whose value must not have changed since (K5).
struct watch {
  std::string_view key;
  std::uint64_t changed = 0;
};

/// One command or read. Text is borrowed from whoever made it.
struct command {
  op what = op::get;
  std::string_view key;
  std::string_view value;
  std::vector<std::string_view> more;
  std::int64_t number = 0;
  std::int64_t number2 = 0;
  std::uint32_t flags = 0;
  // Of exec only.
  std::vector<command> nested;
  std::vector<watch> watches;

  bool has(std::uint32_t x) const {
    return (flags & x) != 0;
  }
};

/// Whether it never changes the state, so that it need not be logged.
bool reads_only(const command& x);

/// What is wrong with a command as such, for example that a key is too large;
/// nullptr: nothing. What is nested in it is not looked at.
const char* flaw_of(const command& x);

/// Of one batch. More is refused.
inline constexpr std::size_t commands_max = 8192;

/// Of one value, and of what APPEND and SETRANGE make of one (K5).
inline constexpr std::size_t value_bytes_max = std::size_t{16} << 20;

/// Of all replies to one batch, about. The replies to a batch and those to the
/// queries that ride with it travel in one frame.
inline constexpr std::size_t replies_bytes_max = std::size_t{18} << 20;

/// To a read for whose reply they leave no room; asked later it has an answer.
inline constexpr std::string_view no_room_reply =
  "-TRYAGAIN the replies before this one are too large\r\n";

/// Of one key.
inline constexpr std::size_t key_bytes_max = std::size_t{64} << 10;

} // namespace cohort::kv
