#include "bench/resp_codec.hpp"

#include <charconv>

namespace cohort::bench::resp {

namespace {

using parsed = result<std::optional<reply>>;

/// Longer lines than this hold no reply to this client.
constexpr std::size_t line_bytes_max = 4096;

void append_bulk(std::string& out, std::string_view text) {
  out += '$';
  out += std::to_string(text.size());
  out += "\r\n";
  out += text;
  out += "\r\n";
}

error malformed(std::string what) {
  return {errc::malformed, "reply of a server: " + std::move(what)};
}

/// The number that is all of `text`.
std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc{} || stop != end)
    return std::nullopt;
  return value;
}

/// Finishes a bulk reply whose header, `header` bytes with its line end, says
/// that `length` bytes follow.
parsed parse_bulk(std::string_view input, std::size_t header,
                  std::int64_t length) {
  if (length == -1)
    return std::optional{reply{reply_kind::nil, {}, 0, header}};
  if (length < 0 || static_cast<std::uint64_t>(length) > reply_bytes_max)
    return malformed("a bulk of " + std::to_string(length) + " bytes");
  const auto size = static_cast<std::size_t>(length);
  const auto total = header + size + 2;
  if (input.size() < total)
    return std::optional<reply>{};
  if (input.substr(header + size, 2) != "\r\n")
    return malformed("a bulk without an end");
  return std::optional{
    reply{reply_kind::bulk, input.substr(header, size), 0, total}};
}

} // namespace

void append(std::string& out, const operation& op) {
  const bool set = op.kind == operation_kind::set;
  out += set ? "*3\r\n$3\r\nSET\r\n" : "*2\r\n$3\r\nGET\r\n";
  append_bulk(out, op.key_view());
  if (set)
    append_bulk(out, op.value);
}

void append_wait(std::string& out, unsigned replicas, unsigned timeout_ms) {
  out += "*3\r\n$4\r\nWAIT\r\n";
  append_bulk(out, std::to_string(replicas));
  append_bulk(out, std::to_string(timeout_ms));
}

parsed parse(std::string_view input) {
  const auto end = input.find("\r\n");
  if (end > line_bytes_max && input.size() > line_bytes_max)
    return malformed("a line without an end");
  if (end == std::string_view::npos)
    return std::optional<reply>{};
  if (end == 0)
    return malformed("an empty line");
  const auto text = input.substr(1, end - 1);
  const auto size = end + 2;
  const auto number = number_in(text);
  switch (input[0]) {
    case '+':
      return std::optional{reply{reply_kind::status, text, 0, size}};
    case '-':
      return std::optional{reply{reply_kind::error, text, 0, size}};
    case ':':
      if (!number)
        return malformed("no number after a colon");
      return std::optional{reply{reply_kind::integer, {}, *number, size}};
    case '$':
      if (!number)
        return malformed("no length of a bulk");
      return parse_bulk(input, size, *number);
    default:
      return malformed("a line that begins with byte "
                       + std::to_string(static_cast<unsigned char>(input[0])));
  }
}

std::string_view error_kind(std::string_view text) {
  return text.substr(0, text.find(' ')).substr(0, 32);
}

} // namespace cohort::bench::resp
