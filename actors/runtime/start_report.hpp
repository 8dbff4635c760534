// How the start of a node went.
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <future>
#include <mutex>
#include <utility>

namespace cohort::runtime {

/// Several parts of a node know how its start went: the first word counts.
/// Thread-safe.
class start_report {
public:
  /// The port that peers find the node at, or why it did not start. Once.
  std::future<result<std::uint16_t>> outcome() {
    return promise_.get_future();
  }

  void set(result<std::uint16_t> port) {
    std::call_once(once_, [&] { promise_.set_value(std::move(port)); });
  }

private:
  std::once_flag once_;
  std::promise<result<std::uint16_t>> promise_;
};

} // namespace cohort::runtime
