// What a run did: counts, latencies, errors, and the longest silence.
#pragma once

#include "bench/histogram.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::bench {

/// Collects the events of one run, over all its clients. Times are nanoseconds
/// of one monotonic clock, and reach it in order. Latencies and the gap are
/// those of the measured window, which opens after the warm-up.
class tally {
public:
  /// Errors beyond this many kinds are counted as "other".
  static constexpr std::size_t error_kinds_max = 32;

  /// The longest time without a completed operation, of any client: from the
  /// opening to the first, between two, or from the last to the closing.
  struct gap {
    std::int64_t length_ns = 0;
    std::int64_t began_ns = 0; ///< counted from the opening of the window
  };

  /// Precondition: not opened before.
  void open(std::int64_t now_ns);

  /// Precondition: opened and not closed before.
  void close(std::int64_t now_ns);

  bool is_open() const {
    return opened_ns_ && !closed_ns_;
  }

  /// `operations` operations that were first sent at `began_ns` succeeded now.
  void completed(std::int64_t began_ns, std::int64_t now_ns,
                 std::size_t operations);

  /// One request failed. It is not a completed one, but may become one later.
  void failed(std::string_view kind);

  /// Completed in the window.
  std::uint64_t operations() const {
    return latencies_.count();
  }

  /// Completed in the whole run, warm-up included: what the servers' use of the
  /// processor over the run is divided by.
  std::uint64_t operations_ever() const {
    return operations_ever_;
  }

  const histogram& latencies() const {
    return latencies_;
  }
  const gap& longest_gap() const {
    return longest_gap_;
  }
  const std::map<std::string, std::uint64_t, std::less<>>& errors() const {
    return errors_;
  }

  /// The length of the window; 0 before it is closed.
  std::int64_t window_ns() const {
    return closed_ns_ ? *closed_ns_ - *opened_ns_ : 0;
  }

private:
  void end_of_gap(std::int64_t now_ns);

  std::optional<std::int64_t> opened_ns_;
  std::optional<std::int64_t> closed_ns_;
  std::int64_t last_completed_ns_ = 0;
  std::uint64_t operations_ever_ = 0;
  histogram latencies_;
  gap longest_gap_;
  std::map<std::string, std::uint64_t, std::less<>> errors_;
};

} // namespace cohort::bench
