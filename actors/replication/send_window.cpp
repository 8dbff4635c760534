#include "replication/send_window.hpp"

#include "core/mutant.hpp"

#include <algorithm>

namespace cohort::replication {

void send_window::sent(index_t last, std::size_t size) {
  bytes_ += size;
  in_flight_.push_back({last, size, delivered_});
}

void send_window::acknowledged(index_t match) {
  std::uint64_t per_round_trip = 0;
  while (!in_flight_.empty() && in_flight_.front().last <= match) {
    const auto& x = in_flight_.front();
    bytes_ -= x.size;
    delivered_ += x.size;
    per_round_trip = std::max(per_round_trip, delivered_ - x.delivered_before);
    in_flight_.pop_front();
  }
  if (per_round_trip > 0)
    bytes_limit_ = std::clamp<std::size_t>(
      2 * per_round_trip, limits_.bytes_start, limits_.bytes_max);
}

void send_window::clear() {
  in_flight_.clear();
  if (!mutated(mutant::window_leaks))
    bytes_ = 0;
}

} // namespace cohort::replication
