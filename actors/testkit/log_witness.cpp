#include "testkit/log_witness.hpp"

#include "core/crc32c.hpp"
#include "replication/quorum.hpp"

#include <algorithm>

namespace cohort::testkit {

namespace {

/// Two entries with the same one are taken for equal.
std::uint64_t content_of(const replication::entry& x) {
  const auto payload = x.payload.view();
  const auto time = static_cast<std::uint64_t>(x.log_time_ms);
  return (std::uint64_t{crc32c(payload.data(), payload.size())} << 32)
         ^ (time * 4) ^ static_cast<std::uint64_t>(x.kind);
}

std::string name_of(set_id set) {
  return "set " + to_string(set) + ": ";
}

} // namespace

std::string to_string(const replication::log_position& x) {
  return "entry " + to_string(x.index) + " of term " + to_string(x.term);
}

void log_witness::durable(set_id set, node_id holder,
                          const replication::entry& x, term_t before) {
  const position at{x.term, x.index};
  const auto content = content_of(x);
  auto [found, fresh] = sets_[set].entries.try_emplace(at);
  auto& known = found->second;
  if (fresh)
    known = {before, content, {}};
  if (known.before != before || known.content != content)
    return broken_(name_of(set) + to_string(at)
                   + " differs between two logs, or what is before it does");
  auto& holders = known.holders;
  if (std::find(holders.begin(), holders.end(), holder) == holders.end())
    holders.push_back(holder);
}

/// A log whose beginning is damaged knows none.
void log_witness::configured(set_id set, const replication::membership& x) {
  if (x.current.voters.empty())
    return;
  auto& known = sets_[set].configurations;
  known[x.current.epoch] = x.current;
  if (x.next)
    known[x.next->epoch] = *x.next;
}

void log_witness::covered(set_id set, node_id holder, index_t up_to) {
  auto& known = sets_[set].snapshots[holder];
  known = std::max(known, up_to);
}

bool log_witness::held(const facts& in, position at, epoch_t since,
                       std::size_t replication::quorum_sizes::*size_of) const {
  const auto found = in.entries.find(at);
  if (found == in.entries.end())
    return false;
  const auto& holders = found->second.holders;
  const bool committed = at.index.value <= in.committed.size()
                         && in.committed[at.index.value - 1] == at.term;
  const auto holds = [&](node_id node) {
    const auto snapshot = in.snapshots.find(node);
    return std::find(holders.begin(), holders.end(), node) != holders.end()
           || (committed && snapshot != in.snapshots.end()
               && snapshot->second >= at.index);
  };
  const auto& configurations = in.configurations;
  return std::any_of(
    configurations.lower_bound(since), configurations.end(),
    [&](const auto& known) {
      const auto copies = replication::count_voters(known.second, holds);
      return copies >= replication::sizes(known.second).*size_of;
    });
}

void log_witness::committed(set_id set, position at, epoch_t since,
                            const std::string& says) {
  if (at.index == index_t{})
    return;
  auto& in = sets_[set];
  if (at.index.value <= in.committed.size()) {
    if (in.committed[at.index.value - 1] != at.term)
      broken_(name_of(set) + says + " takes " + to_string(at)
              + " for committed, but that of term "
              + to_string(in.committed[at.index.value - 1]) + " is");
    return;
  }
  if (!held(in, at, since, &replication::quorum_sizes::read))
    return broken_(name_of(set) + says + " takes " + to_string(at)
                   + " for committed, which is not durable on a quorum");
  extend(set, in, at, says);
}

/// Everything before a committed entry is committed, too.
void log_witness::extend(set_id set, facts& in, position at,
                         const std::string& says) {
  const auto known = in.committed.size();
  std::vector<term_t> fresh(at.index.value - known);
  for (auto left = fresh.size(); left > 0; --left) {
    fresh[left - 1] = at.term;
    const auto found = in.entries.find(at);
    if (found == in.entries.end())
      return broken_(name_of(set) + says + " commits " + to_string(at)
                     + ", which never was durable");
    at = {found->second.before, at.index.prev()};
  }
  if (known > 0 && in.committed.back() != at.term)
    return broken_(name_of(set) + says + " commits a log that lacks "
                   + to_string(position{in.committed.back(), at.index})
                   + ", which is committed");
  in.committed.insert(in.committed.end(), fresh.begin(), fresh.end());
}

void log_witness::acknowledged(set_id set, position at) {
  if (!held(sets_[set], at, {}, &replication::quorum_sizes::ack))
    broken_(name_of(set) + to_string(at)
            + " is acknowledged and has too few durable copies");
}

std::optional<term_t> log_witness::committed_at(set_id set,
                                                index_t index) const {
  const auto found = sets_.find(set);
  if (found == sets_.end() || index == index_t{}
      || index.value > found->second.committed.size())
    return std::nullopt;
  return found->second.committed[index.value - 1];
}

index_t log_witness::commit_index(set_id set) const {
  const auto found = sets_.find(set);
  return index_t{found == sets_.end() ? 0 : found->second.committed.size()};
}

} // namespace cohort::testkit
