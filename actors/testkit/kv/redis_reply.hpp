// What a server says to a Redis client, as a value. Pure.
#pragma once

#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::testkit {

/// A reply in RESP2.
struct redis_reply {
  enum class kind : std::uint8_t {
    simple,
    error, ///< `text` begins with its code
    integer,
    bulk,
    null,
    array,
  };

  kind what = kind::null;
  std::string text;
  std::int64_t number = 0;
  std::vector<redis_reply> elements;

  bool is(kind x) const {
    return what == x;
  }

  /// Of an error: its first word.
  std::string_view code() const {
    return std::string_view{text}.substr(0, text.find(' '));
  }
};

/// As a person would write it; long texts are cut.
std::string to_string(const redis_reply& x);

/// Reads the first reply in `from`. Returns its bytes; 0: it is not there in
/// full yet. Errors: it never will be.
result<std::size_t> read_reply(std::string_view from, redis_reply& into);

/// A request as clients send it.
void append_request(const std::vector<std::string>& words, std::string& out);

} // namespace cohort::testkit
