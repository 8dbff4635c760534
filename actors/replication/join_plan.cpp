#include "replication/join_plan.hpp"

#include <algorithm>

namespace cohort::replication {

namespace {

void insert_sorted(std::vector<node_id>& nodes, node_id node) {
  nodes.insert(std::upper_bound(nodes.begin(), nodes.end(), node), node);
}

bool caught_up(const std::map<node_id, progress>& peers, node_id node,
               index_t last, std::uint64_t lag_max) {
  const auto peer = peers.find(node);
  return peer != peers.end() && peer->second.suspect == 0
         && peer->second.match.value + lag_max >= last.value
         && peer->second.match > index_t{};
}

bool answers(const std::map<node_id, progress>& peers, node_id node) {
  const auto peer = peers.find(node);
  return peer != peers.end() && peer->second.answered_lately;
}

/// Which voter makes room for a joiner; `nobody`: none has to. Nothing: that is
/// not known yet.
std::optional<node_id> place_of(const configuration& config,
                                const std::map<node_id, progress>& peers,
                                node_id replaced, const joiners& asking,
                                const std::set<node_id>& buried) {
  if (replaced == nobody || config.is_voter(replaced))
    return replaced;
  bool silent = false;
  for (auto voter : config.voters) {
    const auto other =
      std::find_if(asking.begin(), asking.end(),
                   [&](const auto& x) { return x.second == voter; });
    if (other != asking.end())
      silent = silent || !answers(peers, other->first);
    else if (buried.contains(voter))
      return voter;
    else
      silent = silent || (peers.contains(voter) && !answers(peers, voter));
  }
  if (silent)
    return std::nullopt;
  return nobody;
}

/// The joiner takes the place of its former incarnation, in one step. Learners
/// that do not ask any more are over.
configuration promote(configuration config, node_id joiner, node_id replaced,
                      const joiners& asking) {
  std::erase_if(config.learners, [&](node_id x) {
    return x == joiner || x == replaced || !asking.contains(x);
  });
  std::erase(config.voters, replaced);
  insert_sorted(config.voters, joiner);
  config.m = std::max(config.m, default_m(config.voters.size()));
  return config;
}

} // namespace

std::optional<configuration>
next_for_joiners(const membership& members,
                 const std::map<node_id, progress>& peers, index_t last,
                 const joiners& asking, const std::set<node_id>& buried,
                 std::uint64_t lag_max) {
  if (members.joint())
    return std::nullopt; // one change at a time
  const auto& config = members.current;
  for (const auto& [joiner, replaced] : asking) {
    if (config.is_voter(joiner))
      continue;
    if (!config.is_learner(joiner)) {
      auto next = config;
      insert_sorted(next.learners, joiner);
      return next;
    }
    const auto place = place_of(config, peers, replaced, asking, buried);
    if (place && caught_up(peers, joiner, last, lag_max))
      return promote(config, joiner, *place, asking);
  }
  return std::nullopt;
}

} // namespace cohort::replication
