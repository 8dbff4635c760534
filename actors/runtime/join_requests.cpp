#include "runtime/join_requests.hpp"

namespace cohort::runtime {

void join_requests::take(node_id joiner, node_id replaces) {
  const auto last = pending_.find(replaces);
  if (last == pending_.end()) {
    pending_.try_emplace(joiner, replaces);
    return;
  }
  const auto place = last->second;
  pending_.erase(last);
  pending_[joiner] = place;
}

void join_requests::settle(const replication::membership& members,
                           const std::set<node_id>& buried) {
  if (members.joint())
    return;
  std::erase_if(pending_, [&](const auto& x) {
    return members.is_voter(x.first) || buried.contains(x.first);
  });
}

} // namespace cohort::runtime
