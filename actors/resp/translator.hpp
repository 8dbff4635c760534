// From the words of a request to what the kv machine is told. Pure.
#pragma once

#include "codec/kv_commands.hpp"
#include "core/rng.hpp"
#include "resp/command_table.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cohort::resp {

/// Where a request goes.
enum class route : std::uint8_t {
  refused,  ///< nowhere: `reply` is an error
  answered, ///< nowhere: `reply` answers it, whatever the state
  local,    ///< to the front
  write,    ///< to the set: `what` changes the state
  read,     ///< to the set: `what` only looks at it
  walk,     ///< to the set, many times: `what.value` is the pattern of KEYS
};

struct translation {
  route to = route::refused;
  const command_info* info = nullptr; ///< none: the command is unknown
  std::string reply;                  ///< in RESP3
  kv::command what;                   ///< its text is that of the request

  /// `text` begins with a code.
  void refuse(std::string_view text);
};

/// Knows the commands, their options and their errors, as Redis 7 has them.
/// What it finds fault with never reaches the log.
class translator {
public:
  /// `random` is for RANDOMKEY.
  explicit translator(rng random) : random_(random) {}

  /// Valid until the next call, and as long as what `words` point to.
  /// Precondition: there is at least one word.
  const translation& translate(std::span<const std::string_view> words);

private:
  void dispatch(std::span<const std::string_view> words);
  void dispatch_keys(std::span<const std::string_view> words);
  void dispatch_strings(std::span<const std::string_view> words);

  rng random_;
  translation result_; ///< reused, so that nothing is allocated per request
};

} // namespace cohort::resp
