#include "runtime/join_requests.hpp"

namespace cohort::runtime {

void join_requests::take(node_id joiner, node_id replaces) {
  silent_looks_[joiner] = 0;
  const auto last = pending_.find(replaces);
  if (last == pending_.end()) {
    pending_.try_emplace(joiner, replaces);
    return;
  }
  const auto place = last->second;
  pending_.erase(last);
  silent_looks_.erase(replaces);
  pending_[joiner] = place;
}

void join_requests::settle(const replication::membership& members,
                           const std::set<node_id>& buried) {
  if (members.joint())
    return;
  for (auto& [joiner, looks] : silent_looks_)
    ++looks;
  std::erase_if(pending_, [&](const auto& x) {
    return members.is_voter(x.first) || buried.contains(x.first)
           || silent_looks_[x.first] > silent_looks_max;
  });
  std::erase_if(silent_looks_,
                [&](const auto& x) { return !pending_.contains(x.first); });
}

} // namespace cohort::runtime
