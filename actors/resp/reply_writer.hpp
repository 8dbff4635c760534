// Writes replies of the Redis protocol. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohort::resp {

/// What a client speaks.
enum class protocol : std::uint8_t { resp2, resp3 };

/// RESP2 has two nulls: where a string is missing, and where an array is.
enum class null_style : std::uint8_t { string, array };

/// Appends replies to a string. What RESP2 does not have is written as Redis
/// writes it there: a map as a flat array, a double as a bulk string.
class reply_writer {
public:
  reply_writer(std::string& out, protocol spoken)
    : out_(out),
      spoken_(spoken) {}

  /// Precondition: no line ends in `text`.
  void simple(std::string_view text);

  /// `text` begins with a code; line ends in it become spaces.
  void error(std::string_view text);

  void integer(std::int64_t value);
  void bulk(std::string_view text);
  void null();

  /// Of `count` elements, which are written next.
  void array(std::size_t count);
  /// Of `count` pairs, which are written next.
  void map(std::size_t count);
  void set(std::size_t count);

  void number(double value);
  void boolean(bool value);

  /// Text for people.
  void verbatim(std::string_view text);

private:
  void header(char kind, std::size_t count);

  std::string& out_;
  protocol spoken_;
};

/// Appends a RESP3 reply, nested ones too, to `out` in RESP2. `style` is that
/// of a null that is the whole reply. Malformed bytes are passed on as they
/// are.
void to_resp2(std::string_view reply, null_style style, std::string& out);

} // namespace cohort::resp
