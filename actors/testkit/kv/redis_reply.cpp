#include "testkit/kv/redis_reply.hpp"

#include <charconv>
#include <optional>

namespace cohort::testkit {

namespace {

constexpr std::string_view line_end = "\r\n";
constexpr int depth_max = 4;
constexpr std::size_t shown_bytes_max = 60;

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t x = 0;
  const auto* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, x);
  if (text.empty() || read.ec != std::errc{} || read.ptr != end)
    return std::nullopt;
  return x;
}

error not_a_reply(std::string_view from) {
  return {errc::invalid, "not a reply: '"
                           + std::string{from.substr(0, shown_bytes_max)}
                           + "'"};
}

/// One reply after the other, as far as there are bytes.
class replies_reader {
public:
  explicit replies_reader(std::string_view from) : from_(from) {}

  /// False: cut off.
  result<bool> read(redis_reply& into, int depth) {
    const auto end = from_.find(line_end, at_);
    if (end == std::string_view::npos)
      return false;
    const auto line = from_.substr(at_, end - at_);
    if (line.empty() || depth > depth_max)
      return not_a_reply(from_.substr(at_));
    at_ = end + line_end.size();
    return read_kind(line.front(), line.substr(1), into, depth);
  }

  std::size_t at() const {
    return at_;
  }

private:
  result<bool> read_kind(char kind, std::string_view line, redis_reply& into,
                         int depth) {
    into.text = line;
    if (kind == '+' || kind == '-') {
      into.what = kind == '+' ? redis_reply::kind::simple
                              : redis_reply::kind::error;
      return true;
    }
    const auto number = number_of(line);
    if (!number)
      return not_a_reply(line);
    into.number = *number;
    if (kind == ':') {
      into.what = redis_reply::kind::integer;
      return true;
    }
    if ((kind != '$' && kind != '*') || *number < -1)
      return not_a_reply(line);
    if (*number == -1) {
      into.what = redis_reply::kind::null;
      return true;
    }
    return kind == '$' ? read_bulk(into) : read_array(into, depth);
  }

  result<bool> read_bulk(redis_reply& into) {
    into.what = redis_reply::kind::bulk;
    const auto size = static_cast<std::size_t>(into.number);
    if (from_.size() - at_ < size + line_end.size())
      return false;
    if (from_.substr(at_ + size, line_end.size()) != line_end)
      return not_a_reply(from_.substr(at_));
    into.text = from_.substr(at_, size);
    at_ += size + line_end.size();
    return true;
  }

  result<bool> read_array(redis_reply& into, int depth) {
    into.what = redis_reply::kind::array;
    for (auto left = into.number; left > 0; --left) {
      auto got = read(into.elements.emplace_back(), depth + 1);
      if (!got || !*got)
        return got;
    }
    return true;
  }

  std::string_view from_;
  std::size_t at_ = 0;
};

} // namespace

std::string to_string(const redis_reply& x) {
  std::string result;
  switch (x.what) {
    case redis_reply::kind::null:
      return "nil";
    case redis_reply::kind::integer:
      return std::to_string(x.number);
    case redis_reply::kind::error:
      return "error " + x.text;
    case redis_reply::kind::simple:
    case redis_reply::kind::bulk:
      if (x.text.size() <= shown_bytes_max)
        return '\'' + x.text + '\'';
      return '\'' + x.text.substr(0, shown_bytes_max) + "...'";
    case redis_reply::kind::array:
      break;
  }
  for (const auto& element : x.elements)
    result += (result.empty() ? "" : ", ") + to_string(element);
  return '[' + result + ']';
}

result<std::size_t> read_reply(std::string_view from, redis_reply& into) {
  replies_reader reader{from};
  into = {};
  const auto whole = reader.read(into, 0);
  if (!whole)
    return whole.err();
  return *whole ? reader.at() : 0;
}

void append_request(const std::vector<std::string>& words, std::string& out) {
  out += '*' + std::to_string(words.size()) + "\r\n";
  for (const auto& word : words)
    out += '$' + std::to_string(word.size()) + "\r\n" + word + "\r\n";
}

} // namespace cohort::testkit
