// Redis's protocol: spoken by Cohort, Redis and bench/ceiling.cpp.
#pragma once

#include "bench/protocol.hpp"
#include "bench/resp_codec.hpp"

#include <deque>

namespace cohort::bench {

/// Replies come in the order of the requests. With `wait_replicas`, each batch
/// of writes ends with a WAIT, and counts only when that many replicas confirm
/// it: this is how Redis is asked for a second copy.
class resp_protocol : public protocol {
public:
  /// How long a WAIT may take.
  static constexpr unsigned wait_timeout_ms = 1000;

  /// 0 replicas: no WAIT.
  explicit resp_protocol(unsigned wait_replicas)
    : wait_replicas_(wait_replicas) {}

  void start(std::string& out) override;
  void submit(std::size_t slot, std::span<const operation> batch,
              std::string& out) override;
  result<void> receive(std::string_view input, std::string& out,
                       std::vector<completion>& done) override;

private:
  struct request {
    completion outcome;
    operation_kind kind;
    std::size_t operations_left; ///< replies to come before that of the WAIT
    bool wait_left;
  };

  /// Counts one reply for the oldest request. False: a reply of a kind that
  /// does not answer it.
  bool accept(const resp::reply& reply);

  unsigned wait_replicas_;
  std::deque<request> in_flight_;
  std::string partial_; ///< the beginning of a reply that is not complete
};

} // namespace cohort::bench
