// What a node asks of the meta set: new incarnations for nodes that come with
// empty disks, and the end of those whose disks went back in time (C1, C2).
// Pure.
#pragma once

#include "codec/meta_codec.hpp"
#include "codec/node_messages.hpp"
#include "machine/session_sender.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cohort::runtime {

/// Asks the meta set's primary, for each node once at a time. Time comes in as
/// milliseconds of a monotonic clock. Not thread-safe.
class meta_client {
public:
  explicit meta_client(const machine::sender_options& options)
    : sender_(options) {}

  /// A node with an empty disk asks to join. It is told that it would take the
  /// place of `current`, its incarnation as far as this node knows, and only
  /// who knows that is given a new one.
  void join(const std::string& from, const join_request& request,
            node_id current, std::int64_t now_ms);

  /// The disk of this incarnation went back in time: asks until it is buried.
  void bury(node_id incarnation) {
    burials_.try_emplace(incarnation);
  }

  /// Where the meta set is kept; asked in turn while its primary is not known.
  void members(std::vector<node_id> nodes) {
    members_ = std::move(nodes);
  }
  void primary_is(node_id primary, std::int64_t now_ms) {
    sender_.primary_is(primary, now_ms);
  }
  void reconnected(node_id node, std::int64_t now_ms) {
    sender_.reconnected(node, now_ms);
  }
  void received(const client_reply& reply, std::int64_t now_ms) {
    sender_.received(reply, now_ms);
  }
  void tick(std::int64_t now_ms);

  std::vector<machine::outgoing_request> take_outgoing() {
    return sender_.take_outgoing();
  }

  /// A node that asked, and its answer. Without one it asks again.
  struct answer {
    std::string to;
    join_reply reply;
  };
  std::vector<answer> take_answers();

private:
  struct asking {
    std::string from;
    std::uint64_t nonce = 0;
  };

  std::uint64_t submit(const meta_command& x, std::int64_t now_ms);
  bool settle_burial(const machine::finished_work& x);

  machine::session_sender sender_;
  std::vector<node_id> members_;
  std::size_t next_member_ = 0;
  std::map<std::uint64_t, asking> asking_; ///< by work
  std::vector<answer> answers_;            ///< that needed no work
  /// With the work that asks for it, if that is on its way.
  std::map<node_id, std::optional<std::uint64_t>> burials_;
};

} // namespace cohort::runtime
