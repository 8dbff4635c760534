// Counting under a configuration state (C4, C5). A leaf: nothing here knows of
// roles or messages.
#pragma once

#include "core/mutant.hpp"
#include "replication/configuration.hpp"

#include <algorithm>
#include <functional>
#include <vector>

namespace cohort::replication {

/// How many voters of `config` satisfy `pred`.
template <class Predicate>
std::size_t count_voters(const configuration& config, Predicate pred) {
  return static_cast<std::size_t>(
    std::count_if(config.voters.begin(), config.voters.end(), pred));
}

/// Whether, in each configuration of the state, the voters that satisfy `pred`
/// reach the size that `size_of` picks.
template <class Predicate>
bool reached(const membership& state, std::size_t quorum_sizes::*size_of,
             Predicate pred) {
  auto enough = [&](const configuration& config) {
    return count_voters(config, pred) >= sizes(config).*size_of;
  };
  if (state.next && mutated(mutant::joint_is_led_by_new))
    return enough(*state.next);
  return enough(state.current) && (!state.next || enough(*state.next));
}

/// The highest index that at least `size` voters of `config` hold.
template <class HeldBy>
index_t held_by(const configuration& config, std::size_t size, HeldBy held) {
  std::vector<index_t> indexes;
  indexes.reserve(config.voters.size());
  for (auto node : config.voters)
    indexes.push_back(held(node));
  const auto nth = indexes.begin() + static_cast<std::ptrdiff_t>(size) - 1;
  std::nth_element(indexes.begin(), nth, indexes.end(), std::greater{});
  return *nth;
}

/// The highest indexes that the durable holders of a log allow a primary to
/// commit and to acknowledge.
struct commit_bounds {
  /// An ordinary entry at or below commits. In a stable state its holders reach
  /// `ack`; under J they meet every vote set of both configurations and reach
  /// `ack` in the new one.
  index_t ordinary;
  /// A configuration entry at or below commits: a majority of each.
  index_t configuration;
  /// A write at or below has the copies of the newest configuration.
  index_t acknowledged;
};

template <class HeldBy>
commit_bounds bounds_of(const membership& state, HeldBy held) {
  const auto in = [&](const configuration& config,
                      std::size_t quorum_sizes::*size_of) {
    return held_by(config, sizes(config).*size_of, held);
  };
  commit_bounds result;
  result.acknowledged = in(state.newest(), &quorum_sizes::ack);
  result.ordinary = result.acknowledged;
  result.configuration = in(state.current, &quorum_sizes::majority);
  if (state.next && !mutated(mutant::joint_commits_by_new)) {
    result.ordinary =
      std::min({result.ordinary, in(state.current, &quorum_sizes::read),
                in(*state.next, &quorum_sizes::read)});
    result.configuration = std::min(result.configuration,
                                    in(*state.next, &quorum_sizes::majority));
  }
  return result;
}

} // namespace cohort::replication
