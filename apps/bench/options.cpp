#include "bench/options.hpp"

#include <charconv>
#include <cmath>
#include <optional>

namespace cohort::bench {

namespace {

constexpr double seconds_max = 86'400;

/// All of `text` as a number.
template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc{} || stop != end)
    return std::nullopt;
  return value;
}

/// Sets `out` to a number in [low, high]. False: `text` is none.
template <class T>
bool set_number(T& out, std::string_view text, T low, T high) {
  const auto value = number<T>(text);
  // Put so that a NaN is refused, too.
  if (!value || !(low <= *value && *value <= high))
    return false;
  out = *value;
  return true;
}

bool set_seconds(std::int64_t& out_ns, std::string_view text) {
  double seconds = 0;
  if (!set_number(seconds, text, 0.0, seconds_max))
    return false;
  out_ns = std::llround(seconds * 1e9);
  return true;
}

/// Sets `out` to the value that goes by the name `text`. False: none does.
template <class T>
bool set_name(T& out, std::string_view text, std::string_view first,
              T first_value, std::string_view second, T second_value) {
  if (text != first && text != second)
    return false;
  out = text == first ? first_value : second_value;
  return true;
}

std::optional<endpoint> endpoint_in(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos)
    return std::nullopt;
  endpoint result{std::string{text.substr(0, colon)}, 0};
  if (!set_number<std::uint16_t>(result.port, text.substr(colon + 1), 1, 65535))
    return std::nullopt;
  return result;
}

/// A list of endpoints with commas between them.
bool set_endpoints(std::vector<endpoint>& out, std::string_view text) {
  out.clear();
  for (;;) {
    const auto comma = text.find(',');
    const auto one = endpoint_in(text.substr(0, comma));
    if (!one)
      return false;
    out.push_back(*one);
    if (comma == std::string_view::npos)
      return true;
    text.remove_prefix(comma + 1);
  }
}

enum class outcome { set, bad_value, unknown };

outcome set_option(options& out, std::string_view name,
                   std::string_view value) {
  const auto to = [](bool good) {
    return good ? outcome::set : outcome::bad_value;
  };
  auto& work = out.work;
  if (name == "--protocol")
    return to(set_name(out.protocol, value, "resp", protocol_kind::resp, "etcd",
                       protocol_kind::etcd));
  if (name == "--endpoints")
    return to(set_endpoints(out.endpoints, value));
  if (name == "--spread")
    return to(set_name(out.spread, value, "yes", true, "no", false));
  if (name == "--clients")
    return to(
      set_number<std::size_t>(out.clients, value, 1, options::clients_max));
  if (name == "--in-flight")
    return to(
      set_number<std::size_t>(out.in_flight, value, 1, options::in_flight_max));
  if (name == "--wait")
    return to(set_number(out.wait_replicas, value, 0u, 16u));
  if (name == "--operation")
    return to(set_name(work.kind, value, "set", operation_kind::set, "get",
                       operation_kind::get));
  if (name == "--order")
    return to(set_name(work.order, value, "uniform", key_order::uniform,
                       "sequential", key_order::sequential));
  if (name == "--keys")
    return to(
      set_number<std::uint64_t>(work.keys, value, 1, workload::keys_max));
  if (name == "--value-bytes")
    return to(set_number<std::size_t>(work.value_bytes, value, 0,
                                      options::value_bytes_max));
  if (name == "--count")
    return to(set_number<std::uint64_t>(work.limit, value, 1, UINT64_MAX));
  if (name == "--seed")
    return to(set_number<std::uint64_t>(work.seed, value, 0, UINT64_MAX));
  if (name == "--seconds")
    return to(set_seconds(out.window_ns, value));
  if (name == "--warm-up")
    return to(set_seconds(out.warm_up_ns, value));
  return outcome::unknown;
}

result<options> validated(options x) {
  if (x.endpoints.empty())
    return {errc::invalid, "--endpoints is missing"};
  if (x.wait_replicas > 0 && x.protocol != protocol_kind::resp)
    return {errc::invalid, "--wait goes with --protocol resp"};
  if (x.window_ns == 0)
    return {errc::invalid, "--seconds must be above 0"};
  return x;
}

} // namespace

result<options> parse_options(std::span<const std::string_view> arguments) {
  options result;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const auto name = arguments[i];
    if (i + 1 == arguments.size())
      return {errc::invalid, std::string{name} + " needs a value"};
    const auto value = arguments[i + 1];
    switch (set_option(result, name, value)) {
      case outcome::set:
        break;
      case outcome::bad_value:
        return {errc::invalid,
                std::string{name} + " cannot be \"" + std::string{value} + '"'};
      case outcome::unknown:
        return {errc::invalid, "there is no option " + std::string{name}};
    }
  }
  return validated(std::move(result));
}

std::string_view usage() {
  return R"(cohort-load: a closed loop of clients against a cluster

  --endpoints A:P,...  servers, as numeric addresses; a client that loses its
                       connection goes on to the next
  --protocol resp      or etcd
  --spread no          yes: clients begin at all endpoints in turn
  --clients 1          connections
  --in-flight 1        operations of one client at a time
  --wait 0             RESP: each batch of writes ends with WAIT for so many
                       replicas; a batch is all that one client has in flight
  --operation set      or get
  --keys 100000        how many keys there are
  --order uniform      or sequential
  --value-bytes 256
  --seconds 5          how long to measure
  --warm-up 1          how many seconds to run before
  --count N            instead of both: run until N operations completed
  --seed 1             of keys and values

Writes "measuring" to standard error when the warm-up is over, and the result
as JSON to standard output. "cohort-load --protocols" says which ones it was
built with.
)";
}

} // namespace cohort::bench
