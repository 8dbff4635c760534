// The shell of a front.
#pragma once

#include "core/clock.hpp"
#include "resp/front.hpp"
#include "resp/gateway_messages.hpp"
#include "runtime/messages.hpp"
#include "runtime/shell.hpp"

#include <memory>
#include <vector>

namespace cohort::resp {

struct front_setup {
  front_options options;
  std::shared_ptr<const clock> time;
  caf::actor node;
};

/// Connects a front with the broker of its clients, the hub and the replica of
/// this node.
class front_actor : public runtime::shell {
public:
  front_actor(caf::scheduled_actor* self,
              std::shared_ptr<const front_setup> setup);

  caf::behavior behavior() override;

private:
  void take_turn(const client_turn& x);
  void take_reply(const runtime::inbound& x);
  void note_role(const runtime::role_changed& x);
  void serve_set(const runtime::set_ready& x);
  void seek_primary();
  void carry_out();
  std::int64_t now_ms() const;

  std::shared_ptr<const front_setup> setup_;
  front front_;
  caf::actor broker_;
  caf::actor hub_;     ///< known once the set is served
  caf::actor replica_; ///< of this node; none if it is no member
  node_id self_;
  std::vector<node_id> voters_; ///< whom to ask where no replica tells
  std::size_t next_voter_ = 0;
  // Of a node that is no member.
  bool primary_lost_ = false;
  std::int64_t silent_since_ms_ = 0; ///< the set owes an answer since
};

} // namespace cohort::resp
