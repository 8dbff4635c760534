#include "runtime/snapshot_pins.hpp"

namespace cohort::runtime {

void snapshot_pins::stored(replication::log_base base) {
  bases_.emplace_back(std::move(base), handed_bytes_);
}

std::optional<replication::log_base> snapshot_pins::take_cut(bool full) {
  auto keep = deliveries_.empty() ? limits_.kept_bytes : limits_.pinned_bytes;
  if (full)
    keep = 0;
  std::optional<replication::log_base> cut;
  while (!bases_.empty() && handed_bytes_ - bases_.front().second >= keep) {
    cut = std::move(bases_.front().first);
    bases_.pop_front();
  }
  return cut;
}

} // namespace cohort::runtime
