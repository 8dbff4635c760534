// Messages on their way, in the order they were sent.
#pragma once

#include "testkit/protocol/member.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace cohort::testkit::protocol {

/// A queue from whose middle one may take: what moves is small.
class packet_queue {
public:
  std::size_t size() const {
    return order_.size() - head_;
  }
  const packet& operator[](std::size_t i) const {
    return slots_[order_[head_ + i]];
  }

  void push(packet x) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    order_.push_back(free_.back());
    free_.pop_back();
    slots_[order_.back()] = std::move(x);
  }

  /// Precondition: i < size().
  packet take(std::size_t i) {
    const auto at = order_.begin() + static_cast<std::ptrdiff_t>(head_ + i);
    const auto slot = *at;
    if (i == 0)
      drop_front();
    else
      order_.erase(at);
    free_.push_back(slot);
    return std::move(slots_[slot]);
  }

private:
  /// What may lie before the head at least, before it is given back.
  static constexpr std::size_t slack_max = 1024;

  void drop_front() {
    if (++head_ < slack_max || 2 * head_ < order_.size())
      return;
    order_.erase(order_.begin(),
                 order_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }

  std::vector<packet> slots_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> order_; ///< slots; those before head_ are taken
  std::size_t head_ = 0;
};

} // namespace cohort::testkit::protocol
