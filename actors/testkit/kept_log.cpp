#include "testkit/kept_log.hpp"

#include <algorithm>

namespace cohort::testkit {

void kept_log::broken(const std::string& what) const {
  broken_("the disk of node " + to_string(owner_) + ", set " + to_string(set_)
          + ": " + what);
}

// -- observers ----------------------------------------------------------------

std::optional<term_t> kept_log::term_at(index_t index) const {
  if (index == base_.index)
    return base_.term;
  if (index < base_.index || index > last_index())
    return std::nullopt;
  return terms_[index - base_.index - 1];
}

bool kept_log::holds(position at) const {
  return at.index < base_.index || term_at(at.index) == at.term;
}

bool kept_log::voted(term_t in, node_id to) const {
  const auto found = votes_.find(in);
  return found != votes_.end() && found->second == to;
}

epoch_t kept_log::epoch() const {
  return members_.empty() ? epoch_t{}
                          : members_.rbegin()->second.newest().epoch;
}

bool kept_log::votes() const {
  if (members_.empty())
    return false;
  const auto& newest = members_.rbegin()->second;
  return !newest.joint() && newest.is_voter(owner_);
}

bool kept_log::below_vote_floor() const {
  const auto end = last_index();
  return position{*term_at(end), end} < state_.vote_floor;
}

// -- records ------------------------------------------------------------------

void kept_log::begin(const replication::recovered_state& found,
                     std::span<const replication::entry> entries) {
  take(found.state);
  take(found.base, false);
  if (!entries.empty())
    append(entries);
}

void kept_log::add(const codec::set_state& x) {
  take(x.state);
  if (x.base)
    take(*x.base, true);
}

void kept_log::add(const codec::set_change& x) {
  if (x.state)
    take(*x.state);
  if (x.base)
    take(*x.base, x.keep_tail);
  if (!x.entries.empty())
    append(x.entries);
}

void kept_log::add(const codec::moved_entries& x) {
  for (const auto& moved : x.entries)
    if (term_at(moved.index) != moved.term)
      broken("moves " + to_string(position{moved.term, moved.index})
             + ", which is not in the log");
}

void kept_log::take(const replication::hard_state& x) {
  if (x.term < state_.term)
    broken("the term falls from " + to_string(state_.term) + " to "
           + to_string(x.term));
  state_ = x;
  if (x.voted_for == nobody || x.voted_for == replication::forgotten_vote)
    return;
  const auto [known, fresh] = votes_.emplace(x.term, x.voted_for);
  if (!fresh && known->second != x.voted_for)
    broken("votes for " + to_string(known->second) + " and for "
           + to_string(x.voted_for) + " in term " + to_string(x.term));
}

/// A snapshot stands for what it replaces: that is committed.
void kept_log::take(const replication::log_base& x, bool keep_tail) {
  const position at{x.term, x.index};
  if (x.index < base_.index)
    return broken("the base falls from " + to_string(base_) + " to "
                  + to_string(at));
  if (keep_tail && !holds(at))
    return broken("the log goes on behind " + to_string(at)
                  + ", which is not in it");
  if (!keep_tail) {
    cut(x.index.next());
    terms_.clear();
    members_.clear();
  }
  forget_below(at);
  members_[x.index] = x.members;
  common_->configured(set_, x.members);
  common_->committed(set_, at, {}, "a snapshot");
  common_->covered(set_, owner_, at.index);
}

void kept_log::forget_below(const position& base) {
  const auto covered = std::min<std::uint64_t>(base.index - base_.index,
                                               terms_.size());
  terms_.erase(terms_.begin(),
               terms_.begin() + static_cast<std::ptrdiff_t>(covered));
  members_.erase(members_.begin(), members_.lower_bound(base.index));
  base_ = base;
}

void kept_log::append(std::span<const replication::entry> entries) {
  const auto first = entries.front().index;
  if (first <= base_.index || first > last_index().next())
    return broken("entries from " + to_string(first) + " on do not follow "
                  + to_string(last_index()));
  cut(first);
  for (const auto& x : entries) {
    common_->durable(set_, owner_, x, *term_at(last_index()));
    terms_.push_back(x.term);
    if (x.members)
      members_[x.index] = *x.members;
  }
}

void kept_log::cut(index_t first) {
  for (auto at = first; at <= last_index(); ++at)
    if (at > base_.index && common_->committed_at(set_, at) == term_at(at)) {
      broken("cuts " + to_string(position{*term_at(at), at})
             + ", which is committed");
      break;
    }
  if (first <= last_index())
    terms_.resize(first - base_.index - 1);
  members_.erase(members_.lower_bound(first), members_.end());
}

// -- comparisons --------------------------------------------------------------

namespace {

/// Of an entry above the base.
std::optional<term_t> term_in(const replication::recovered_state& found,
                              index_t at) {
  const auto behind = std::upper_bound(
    found.runs.begin(), found.runs.end(), at,
    [](index_t index, const auto& run) { return index < run.first; });
  if (at > found.last || behind == found.runs.begin())
    return std::nullopt;
  return std::prev(behind)->term;
}

} // namespace

std::optional<std::string>
kept_log::difference(const replication::recovered_state& found) const {
  if (found.state != state_)
    return "term " + to_string(found.state.term) + " and vote "
           + to_string(found.state.voted_for) + " instead of "
           + to_string(state_.term) + " and " + to_string(state_.voted_for);
  const position base{found.base.term, found.base.index};
  if (base != base_)
    return "the base " + to_string(base) + " instead of " + to_string(base_);
  if (found.last != last_index())
    return "the end " + to_string(found.last) + " instead of "
           + to_string(last_index());
  for (auto at = base_.index.next(); at <= last_index(); ++at)
    if (term_in(found, at) != term_at(at))
      return "another term at " + to_string(at);
  return std::nullopt;
}

/// A write that was on its way when the node stopped may have put entries of a
/// later term into their place, or a snapshot.
bool kept_log::is_within(const replication::recovered_state& found) const {
  const bool same_term = found.state.term == state_.term;
  const bool has_vote = state_.voted_for == nobody
                        || found.state.voted_for == state_.voted_for;
  if (found.state.term < state_.term || (same_term && !has_vote)
      || (state_.suspect && !found.state.suspect)
      || found.base.index < base_.index)
    return false;
  if (!holds({found.base.term, found.base.index}))
    return true;
  for (auto at = found.base.index.next(); at <= last_index(); ++at) {
    const auto term = term_in(found, at);
    if (term != term_at(at))
      return term > term_at(at);
  }
  return true;
}

void kept_log::check_keeps(const kept_log& older, bool damaged) {
  for (const auto& [term, to] : older.votes_)
    if (const auto [known, fresh] = votes_.emplace(term, to);
        !fresh && known->second != to)
      broken("forgot its vote of term " + to_string(term));
  for (auto at = older.base_.index; at <= older.last_index(); ++at) {
    const auto committed = common_->committed_at(set_, at);
    if (!damaged && committed && older.term_at(at) == committed
        && !holds({*committed, at}))
      return broken("lost " + to_string(position{*committed, at})
                    + ", which is committed");
  }
}

} // namespace cohort::testkit
