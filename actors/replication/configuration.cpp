#include "replication/configuration.hpp"

#include "core/check.hpp"
#include "core/mutant.hpp"

#include <algorithm>
#include <iterator>

namespace cohort::replication {

namespace {

bool contains(const std::vector<node_id>& sorted, node_id node) {
  return std::binary_search(sorted.begin(), sorted.end(), node);
}

bool strictly_ascending(const std::vector<node_id>& nodes) {
  return std::adjacent_find(nodes.begin(), nodes.end(), std::greater_equal{})
         == nodes.end();
}

std::vector<node_id> merge(const std::vector<node_id>& xs,
                           const std::vector<node_id>& ys) {
  std::vector<node_id> result;
  std::set_union(xs.begin(), xs.end(), ys.begin(), ys.end(),
                 std::back_inserter(result));
  return result;
}

} // namespace

const char* to_string(sync_mode mode) {
  switch (mode) {
    case sync_mode::primary_backup:
      return "primary_backup";
    case sync_mode::semi_async:
      return "semi_async";
    case sync_mode::async:
      return "async";
    case sync_mode::multi_primary:
      return "multi_primary";
  }
  return "unknown";
}

bool configuration::is_voter(node_id node) const {
  return contains(voters, node);
}

bool configuration::is_learner(node_id node) const {
  return contains(learners, node);
}

quorum_sizes sizes(std::size_t n, std::uint32_t m) {
  COHORT_CHECK(m < n);
  quorum_sizes result;
  result.n = n;
  result.majority = n / 2 + 1;
  result.vote =
    mutated(mutant::few_votes_elect) ? n - m : std::max(result.majority, n - m);
  result.ack = std::size_t{m} + 1;
  if (mutated(mutant::one_copy_too_few) && m > 0)
    result.ack = m;
  result.read = n - result.vote + 1;
  return result;
}

quorum_sizes sizes(const configuration& config) {
  return sizes(config.voters.size(), config.m);
}

result<void> validate(const configuration& config) {
  const auto n = config.voters.size();
  if (n == 0)
    return {errc::invalid, "a set needs at least one voter"};
  if (!strictly_ascending(config.voters)
      || !strictly_ascending(config.learners))
    return {errc::invalid, "members are not sorted or listed twice"};
  for (auto node : config.learners)
    if (config.is_voter(node))
      return {errc::invalid,
              "node " + to_string(node) + " is both a voter and a learner"};
  if (config.voters.front() == nobody
      || (!config.learners.empty() && config.learners.front() == nobody))
    return {errc::invalid, "a member has no node id"};
  if (config.m >= n)
    return {errc::invalid, "m = " + std::to_string(config.m)
                             + " copies beyond the primary's need more than "
                             + std::to_string(n) + " voters"};
  if (config.m < default_m(n))
    return {errc::invalid,
            "m = " + std::to_string(config.m) + " is below "
              + std::to_string(default_m(n)) + ", half of " + std::to_string(n)
              + " voters: an acknowledged write would not survive their loss"};
  return {};
}

std::vector<node_id> membership::members() const {
  auto result = merge(current.voters, current.learners);
  if (next)
    result = merge(result, merge(next->voters, next->learners));
  return result;
}

std::vector<node_id> membership::voters() const {
  return next ? merge(current.voters, next->voters) : current.voters;
}

} // namespace cohort::replication
