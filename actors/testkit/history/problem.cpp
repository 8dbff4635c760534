#include "testkit/history/problem.hpp"

#include <algorithm>
#include <utility>

namespace cohort::history {

namespace {

using mention = std::pair<std::uint32_t, value_t>; // cell, value

class builder {
public:
  builder(std::span<const operation> operations,
          std::span<const std::uint32_t> members, naming names)
    : operations_(operations),
      members_(members),
      names_(names) {}

  problem build(value_t initial);

private:
  std::uint32_t cell_of(key_id key) const;
  std::uint64_t symbol_of(std::uint32_t cell, value_t value) const;

  void find_keys();
  void find_kinds();
  void find_mentions(value_t initial);
  void add_item(std::uint32_t number);
  void add_steps(const operation& op);
  void mark(item& x) const;

  std::span<const operation> operations_;
  std::span<const std::uint32_t> members_;
  naming names_;
  problem result_;
  std::vector<char> plain_;       // by cell
  std::vector<mention> mentions_; // sorted: symbol - 1 is the place
};

/// Whether a step compares the value of a key with one.
bool compares(const access& x, outcome ended) {
  return x.what == action::expect
         || (x.what == action::read && ended == outcome::completed);
}

std::uint32_t builder::cell_of(key_id key) const {
  const auto& keys = result_.keys;
  const auto it = std::lower_bound(keys.begin(), keys.end(), key);
  return static_cast<std::uint32_t>(it - keys.begin());
}

std::uint64_t builder::symbol_of(std::uint32_t cell, value_t value) const {
  if (!result_.symbolic[cell])
    return static_cast<std::uint64_t>(value);
  const mention wanted{cell, value};
  const auto it = std::lower_bound(mentions_.begin(), mentions_.end(), wanted);
  if (it == mentions_.end() || *it != wanted)
    return 0;
  return static_cast<std::uint64_t>(it - mentions_.begin()) + 1;
}

void builder::find_keys() {
  auto& keys = result_.keys;
  for (auto i : members_)
    for (const auto& x : operations_[i].accesses)
      if (keys.empty() || keys.back() != x.key)
        keys.push_back(x.key);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
}

void builder::find_kinds() {
  result_.symbolic.assign(result_.keys.size(), 1);
  plain_.assign(result_.keys.size(), names_ == naming::seen);
  for (auto i : members_) {
    const auto& op = operations_[i];
    for (const auto& x : op.accesses) {
      const auto cell = cell_of(x.key);
      if (x.what == action::add)
        result_.symbolic[cell] = plain_[cell] = 0;
      if (x.what == action::expect && op.ended == outcome::refused)
        plain_[cell] = 0;
    }
  }
}

void builder::find_mentions(value_t initial) {
  for (auto i : members_) {
    const auto& op = operations_[i];
    for (const auto& x : op.accesses) {
      const auto cell = cell_of(x.key);
      if (!result_.symbolic[cell])
        continue;
      if (compares(x, op.ended)
          || (names_ == naming::all && x.what == action::write))
        mentions_.emplace_back(cell,
                               x.what == action::read ? x.result : x.argument);
    }
  }
  if (names_ == naming::all)
    for (std::uint32_t cell = 0; cell < result_.keys.size(); ++cell)
      mentions_.emplace_back(cell, initial);
  std::sort(mentions_.begin(), mentions_.end());
  mentions_.erase(std::unique(mentions_.begin(), mentions_.end()),
                  mentions_.end());
  for (const auto& x : mentions_)
    result_.values.push_back(x.second);
  // One more than there are keeps a value from being forgotten.
  result_.mentions.assign(mentions_.size() + 1, names_ == naming::all);
}

void builder::add_steps(const operation& op) {
  for (const auto& x : op.accesses) {
    if (op.ended == outcome::refused && x.what != action::expect)
      continue;
    step s{x.what, cell_of(x.key), 0, 0};
    if (x.what == action::add)
      s.argument = static_cast<std::uint64_t>(x.argument);
    else if (x.what != action::read)
      s.argument = symbol_of(s.cell, x.argument);
    if (op.ended == outcome::completed
        && (x.what == action::read || x.what == action::add))
      s.result = symbol_of(s.cell, x.result);
    result_.steps.push_back(s);
  }
}

void builder::mark(item& x) const {
  const auto& s = result_.steps[x.first];
  x.blind = x.count == 1 && s.what == action::write && plain_[s.cell];
  x.hidden = x.blind && s.argument == 0;
}

void builder::add_item(std::uint32_t number) {
  const auto& op = operations_[number];
  item x;
  x.operation = number;
  x.called = op.called;
  x.returned = end_of(op);
  x.refused = op.ended == outcome::refused;
  x.quiet = !changes(op);
  x.first = static_cast<std::uint32_t>(result_.steps.size());
  add_steps(op);
  x.count = static_cast<std::uint32_t>(result_.steps.size()) - x.first;
  mark(x);
  if (x.open() && (x.quiet || x.hidden)) {
    result_.steps.resize(x.first);
    return;
  }
  for (const auto& s : result_.steps_of(x)) {
    if (!result_.symbolic[s.cell])
      continue;
    if (s.what == action::expect)
      ++result_.mentions[s.argument];
    else if (s.what == action::read && !x.open())
      ++result_.mentions[s.result];
  }
  if (!x.open())
    result_.returns.push_back(static_cast<std::uint32_t>(result_.items.size()));
  result_.items.push_back(x);
}

problem builder::build(value_t initial) {
  find_keys();
  find_kinds();
  find_mentions(initial);
  for (std::uint32_t cell = 0; cell < result_.keys.size(); ++cell)
    result_.initial.push_back(symbol_of(cell, initial));
  result_.items.reserve(members_.size());
  result_.returns.reserve(members_.size());
  for (auto i : members_)
    add_item(i);
  const auto& items = result_.items;
  std::stable_sort(result_.returns.begin(), result_.returns.end(),
                   [&](std::uint32_t x, std::uint32_t y) {
                     return items[x].returned < items[y].returned;
                   });
  return std::move(result_);
}

} // namespace

problem make_problem(std::span<const operation> operations,
                     std::span<const std::uint32_t> members, value_t initial,
                     naming names) {
  return builder{operations, members, names}.build(initial);
}

} // namespace cohort::history
