#include "machine/kv/reply.hpp"

#include <charconv>
#include <limits>

namespace cohort::kv::reply {

namespace {

void number_line(std::string& to, char kind, std::int64_t x) {
  char buffer[std::numeric_limits<std::int64_t>::digits10 + 2];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, x).ptr;
  to += kind;
  to.append(buffer, end);
  to += "\r\n";
}

} // namespace

void integer(std::string& to, std::int64_t x) {
  number_line(to, ':', x);
}

void bulk(std::string& to, std::string_view x) {
  number_line(to, '$', static_cast<std::int64_t>(x.size()));
  to += x;
  to += "\r\n";
}

void null(std::string& to) {
  to += "_\r\n";
}

void ok(std::string& to) {
  to += "+OK\r\n";
}

void simple(std::string& to, std::string_view x) {
  to += '+';
  to += x;
  to += "\r\n";
}

void error(std::string& to, std::string_view x) {
  to += '-';
  to += x;
  to += "\r\n";
}

void array(std::string& to, std::size_t count) {
  number_line(to, '*', static_cast<std::int64_t>(count));
}

void map(std::string& to, std::size_t count) {
  number_line(to, '%', static_cast<std::int64_t>(count));
}

} // namespace cohort::kv::reply
