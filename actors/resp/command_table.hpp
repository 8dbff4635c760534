// The commands that clients can send. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace cohort::resp {

enum class command_id : std::uint8_t {
  // -- strings ----------------------------------------------------------------
  append,
  decr,
  decrby,
  get,
  getdel,
  getex,
  getrange,
  getset,
  incr,
  incrby,
  incrbyfloat,
  lcs,
  mget,
  mset,
  msetnx,
  psetex,
  set,
  setex,
  setnx,
  setrange,
  strlen,
  substr,
  // -- keys -------------------------------------------------------------------
  copy,
  del,
  exists,
  keys,
  randomkey,
  rename,
  renamenx,
  scan,
  touch,
  type,
  unlink,
  // -- expiry -----------------------------------------------------------------
  expire,
  expireat,
  expiretime,
  persist,
  pexpire,
  pexpireat,
  pexpiretime,
  pttl,
  ttl,
  // -- the whole machine ------------------------------------------------------
  dbsize,
  flushall,
  flushdb,
  // -- transactions -----------------------------------------------------------
  discard,
  exec,
  multi,
  unwatch,
  watch,
  // -- the connection ---------------------------------------------------------
  auth,
  client,
  echo,
  hello,
  ping,
  quit,
  reset,
  select,
  // -- the server -------------------------------------------------------------
  cluster,
  command,
  config,
  info,
  readonly_mode,
  readwrite_mode,
  role,
  time,
  wait,
  // -- Cohort's own -----------------------------------------------------------
  cohort_do,
  cohort_form,
  cohort_session,
  cohort_status,
};

namespace command_flag {
inline constexpr std::uint8_t write = 1u << 0;
inline constexpr std::uint8_t readonly = 1u << 1;
inline constexpr std::uint8_t denyoom = 1u << 2; ///< may need more memory
inline constexpr std::uint8_t fast = 1u << 3;
inline constexpr std::uint8_t admin = 1u << 4;
inline constexpr std::uint8_t blocking = 1u << 5;
/// The front serves it without the set's machine.
inline constexpr std::uint8_t local = 1u << 6;
} // namespace command_flag

struct command_info {
  command_id id{};
  std::string_view name; ///< in lower case
  std::int8_t arity = 0; ///< words, with the name; negative: at least so many
  std::uint8_t flags = 0;
  // Where keys are among the words; 0: nowhere. A negative last counts from the
  // end.
  std::int8_t first_key = 0;
  std::int8_t last_key = 0;
  std::int8_t key_step = 0;

  bool is_local() const {
    return (flags & command_flag::local) != 0;
  }

  /// Precondition: words > 0.
  bool takes(std::size_t words) const {
    return arity >= 0 ? words == static_cast<std::size_t>(arity)
                      : words >= static_cast<std::size_t>(-arity);
  }
};

/// The command of that name, in any case; nullptr: there is none. Does not
/// allocate.
const command_info* find_command(std::string_view name);

/// All commands, by name.
std::span<const command_info> all_commands();

/// Whether two words are the same but for case.
bool same_word(std::string_view a, std::string_view b);

/// Calls `visit` with each key among the words of a command. Precondition:
/// info.takes(words.size()).
template <class Visit>
void for_each_key(const command_info& info,
                  std::span<const std::string_view> words, Visit visit) {
  if (info.first_key == 0)
    return;
  const auto count = static_cast<int>(words.size());
  const int last = info.last_key < 0 ? count + info.last_key : info.last_key;
  for (int i = info.first_key; i <= last && i < count; i += info.key_step)
    visit(words[static_cast<std::size_t>(i)]);
}

} // namespace cohort::resp
