#include "resp/request_parser.hpp"

#include "codec/kv_commands.hpp"

#include <algorithm>
#include <charconv>

namespace cohort::resp {

namespace {

/// A header is its kind, a number and a line end; no good one is longer.
constexpr std::size_t header_bytes_max = 32;

/// Vectors of a request with more arguments are freed after it.
constexpr std::size_t kept_parts = 1024;

bool is_space(char x) {
  return x == ' ' || (x >= '\t' && x <= '\r');
}

int hex_digit(char x) {
  if (x >= '0' && x <= '9')
    return x - '0';
  if (x >= 'a' && x <= 'f')
    return x - 'a' + 10;
  if (x >= 'A' && x <= 'F')
    return x - 'A' + 10;
  return -1;
}

char unescape(char x) {
  switch (x) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return x;
  }
}

/// Reads one argument at `from` on and appends it to `to`. Returns where it
/// ends; npos: its quotes do not match.
std::size_t unquote(std::string_view line, std::size_t from, std::string& to) {
  char quote = 0;
  for (auto i = from; i < line.size(); ++i) {
    const char x = line[i];
    const bool escaped = x == '\\' && i + 1 < line.size();
    if (quote == 0) {
      if (is_space(x))
        return i;
      if (x == '"' || x == '\'')
        quote = x;
      else
        to += x;
    } else if (x == quote) {
      const bool ends = i + 1 == line.size() || is_space(line[i + 1]);
      return ends ? i + 1 : std::string_view::npos;
    } else if (quote == '"' && escaped && line[i + 1] == 'x'
               && i + 3 < line.size() && hex_digit(line[i + 2]) >= 0
               && hex_digit(line[i + 3]) >= 0) {
      to +=
        static_cast<char>(hex_digit(line[i + 2]) * 16 + hex_digit(line[i + 3]));
      i += 3;
    } else if (quote == '"' && escaped) {
      to += unescape(line[++i]);
    } else if (quote == '\'' && escaped && line[i + 1] == '\'') {
      to += line[++i];
    } else {
      to += x;
    }
  }
  return quote == 0 ? line.size() : std::string_view::npos;
}

} // namespace

void request_parser::begin() {
  begun_ = false;
  position_ = 0;
  parts_left_ = 0;
  in_bulk_ = false;
  parts_.clear();
  if (parts_.capacity() > kept_parts)
    std::vector<part>{}.swap(parts_);
}

/// Empty lines and empty arrays are no requests: they are passed over.
request_parser::status request_parser::parse(std::string_view input) {
  consumed_ = 0;
  args_.clear();
  if (args_.capacity() > kept_parts)
    std::vector<std::string_view>{}.swap(args_);
  while (consumed_ < input.size()) {
    const auto rest = input.substr(consumed_);
    const auto found = rest.front() == '*' ? parse_array(rest)
                                           : parse_line(rest);
    if (found == status::more)
      return found;
    consumed_ += position_;
    begin();
    if (found == status::failed || !args_.empty())
      return found;
  }
  return status::more;
}

request_parser::status request_parser::fail(std::string_view why) {
  problem_ = "-ERR Protocol error: ";
  problem_ += why;
  problem_ += "\r\n";
  return status::failed;
}

// -- arrays -------------------------------------------------------------------

/// Reads the number of a header whose kind is at `position_`.
request_parser::line_kind request_parser::read_number(std::string_view input,
                                                      std::int64_t& to) {
  const auto line = input.substr(position_ + 1, header_bytes_max);
  const auto end = line.find('\r');
  if (end == std::string_view::npos)
    return line.size() < header_bytes_max ? line_kind::more : line_kind::bad;
  const auto [last, code] = std::from_chars(line.data(), line.data() + end, to);
  if (code != std::errc{} || last != line.data() + end)
    return line_kind::bad;
  const auto newline = position_ + 1 + end + 1;
  if (newline >= input.size())
    return line_kind::more;
  if (input[newline] != '\n')
    return line_kind::bad;
  position_ = newline + 1;
  return line_kind::complete;
}

request_parser::status request_parser::parse_array(std::string_view input) {
  if (!begun_) {
    std::int64_t count = 0;
    switch (read_number(input, count)) {
      case line_kind::more:
        return status::more;
      case line_kind::bad:
        return fail("invalid multibulk length");
      case line_kind::complete:
        break;
    }
    if (count > static_cast<std::int64_t>(request_args_max))
      return fail("invalid multibulk length");
    begun_ = true;
    parts_left_ = count > 0 ? static_cast<std::size_t>(count) : 0;
    parts_.reserve(std::min(parts_left_, kept_parts));
  }
  return parse_bulks(input);
}

request_parser::status
request_parser::parse_bulk_header(std::string_view input) {
  if (input[position_] != '$') {
    const char got = input[position_];
    const bool shown = got > ' ' && got <= '~';
    return fail("expected '$', got '" + std::string(1, shown ? got : '?')
                + "'");
  }
  std::int64_t size = 0;
  switch (read_number(input, size)) {
    case line_kind::more:
      return status::more;
    case line_kind::bad:
      return fail("invalid bulk length");
    case line_kind::complete:
      break;
  }
  if (size < 0 || size > static_cast<std::int64_t>(kv::value_bytes_max))
    return fail("invalid bulk length");
  bulk_bytes_ = static_cast<std::size_t>(size);
  if (position_ + bulk_bytes_ > request_bytes_max)
    return fail("too big request");
  in_bulk_ = true;
  return status::ready;
}

request_parser::status request_parser::parse_bulks(std::string_view input) {
  while (parts_left_ > 0) {
    if (!in_bulk_) {
      if (position_ >= input.size())
        return status::more;
      if (const auto header = parse_bulk_header(input); header != status::ready)
        return header;
    }
    const auto end = position_ + bulk_bytes_;
    if (input.size() < end + 2)
      return status::more;
    if (input[end] != '\r' || input[end + 1] != '\n')
      return fail("expected a line end after a bulk string");
    parts_.push_back({position_, bulk_bytes_});
    position_ = end + 2;
    in_bulk_ = false;
    --parts_left_;
  }
  return finish(input);
}

// -- lines --------------------------------------------------------------------

request_parser::status request_parser::parse_line(std::string_view input) {
  const auto end = input.substr(0, inline_bytes_max).find('\n', position_);
  if (end == std::string_view::npos) {
    position_ = std::min(input.size(), inline_bytes_max);
    return input.size() < inline_bytes_max ? status::more
                                           : fail("too big inline request");
  }
  position_ = end + 1;
  const bool with_return = end > 0 && input[end - 1] == '\r';
  if (!split_line(input.substr(0, with_return ? end - 1 : end)))
    return fail("unbalanced quotes in request");
  return finish(unquoted_);
}

/// False: quotes do not match.
bool request_parser::split_line(std::string_view line) {
  unquoted_.clear();
  for (std::size_t i = 0; i < line.size();) {
    if (is_space(line[i])) {
      ++i;
      continue;
    }
    const auto begin = unquoted_.size();
    i = unquote(line, i, unquoted_);
    if (i == std::string_view::npos)
      return false;
    parts_.push_back({begin, unquoted_.size() - begin});
  }
  return true;
}

/// All parts are known, and lie in `from`.
request_parser::status request_parser::finish(std::string_view from) {
  args_.reserve(parts_.size());
  for (const auto& x : parts_)
    args_.push_back(from.substr(x.offset, x.size));
  return status::ready;
}

} // namespace cohort::resp
