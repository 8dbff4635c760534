// What all clients of a run did and saw. Pure.
#pragma once

#include "testkit/history/operation.hpp"
#include "testkit/kv/client_items.hpp"
#include "testkit/kv/client_operation.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cohort::testkit {

struct client_counts {
  std::uint64_t completed = 0;
  std::uint64_t refused = 0; ///< without effect
  std::uint64_t unknown = 0; ///< changes in doubt
  std::uint64_t connections_lost = 0;
};

/// Draws what is done, and writes a history of it. Its times are those of the
/// order in which clients spoke and heard.
class client_journal {
public:
  client_journal(std::uint64_t seed, std::size_t of_kind,
                 std::size_t padding_max)
    : items_(of_kind),
      writer_(seed, padding_max) {}

  /// Operations on different items; fewer where too many are open already.
  std::vector<client_operation> draw(rng& random, std::size_t many);

  /// On what only this client uses: each takes effect after the one before it,
  /// although they are asked for at once (K3).
  std::vector<client_operation> draw_own(std::uint64_t client,
                                         std::size_t many);

  operation_writer& writer() {
    return writer_;
  }
  const std::vector<history::key_id>& keys() const {
    return items_.keys();
  }

  /// A client asks now.
  history::time_point begin(const client_operation& x);

  /// A moment after all that were.
  history::time_point now() {
    return ++last_time_;
  }

  /// What it asked for at that time has come to an end, which it heard of now,
  /// from a node.
  void end(std::uint64_t client, const std::string& node,
           const client_operation& x, history::time_point called, told what);

  void lost_connection() {
    ++counts_.connections_lost;
  }

  /// Of a node since it was forgotten.
  std::uint64_t completed_at(const std::string& node) const;
  void forget(const std::string& node) {
    completed_at_.erase(node);
  }

  const client_counts& counts() const {
    return counts_;
  }
  const std::vector<history::operation>& operations() const {
    return operations_;
  }

private:
  client_items items_;
  operation_writer writer_;
  history::time_point last_time_ = 0;
  std::vector<history::operation> operations_;
  std::map<std::string, std::uint64_t> completed_at_;
  client_counts counts_;
};

} // namespace cohort::testkit
