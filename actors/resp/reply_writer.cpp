#include "resp/reply_writer.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace cohort::resp {

namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view null_string = "$-1\r\n";
constexpr std::string_view null_array = "*-1\r\n";

/// Verbatim text begins with its kind, such as "txt:".
constexpr std::size_t verbatim_kind_bytes = 4;

template <class Number>
void append_number(std::string& out, Number value) {
  std::array<char, 32> digits;
  const auto end =
    std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_bulk(std::string& out, std::string_view text) {
  out += '$';
  append_number(out, text.size());
  out += line_end;
  out += text;
  out += line_end;
}

} // namespace

void reply_writer::header(char kind, std::size_t count) {
  out_ += kind;
  append_number(out_, count);
  out_ += line_end;
}

void reply_writer::simple(std::string_view text) {
  out_ += '+';
  out_ += text;
  out_ += line_end;
}

void reply_writer::error(std::string_view text) {
  out_ += '-';
  for (const char x : text)
    out_ += x == '\r' || x == '\n' ? ' ' : x;
  out_ += line_end;
}

void reply_writer::integer(std::int64_t value) {
  out_ += ':';
  append_number(out_, value);
  out_ += line_end;
}

void reply_writer::bulk(std::string_view text) {
  append_bulk(out_, text);
}

void reply_writer::null() {
  out_ += spoken_ == protocol::resp3 ? "_\r\n" : null_string;
}

void reply_writer::array(std::size_t count) {
  header('*', count);
}

void reply_writer::map(std::size_t count) {
  if (spoken_ == protocol::resp3)
    header('%', count);
  else
    header('*', count * 2);
}

void reply_writer::set(std::size_t count) {
  header(spoken_ == protocol::resp3 ? '~' : '*', count);
}

void reply_writer::number(double value) {
  std::string text;
  if (std::isnan(value))
    text = "nan";
  else if (std::isinf(value))
    text = value > 0 ? "inf" : "-inf";
  else
    append_number(text, value);
  if (spoken_ == protocol::resp2)
    return bulk(text);
  out_ += ',';
  out_ += text;
  out_ += line_end;
}

void reply_writer::boolean(bool value) {
  if (spoken_ == protocol::resp3)
    out_ += value ? "#t\r\n" : "#f\r\n";
  else
    integer(value ? 1 : 0);
}

void reply_writer::verbatim(std::string_view text) {
  if (spoken_ == protocol::resp2)
    return bulk(text);
  header('=', text.size() + verbatim_kind_bytes);
  out_ += "txt:";
  out_ += text;
  out_ += line_end;
}

// -- RESP3 to RESP2 -----------------------------------------------------------

namespace {

/// Walks over a reply, element by element: each is converted by itself, nested
/// or not, since only headers differ.
class converter {
public:
  converter(std::string_view reply, null_style style, std::string& out)
    : left_(reply),
      style_(style),
      out_(out) {}

  void run() {
    while (!left_.empty())
      if (!step()) {
        out_ += left_;
        return;
      }
  }

private:
  /// Converts the next header or value. False: it is malformed.
  bool step() {
    const auto end = left_.find(line_end);
    if (end == std::string_view::npos)
      return false;
    const auto text = left_.substr(1, end - 1);
    const auto line = left_.substr(0, end + line_end.size());
    const auto style = std::exchange(style_, null_style::string);
    switch (left_.front()) {
      case '$':
      case '=':
        return string(line, text);
      case '*':
        out_ += line;
        break;
      case '~':
      case '>':
        return aggregate(line, text, 1);
      case '%':
        return aggregate(line, text, 2);
      case '_':
        out_ += style == null_style::string ? null_string : null_array;
        break;
      case '#':
        out_ += text == "t" ? ":1\r\n" : ":0\r\n";
        break;
      case ',':
      case '(':
        append_bulk(out_, text);
        break;
      default:
        out_ += line;
        break;
    }
    left_.remove_prefix(line.size());
    return true;
  }

  bool string(std::string_view line, std::string_view text) {
    std::size_t size = 0;
    if (!to_size(text, size) || left_.size() - line.size() < line_end.size()
        || size > left_.size() - line.size() - line_end.size())
      return false;
    const auto content = left_.substr(line.size(), size);
    if (left_.front() == '$')
      append_bulk(out_, content);
    else if (size >= verbatim_kind_bytes)
      append_bulk(out_, content.substr(verbatim_kind_bytes));
    else
      return false;
    left_.remove_prefix(line.size() + size + line_end.size());
    return true;
  }

  bool aggregate(std::string_view line, std::string_view text,
                 std::size_t factor) {
    std::size_t count = 0;
    if (!to_size(text, count))
      return false;
    out_ += '*';
    append_number(out_, count * factor);
    out_ += line_end;
    left_.remove_prefix(line.size());
    return true;
  }

  static bool to_size(std::string_view text, std::size_t& to) {
    const auto [end, code] = std::from_chars(text.data(),
                                             text.data() + text.size(), to);
    return code == std::errc{} && end == text.data() + text.size();
  }

  std::string_view left_;
  null_style style_;
  std::string& out_;
};

} // namespace

void to_resp2(std::string_view reply, null_style style, std::string& out) {
  if (reply.empty())
    return;
  switch (reply.front()) {
    case '+':
    case '-':
    case ':':
    case '$': // the common ones are the same in both
      out += reply;
      return;
    default:
      converter{reply, style, out}.run();
  }
}

} // namespace cohort::resp
