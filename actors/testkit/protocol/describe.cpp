#include "testkit/protocol/describe.hpp"

#include "testkit/protocol/group.hpp"

namespace cohort::testkit::protocol {

using namespace replication;

namespace {

std::string describe(log_position x) {
  return to_string(x.term) + "/" + to_string(x.index);
}

std::string describe_members(const replica& core) {
  std::string result = ", voters";
  for (const auto voter : core.members().voters())
    result += " " + to_string(voter);
  return result + (core.members().joint() ? " (joint)" : "");
}

std::string describe_peers(const replica& core) {
  std::string result;
  if (const auto* peers = core.peers())
    for (const auto& [peer, p] : *peers)
      result += "; peer " + to_string(peer) + " flow "
                + std::to_string(static_cast<int>(p.state)) + " match "
                + to_string(p.match) + " next " + to_string(p.next)
                + (p.regressed ? " regressed" : "");
  return result;
}

} // namespace

std::string describe(const member& x) {
  const auto name = "n" + to_string(x.id()) + ": ";
  if (!x.up())
    return name + "down, durable " + describe(x.on_disk().last()) + " of term "
           + to_string(x.on_disk().state.term);
  const auto& core = x.core();
  const auto& state = core.durable_state();
  return name + to_string(core.kind()) + " of term " + to_string(core.term())
         + ", log (" + to_string(core.log().base_index()) + ", "
         + describe(core.log().last()) + "], durable "
         + to_string(core.durable_index()) + ", committed "
         + to_string(core.commit_index()) + ", applied "
         + to_string(core.applied_index()) + describe_members(core) + ", vote "
         + to_string(state.voted_for) + (state.suspect ? ", suspect" : "")
         + ", floor " + describe(state.vote_floor) + describe_peers(core);
}

std::string group::describe() const {
  std::string result;
  for (const auto& x : members_)
    result += "\n  " + protocol::describe(x);
  return result;
}

} // namespace cohort::testkit::protocol
