// The part of the Redis protocol that a load generator speaks (RESP2).
#pragma once

#include "bench/operation.hpp"
#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::bench::resp {

/// No reply may be longer than a value can be (K5), and a little.
inline constexpr std::size_t reply_bytes_max = (std::size_t{16} << 20) + 64;

/// `*3 $3 SET $16 key $n value` or `*2 $3 GET $16 key`, in exactly this
/// spelling: bench/ceiling.cpp parses no other.
void append(std::string& out, const operation& op);

/// `WAIT replicas timeout`: how many replicas must hold what this connection
/// wrote, and for how many milliseconds to wait for them.
void append_wait(std::string& out, unsigned replicas, unsigned timeout_ms);

enum class reply_kind : std::uint8_t { status, error, integer, bulk, nil };

/// One reply. Views point into the parsed input.
struct reply {
  reply_kind kind{};
  std::string_view text;  ///< of a status, error or bulk
  std::int64_t integer{}; ///< of an integer
  std::size_t size{};     ///< how many bytes of the input it takes
};

/// The reply that `input` begins with; nothing while it is incomplete; an error
/// if no server of RESP2 sends such bytes to this client.
result<std::optional<reply>> parse(std::string_view input);

/// The first word of an error's text, such as READONLY, shortened to 32
/// characters: what errors are counted by.
std::string_view error_kind(std::string_view text);

} // namespace cohort::bench::resp
