#include "replication/log_view.hpp"

#include "core/check.hpp"
#include "core/mutant.hpp"

#include <algorithm>
#include <utility>

namespace cohort::replication {

log_view::log_view(log_position base, std::vector<term_run> runs, index_t last)
  : base_(base),
    last_(last),
    runs_(std::move(runs)) {
  COHORT_CHECK(base_.index <= last_);
  COHORT_CHECK(runs_.empty() == (base_.index == last_));
  COHORT_CHECK(runs_.empty() || runs_.front().first == base_.index.next());
}

term_t log_view::last_term() const {
  return runs_.empty() ? base_.term : runs_.back().term;
}

std::optional<term_t> log_view::term_at(index_t index) const {
  if (index < base_.index || index > last_)
    return std::nullopt;
  if (index == base_.index)
    return base_.term;
  const auto after = std::upper_bound(
    runs_.begin(), runs_.end(), index,
    [](index_t x, const term_run& run) { return x < run.first; });
  return std::prev(after)->term;
}

void log_view::append(entry x) {
  COHORT_CHECK(x.index == last_.next());
  COHORT_CHECK(x.term >= last_term());
  if (runs_.empty() || runs_.back().term != x.term)
    runs_.push_back({x.index, x.term});
  ++last_;
  memory_bytes_ += x.weight();
  entries_.push_back(std::move(x));
}

void log_view::truncate_from(index_t first) {
  COHORT_CHECK(first > base_.index);
  if (first > last_)
    return;
  while (!entries_.empty() && entries_.back().index >= first
         && !mutated(mutant::cut_stays_in_memory)) {
    memory_bytes_ -= entries_.back().weight();
    entries_.pop_back();
  }
  while (!runs_.empty() && runs_.back().first >= first)
    runs_.pop_back();
  last_ = first.prev();
}

std::vector<entry> log_view::slice(index_t first, index_t last,
                                   std::size_t bytes_max) const {
  COHORT_CHECK(memory_first() <= first && first <= last && last <= last_);
  std::vector<entry> result;
  std::size_t total = 0;
  auto i = entries_.begin()
           + static_cast<std::ptrdiff_t>(first - memory_first());
  COHORT_CHECK(i->index == first);
  for (; i != entries_.end() && i->index <= last; ++i) {
    total += i->weight();
    if (total > bytes_max && !result.empty())
      break;
    result.push_back(*i);
  }
  return result;
}

const entry& log_view::at(index_t index) const {
  COHORT_CHECK(memory_first() <= index && index <= last_);
  return entries_[index - memory_first()];
}

void log_view::evict(index_t up_to, std::size_t bytes_keep) {
  while (memory_bytes_ > bytes_keep && !entries_.empty()
         && entries_.front().index <= up_to) {
    memory_bytes_ -= entries_.front().weight();
    entries_.pop_front();
  }
}

void log_view::compact(log_position base) {
  COHORT_CHECK(holds(base));
  const auto term_after = term_at(base.index.next());
  while (!entries_.empty() && entries_.front().index <= base.index) {
    memory_bytes_ -= entries_.front().weight();
    entries_.pop_front();
  }
  std::erase_if(
    runs_, [&](const term_run& run) { return run.first <= base.index.next(); });
  if (term_after)
    runs_.insert(runs_.begin(), {base.index.next(), *term_after});
  base_ = base;
}

void log_view::reset(log_position base) {
  entries_.clear();
  runs_.clear();
  memory_bytes_ = 0;
  base_ = base;
  last_ = base.index;
}

std::optional<log_position> log_view::may_agree(log_position prev) const {
  auto end = std::min(prev.index, last_);
  for (auto run = runs_.rbegin(); run != runs_.rend(); ++run) {
    if (run->first > end)
      continue;
    if (run->term <= prev.term)
      return log_position{run->term, end};
    end = run->first.prev();
  }
  if (end < base_.index || base_.term > prev.term)
    return std::nullopt;
  return base_;
}

} // namespace cohort::replication
