// From bytes to requests of the Redis protocol. Pure, incremental, bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::resp {

/// Of one request, with its headers (K5).
inline constexpr std::size_t request_bytes_max = std::size_t{32} << 20;

/// Arguments of one request.
inline constexpr std::size_t request_args_max = std::size_t{1} << 20;

/// Of a request that is a line of text.
inline constexpr std::size_t inline_bytes_max = std::size_t{64} << 10;

/// Finds the next request in what a client sent: an array of bulk strings, or a
/// line with Redis' quoting. What would be over a bound is refused at the
/// header that announces it (K5), and a request that arrives in pieces is read
/// once, whatever the pieces.
///
/// Invariant: where a request ends, and whether it is good, does not depend on
/// how it was cut.
class request_parser {
public:
  enum class status : std::uint8_t {
    more,   ///< the request is not complete
    failed, ///< see problem(): the connection is of no use any more
    ready,  ///< see args()
  };

  /// Precondition: `input` is what was given before, without the bytes that
  /// were consumed, and maybe more behind; it may lie elsewhere.
  status parse(std::string_view input);

  /// How many bytes of the last input are not needed any more.
  std::size_t consumed() const {
    return consumed_;
  }

  /// Why the last parse failed: a whole error reply.
  const std::string& problem() const {
    return problem_;
  }

  /// The arguments of the request, at least one: they point into the input or
  /// into the parser, and are valid until the next parse.
  std::span<const std::string_view> args() const {
    return args_;
  }

private:
  struct part {
    std::size_t offset = 0;
    std::size_t size = 0;
  };
  enum class line_kind : std::uint8_t { complete, more, bad };

  status parse_array(std::string_view input);
  status parse_bulks(std::string_view input);
  status parse_bulk_header(std::string_view input);
  status parse_line(std::string_view input);
  line_kind read_number(std::string_view input, std::int64_t& to);
  bool split_line(std::string_view line);
  status finish(std::string_view from);
  status fail(std::string_view why);
  void begin();

  // The request that is being read; offsets count from its first byte.
  bool begun_ = false;         ///< the header of the array was read
  std::size_t position_ = 0;   ///< everything before was understood
  std::size_t parts_left_ = 0; ///< of the array
  bool in_bulk_ = false;       ///< the header of the next part was read
  std::size_t bulk_bytes_ = 0;
  std::vector<part> parts_;

  std::size_t consumed_ = 0;
  std::string problem_;
  std::string unquoted_; ///< arguments of a line
  std::vector<std::string_view> args_;
};

} // namespace cohort::resp
