#include "node/trace.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace cohort::daemon {

namespace {

spdlog::level::level_enum level_of(runtime::severity x) {
  switch (x) {
    case runtime::severity::info:
      return spdlog::level::info;
    case runtime::severity::warning:
      return spdlog::level::warn;
    case runtime::severity::error:
      break;
  }
  return spdlog::level::err;
}

} // namespace

void open_trace(const std::string& node, const std::string& level) {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>(node, std::move(sink));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %n: %v",
                      spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

runtime::trace_sink node_trace() {
  return [](runtime::severity level, const std::string& text) {
    spdlog::log(level_of(level), "{}", text);
  };
}

} // namespace cohort::daemon
