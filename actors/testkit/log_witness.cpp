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

/// Not replication::reached, which a mutant may spoil.
template <class Holds>
bool reaches(const replication::configuration& config,
             std::size_t replication::quorum_sizes::*size_of, Holds holds) {
  return replication::count_voters(config, holds)
         >= replication::sizes(config).*size_of;
}

template <class Holds>
bool reaches_each(const replication::membership& state,
                  std::size_t replication::quorum_sizes::*size_of,
                  Holds holds) {
  return reaches(state.current, size_of, holds)
         && (!state.next || reaches(*state.next, size_of, holds));
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
  auto& in = sets_[set];
  if (x.members)
    know(in, *x.members, at);
  auto [found, fresh] = in.entries.try_emplace(at);
  auto& known = found->second;
  if (fresh) {
    known.before = before;
    known.content = content;
    known.configures = x.members != nullptr;
    known.state = x.members ? order_of(*x.members)
                            : order_behind(in, {before, x.index.prev()});
  }
  if (known.before != before || known.content != content)
    return broken_(name_of(set) + to_string(at)
                   + " differs between two logs, or what is before it does");
  auto& holders = known.holders;
  if (std::find(holders.begin(), holders.end(), holder) == holders.end())
    holders.push_back(holder);
}

log_witness::state_order
log_witness::order_of(const replication::membership& x) {
  return {x.newest().epoch, !x.joint()};
}

/// That of the beginning, where nothing is known of what is before.
log_witness::state_order log_witness::order_behind(const facts& in,
                                                   position before) {
  const auto found = in.entries.find(before);
  return found == in.entries.end() ? state_order{} : found->second.state;
}

/// A log whose beginning is damaged knows none.
void log_witness::configured(set_id set, const replication::membership& x) {
  if (!x.current.voters.empty())
    know(sets_[set], x, std::nullopt);
}

void log_witness::know(facts& in, const replication::membership& x,
                       std::optional<position> at) {
  auto& known = in.states[order_of(x)];
  for (const auto& other : known)
    if (other.members == x && other.at == at)
      return;
  known.push_back({x, at});
}

void log_witness::covered(set_id set, node_id holder, index_t up_to) {
  auto& known = sets_[set].snapshots[holder];
  known = std::max(known, up_to);
}

/// Asks which nodes have an entry. Valid as long as nothing changes.
auto log_witness::holders_of(const facts& in, position at) {
  const auto found = in.entries.find(at);
  const auto* const holders =
    found == in.entries.end() ? nullptr : &found->second.holders;
  const bool committed = at.index.value <= in.committed.size()
                         && in.committed[at.index.value - 1] == at.term;
  return [&in, at, holders, committed](node_id node) {
    const auto snapshot = in.snapshots.find(node);
    return (holders
            && std::find(holders->begin(), holders->end(), node)
                 != holders->end())
           || (committed && snapshot != in.snapshots.end()
               && snapshot->second >= at.index);
  };
}

/// A primary is in the state K from the moment it has appended it, before any
/// disk has it. It may do so once J is committed.
bool log_witness::may_close(const facts& in, const known_state& joint) {
  return !joint.at
         || reaches_each(joint.members, &replication::quorum_sizes::majority,
                         holders_of(in, *joint.at));
}

template <class Enough>
bool log_witness::held(const facts& in, position at, state_order since,
                       Enough enough) {
  const auto found = in.entries.find(at);
  if (found == in.entries.end())
    return false;
  const auto holds = holders_of(in, at);
  const auto allows = [&](const known_state& x) {
    return enough(x.members, holds)
           || (x.members.next && may_close(in, x)
               && enough({*x.members.next, std::nullopt}, holds));
  };
  const auto first =
    in.states.lower_bound(std::max(since, found->second.state));
  return std::any_of(first, in.states.end(), [&](const auto& known) {
    return std::any_of(known.second.begin(), known.second.end(), allows);
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
  const auto found = in.entries.find(at);
  const auto size = found != in.entries.end() && found->second.configures
                      ? &replication::quorum_sizes::majority
                      : &replication::quorum_sizes::read;
  const auto enough = [&](const replication::membership& x, const auto& holds) {
    return reaches_each(x, size, holds);
  };
  if (!held(in, at, {since, false}, enough))
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
  const auto enough = [](const replication::membership& x, const auto& holds) {
    return reaches(x.newest(), &replication::quorum_sizes::ack, holds);
  };
  if (!held(sets_[set], at, {}, enough))
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
