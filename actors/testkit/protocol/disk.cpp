#include "testkit/protocol/disk.hpp"

#include "core/check.hpp"
#include "testkit/protocol/mix.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cohort::testkit::protocol {

using namespace replication;

void applied_state::apply(const entry& x) {
  COHORT_CHECK(x.index == index.next()); // each once, in order
  index = x.index;
  log_time_ms = x.log_time_ms;
  hash = mixed(hash, digest(x));
}

// -- writing ------------------------------------------------------------------

void disk::move_base(write_request& x, undo& replaced) {
  const auto above = std::partition_point(
    entries_.begin(), entries_.end(),
    [&](const entry& e) { return e.index <= x.base->index; });
  replaced.below.assign(std::make_move_iterator(entries_.begin()),
                        std::make_move_iterator(above));
  entries_.erase(entries_.begin(), above);
  if (!x.keep_tail)
    replaced.above = std::exchange(entries_, {});
  replaced.base = std::exchange(base_, *std::move(x.base));
}

disk::undo disk::write(write_request x) {
  undo replaced;
  replaced.state = state;
  if (x.state) {
    COHORT_CHECK(x.state->term >= state.term);
    state = *x.state;
  }
  if (x.base)
    move_base(x, replaced);
  if (x.entries.empty())
    return replaced;
  const auto first = x.entries.front().index;
  COHORT_CHECK(first > base_.index && first <= last().index.next());
  const auto cut = entries_.begin()
                   + static_cast<std::ptrdiff_t>(first - base_.index.next());
  replaced.above.insert(replaced.above.begin(), cut, entries_.end());
  entries_.erase(cut, entries_.end());
  std::move(x.entries.begin(), x.entries.end(), std::back_inserter(entries_));
  replaced.added = x.entries.size();
  return replaced;
}

void disk::take_back(undo x) {
  state = x.state;
  entries_.resize(entries_.size() - x.added);
  entries_.insert(entries_.end(), x.above.begin(), x.above.end());
  entries_.insert(entries_.begin(), x.below.begin(), x.below.end());
  if (x.base)
    base_ = *std::move(x.base);
}

// -- looking ------------------------------------------------------------------

recovered_state disk::recover() const {
  recovered_state result;
  result.state = state;
  result.base = base_;
  result.last = last().index;
  for (const auto& x : entries_) {
    if (result.runs.empty() || result.runs.back().term != x.term)
      result.runs.push_back({x.index, x.term});
    if (x.kind == entry_kind::membership)
      result.members.emplace_back(x.index, *x.members);
    result.last_log_time_ms = x.log_time_ms;
  }
  return result;
}

log_position disk::last() const {
  if (entries_.empty())
    return {base_.term, base_.index};
  return {entries_.back().term, entries_.back().index};
}

std::optional<term_t> disk::term_at(index_t index) const {
  if (index == base_.index)
    return base_.term;
  if (index < base_.index || index > last().index)
    return std::nullopt;
  return entries_[index - base_.index.next()].term;
}

} // namespace cohort::testkit::protocol
