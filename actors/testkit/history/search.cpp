#include "testkit/history/search.hpp"

#include <algorithm>

namespace cohort::history {

namespace {

using row_t = std::span<std::uint64_t>;

bool has(std::span<const std::uint64_t> row, std::uint32_t slot) {
  return (row[slot / 64] >> (slot % 64) & 1) != 0;
}

void set(row_t row, std::uint32_t slot) {
  row[slot / 64] |= std::uint64_t{1} << (slot % 64);
}

void unset(row_t row, std::uint32_t slot) {
  row[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
}

} // namespace

search::search(const problem& what, std::size_t configurations_max)
  : problem_(what),
    configurations_max_(configurations_max),
    item_slots_(what.items.size(), none),
    mentions_(what.mentions),
    now_(1 + what.keys.size()),
    next_(now_.width()),
    work_(now_.width()) {
  scratch_.assign(1, 0);
  scratch_.insert(scratch_.end(), what.initial.begin(), what.initial.end());
  now_.insert(scratch_);
}

search::ending search::run() {
  std::uint32_t called = 0;
  for (auto number : problem_.returns) {
    // What is called at the time of a return overlaps it.
    while (called < problem_.items.size()
           && problem_.items[called].called <= problem_.items[number].returned)
      call(called++);
    const auto ended = finish(number);
    if (ended != ending::explained)
      return ended;
  }
  return ending::explained;
}

// -- operations in flight -----------------------------------------------------

std::uint32_t search::new_slot() {
  if (free_slots_.empty()) {
    const auto slot = static_cast<std::uint32_t>(slot_items_.size());
    slot_items_.push_back(none);
    twins_.push_back(none);
    if (slot / 64 == mask_words_) {
      now_.widen(mask_words_, 1);
      next_ = configuration_set{now_.width()};
      work_ = configuration_set{now_.width()};
      scratch_.assign(now_.width(), 0);
      ++mask_words_;
    }
    return slot;
  }
  const auto slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

/// The last operation in flight that is open and equal to this one.
std::uint32_t search::twin_of(std::uint32_t number) const {
  const auto steps = problem_.steps_of(problem_.items[number]);
  for (auto it = changing_.rbegin(); it != changing_.rend(); ++it) {
    const auto& other = problem_.items[slot_items_[*it]];
    const auto others = problem_.steps_of(other);
    if (other.open()
        && std::equal(steps.begin(), steps.end(), others.begin(), others.end()))
      return *it;
  }
  return none;
}

void search::call(std::uint32_t number) {
  const auto& x = problem_.items[number];
  const auto slot = new_slot();
  slot_items_[slot] = number;
  item_slots_[number] = slot;
  twins_[slot] = x.open() ? twin_of(number) : none;
  if (x.open())
    ++open_count_;
  if (!x.quiet)
    changing_.push_back(slot);
  if (x.quiet || x.hidden) {
    settling_.push_back(slot);
    for (std::size_t i = 0; i < now_.size(); ++i)
      settle(now_[i]);
  }
}

/// Precondition: the operation has taken effect in all configurations, and its
/// bit is no longer set.
void search::free_slot(std::uint32_t slot) {
  std::erase(changing_, slot);
  std::erase(settling_, slot);
  std::replace(twins_.begin(), twins_.end(), slot, none);
  slot_items_[slot] = none;
  free_slots_.push_back(slot);
}

/// Open operations that have taken effect in all configurations.
void search::release_open() {
  for (std::size_t i = 0; i < changing_.size();) {
    const auto slot = changing_[i];
    auto done = problem_.items[slot_items_[slot]].open();
    for (std::size_t k = 0; done && k < now_.size(); ++k)
      done = has(now_[k], slot);
    if (!done) {
      ++i;
      continue;
    }
    for (std::size_t k = 0; k < now_.size(); ++k)
      unset(now_[k], slot);
    free_slot(slot);
    --open_count_;
  }
}

// -- effects ------------------------------------------------------------------

/// Lets an operation take effect, if its answer allows that; if not, the cells
/// are undefined.
bool search::take(const item& x, row_t row) const {
  const auto cells = row.subspan(mask_words_);
  auto holds = true;
  for (const auto& s : problem_.steps_of(x))
    if (s.what == action::expect)
      holds = holds && cells[s.cell] == s.argument;
  if (x.refused || !holds)
    return x.refused && !holds;
  for (const auto& s : problem_.steps_of(x)) {
    auto& cell = cells[s.cell];
    if (s.what == action::write)
      cell = s.argument;
    else if (s.what == action::add)
      cell += s.argument;
    const auto answers = s.what == action::read || s.what == action::add;
    if (answers && !x.open() && cell != s.result)
      return false;
  }
  return true;
}

/// Lets everything take effect that only can gain by it. Returns whether
/// anything did.
bool search::settle(row_t row) const {
  auto any = false;
  for (auto slot : settling_) {
    if (has(row, slot))
      continue;
    const auto& x = problem_.items[slot_items_[slot]];
    const auto& first = problem_.steps[x.first];
    if (x.quiet ? take(x, row) : row[mask_words_ + first.cell] == 0) {
      set(row, slot);
      any = true;
    }
  }
  return any;
}

/// Hidden writes just before the blind write `x`.
void search::absorb(const item& x) {
  const auto cell = problem_.steps[x.first].cell;
  for (auto slot : settling_) {
    const auto& other = problem_.items[slot_items_[slot]];
    if (other.hidden && problem_.steps[other.first].cell == cell)
      set(scratch_, slot);
  }
}

/// All that can take effect next in a row of work_, until `slot` has.
void search::explore(std::size_t row, std::uint32_t slot) {
  for (auto candidate : changing_) {
    const auto from = work_[row];
    if (has(from, candidate)
        || (twins_[candidate] != none && !has(from, twins_[candidate])))
      continue;
    std::copy(from.begin(), from.end(), scratch_.begin());
    const auto& x = problem_.items[slot_items_[candidate]];
    if (!take(x, scratch_))
      continue;
    set(scratch_, candidate);
    if (x.blind)
      absorb(x);
    settle(scratch_);
    if (has(scratch_, slot)) {
      unset(scratch_, slot);
      next_.insert(scratch_);
    } else {
      work_.insert(scratch_);
    }
  }
}

search::ending search::finish(std::uint32_t number) {
  const auto slot = item_slots_[number];
  next_.clear();
  work_.clear();
  for (std::size_t i = 0; i < now_.size(); ++i) {
    const auto row = now_[i];
    const auto done = has(row, slot);
    unset(row, slot);
    (done ? next_ : work_).insert(row);
  }
  for (std::size_t i = 0; i < work_.size(); ++i) {
    explore(i, slot);
    most_ = std::max(most_, work_.size() + next_.size());
    if (most_ > configurations_max_)
      return ending::too_many;
  }
  if (next_.empty()) {
    stuck_at_ = number;
    return ending::stuck;
  }
  std::swap(now_, next_);
  free_slot(slot);
  forget_values(problem_.items[number]);
  if (open_count_ != 0)
    release_open();
  return ending::explained;
}

// -- values -------------------------------------------------------------------

void search::forget_values(const item& x) {
  for (const auto& s : problem_.steps_of(x)) {
    if (!problem_.symbolic[s.cell]
        || (s.what != action::expect && s.what != action::read))
      continue;
    const auto symbol = s.what == action::expect ? s.argument : s.result;
    if (--mentions_[symbol] == 0)
      retire(s.cell, symbol);
  }
}

void search::retire(std::uint32_t cell, std::uint64_t symbol) {
  next_.clear();
  for (std::size_t i = 0; i < now_.size(); ++i) {
    const auto row = now_[i];
    auto& value = row[mask_words_ + cell];
    if (value == symbol) {
      value = 0;
      settle(row);
    }
    next_.insert(row);
  }
  std::swap(now_, next_);
}

std::vector<std::optional<value_t>> search::possible(std::uint32_t cell,
                                                     std::size_t limit) const {
  std::vector<std::optional<value_t>> result;
  for (std::size_t i = 0; i < work_.size() && result.size() < limit; ++i) {
    const auto word = work_[i][mask_words_ + cell];
    std::optional<value_t> value;
    if (!problem_.symbolic[cell])
      value = static_cast<value_t>(word);
    else if (word != 0)
      value = problem_.values[word - 1];
    if (std::find(result.begin(), result.end(), value) == result.end())
      result.push_back(value);
  }
  return result;
}

} // namespace cohort::history
