// The parts of the translator, by topic. Each takes words whose count fits the
// command's arity, and fills `to`.
#pragma once

#include "resp/translator.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace cohort::resp::translations {

using args = std::span<const std::string_view>;

inline constexpr std::string_view syntax_error = "ERR syntax error";
inline constexpr std::string_view not_an_integer =
  "ERR value is not an integer or out of range";

/// What Redis takes for an integer: no spaces, no plus sign, no zeros before.
std::optional<std::int64_t> to_integer(std::string_view text);

/// As to_integer(), and refuses if it is none.
bool read_integer(std::string_view text, std::int64_t& number, translation& to);

/// `number` in `unit` becomes an expiry of `to`. Refuses, naming the command,
/// if no clock gets there.
enum class time_unit : std::uint8_t { seconds, milliseconds };
bool set_expiry(std::int64_t number, time_unit unit, std::uint32_t how,
                translation& to);
void refuse_expiry(translation& to);

// -- strings (translate_strings.cpp) ------------------------------------------
void set(args words, translation& to);
void set_with_expiry(args words, time_unit unit, translation& to);
void getex(args words, translation& to);
void increment(args words, std::int64_t sign, translation& to);
void increment_float(args words, translation& to);
void getrange(args words, translation& to);
void setrange(args words, translation& to);
void lcs(args words, translation& to);
void mset(args words, std::uint32_t flags, translation& to);

// -- keys (translate_keys.cpp) ------------------------------------------------
void keys_only(args words, kv::op what, translation& to);
void copy(args words, translation& to);
void scan(args words, translation& to);
void flush(args words, translation& to);

// -- expiry (translate_expiry.cpp) --------------------------------------------
void expire(args words, time_unit unit, std::uint32_t how, translation& to);

} // namespace cohort::resp::translations
