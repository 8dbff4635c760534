// Addresses, sizes and names as people write them.
#include "fuzz/bytes_source.hpp"
#include "fuzz/fuzz_target.hpp"
#include "node/value_text.hpp"
#include "transport/socket_address.hpp"

#include <algorithm>

namespace cohort::fuzz::value_text_fuzz {

namespace {

bool read_endpoint(std::string_view text) {
  const auto x = config::parse_endpoint(text);
  if (!x) {
    expect(x.err().code == errc::invalid && !x.err().message.empty(),
           "an error says what to write");
    return false;
  }
  expect(x->port != 0 && !x->host.empty(), "an endpoint has host and port");
  const auto again = config::parse_endpoint(to_string(*x));
  expect(again.ok() && *again == *x, "an endpoint is read as it is written");
  return true;
}

bool read_size(std::string_view text) {
  const auto x = config::parse_size(text);
  if (!x) {
    expect(x.err().code == errc::invalid && !x.err().message.empty(),
           "an error says what to write");
    return false;
  }
  expect(*x <= std::uint64_t{INT64_MAX}, "a size fits a topology file");
  const auto again = config::parse_size(std::to_string(*x));
  expect(again.ok() && *again == *x, "a size is read as it is written");
  return true;
}

bool find_nearest(bytes_source from) {
  const auto word = from.text();
  std::vector<std::string> known;
  while (!from.empty() && known.size() < 16)
    known.emplace_back(from.text().substr(0, 100));
  const auto found = config::nearest(word, known);
  expect(found.empty()
           || std::find(known.begin(), known.end(), found) != known.end(),
         "what is proposed is known");
  static_cast<void>(config::alternatives(known));
  return !found.empty();
}

bool read_address(std::string_view text) {
  const std::string address{text};
  const bool loopback = transport::is_loopback(address);
  const auto x = transport::parse_address(address, 1);
  expect(x.has_value() || !loopback, "what is on loopback is an address");
  return x.has_value();
}

} // namespace

COHORT_FUZZ_TARGET(value_text) {
  bytes_source from{input};
  switch (from.byte() % 4) {
    case 0:
      return read_endpoint(from.rest());
    case 1:
      return read_size(from.rest());
    case 2:
      return find_nearest(bytes_source{from.rest()});
    default:
      return read_address(from.rest());
  }
}

} // namespace cohort::fuzz::value_text_fuzz
