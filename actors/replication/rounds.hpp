// Rounds: how a primary learns that it still leads (E2, E4).
#pragma once

#include "core/mutant.hpp"

#include <cstdint>
#include <deque>
#include <vector>

namespace cohort::replication {

/// Numbers the rounds of one primary in one term, and keeps the reads that wait
/// for them. A round is one request to every voter; it is confirmed when a read
/// quorum has answered it. A read may rely on a round that began after the read
/// came: one round serves all that wait.
class rounds {
public:
  std::uint64_t started() const {
    return started_;
  }

  /// The number of a round that will begin after now. It begins at the next
  /// start(), or once the open round is confirmed.
  std::uint64_t request() {
    if (confirmed_ < started_ && mutated(mutant::reads_join_open_round))
      return started_;
    return wanted_ = started_ + 1;
  }

  /// A read waits.
  void add_read(std::uint64_t id) {
    reads_.push_back({id, request()});
  }

  /// Begins a round if one is wanted and none is open. True: send it to all.
  bool start() {
    if (wanted_ <= started_ || confirmed_ < started_)
      return false;
    ++started_;
    return true;
  }

  /// A read quorum answered round `n`.
  void confirm(std::uint64_t n) {
    if (n > confirmed_)
      confirmed_ = n;
  }

  /// Takes out the reads whose round is confirmed, in the order they came.
  std::vector<std::uint64_t> take_confirmed_reads() {
    std::vector<std::uint64_t> result;
    while (!reads_.empty()
           && (reads_.front().round <= confirmed_
               || mutated(mutant::reads_unconfirmed))) {
      result.push_back(reads_.front().id);
      reads_.pop_front();
    }
    return result;
  }

  /// Takes out all reads: the primary steps down.
  std::vector<std::uint64_t> take_all_reads() {
    std::vector<std::uint64_t> result;
    for (const auto& x : reads_)
      result.push_back(x.id);
    reads_.clear();
    return result;
  }

private:
  struct waiting_read {
    std::uint64_t id;
    std::uint64_t round;
  };

  std::uint64_t started_ = 0;
  std::uint64_t confirmed_ = 0;
  std::uint64_t wanted_ = 0;
  std::deque<waiting_read> reads_;
};

} // namespace cohort::replication
