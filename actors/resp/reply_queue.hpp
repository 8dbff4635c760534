// Replies of one connection, in the order of its requests (K3). Pure.
#pragma once

#include "core/check.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::resp {

/// Requests get places in order; replies come in any order and leave in that of
/// the places.
class reply_queue {
public:
  using place = std::uint64_t;

  /// A place behind all others.
  place reserve() {
    waiting_.emplace_back();
    return first_ + waiting_.size() - 1;
  }

  /// Precondition: the place is reserved and not filled.
  void fill(place at, std::string reply) {
    COHORT_CHECK(at >= first_ && at - first_ < waiting_.size());
    auto& x = waiting_[at - first_];
    COHORT_CHECK(!x.filled);
    x.filled = true;
    x.reply = std::move(reply);
  }

  /// Whether a reply to a place could leave at once.
  bool is_next(place at) const {
    return at == first_;
  }

  /// Gives up the first place: its reply was written elsewhere.
  void skip_first() {
    COHORT_CHECK(!waiting_.empty() && !waiting_.front().filled);
    waiting_.pop_front();
    ++first_;
  }

  /// Appends what can leave to `out`.
  void take(std::string& out) {
    while (!waiting_.empty() && waiting_.front().filled) {
      out += waiting_.front().reply;
      waiting_.pop_front();
      ++first_;
    }
  }

  /// Requests without a reply.
  std::size_t size() const {
    return waiting_.size();
  }

private:
  struct slot {
    bool filled = false;
    std::string reply;
  };

  place first_ = 0;
  std::deque<slot> waiting_;
};

} // namespace cohort::resp
