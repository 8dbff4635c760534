// KEYS, as a series of SCANs: no query holds the applier for long (K5). Pure.
#pragma once

#include "codec/kv_commands.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohort::resp {

/// Of the reply to KEYS. Who has more keys than that uses SCAN.
inline constexpr std::size_t keys_reply_bytes_max = std::size_t{32} << 20;

/// Asks for keys until all are seen, and gathers them for one reply. Keys that
/// come or go meanwhile may or may not be in it.
class keys_walk {
public:
  explicit keys_walk(std::string_view pattern) : pattern_(pattern) {}

  /// Points into the walk.
  kv::command next_query() const;

  /// Takes the reply to the query. True: there is more to ask.
  bool take(std::string_view reply);

  /// What KEYS answers, in RESP3.
  std::string answer() const;

private:
  bool fail(std::string_view error);

  std::string pattern_;
  std::uint64_t cursor_ = 0;
  std::size_t count_ = 0;
  std::string keys_;  ///< bulk strings, one after another
  std::string error_; ///< a whole reply, if the walk failed
};

} // namespace cohort::resp
