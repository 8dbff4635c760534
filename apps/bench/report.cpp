#include "bench/report.hpp"

#include "core/check.hpp"

#include <cstdio>
#include <string_view>

namespace cohort::bench {

namespace {

/// Printable ASCII as it is; what JSON reserves, and all else, as an escape.
/// Error kinds come from servers, so they may hold anything.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code >= 0x20 && code < 0x7f && c != '"' && c != '\\') {
      result += c;
    } else {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", code);
      result += escape;
    }
  }
  return result + '"';
}

std::string decimal(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.3f", value);
  return text;
}

/// "name": value, with a comma before all but the first.
void append(std::string& out, std::string_view name, const std::string& value) {
  if (out.back() != '{')
    out += ", ";
  out += quoted(name) + ": " + value;
}

double in(double unit_ns, std::int64_t value_ns) {
  return static_cast<double>(value_ns) / unit_ns;
}

constexpr double second = 1e9;
constexpr double millisecond = 1e6;
constexpr double microsecond = 1e3;

} // namespace

std::string to_json(const tally& results, std::int64_t own_cpu_ns) {
  COHORT_CHECK(results.window_ns() > 0);
  const auto window_ns = results.window_ns();
  const auto& latencies = results.latencies();
  const auto us = [](std::uint64_t value_ns) {
    return decimal(static_cast<double>(value_ns) / microsecond);
  };
  std::string out = "{";
  append(out, "seconds", decimal(in(second, window_ns)));
  append(out, "operations", std::to_string(results.operations()));
  append(out, "operations_ever", std::to_string(results.operations_ever()));
  append(
    out, "per_second",
    decimal(static_cast<double>(results.operations()) / in(second, window_ns)));
  append(out, "p50_us", us(latencies.quantile(0.5)));
  append(out, "p99_us", us(latencies.quantile(0.99)));
  append(out, "max_us", us(latencies.max()));
  const auto& gap = results.longest_gap();
  append(out, "gap_ms", decimal(in(millisecond, gap.length_ns)));
  append(out, "gap_began_ms", decimal(in(millisecond, gap.began_ns)));
  append(
    out, "own_cpu_cores",
    decimal(static_cast<double>(own_cpu_ns) / static_cast<double>(window_ns)));
  std::string errors = "{";
  for (const auto& [kind, count] : results.errors())
    append(errors, kind, std::to_string(count));
  append(out, "errors", errors + '}');
  return out + '}';
}

} // namespace cohort::bench
