#include "testkit/history/explanation.hpp"

#include "core/check.hpp"

#include <algorithm>

namespace cohort::history {

namespace {

constexpr std::size_t listed_max = 12;
constexpr std::size_t values_max = 8;
/// To keep all values apart is for people only, and must not take long.
constexpr std::size_t named_configurations_max = 256;
constexpr std::size_t named_operations_max = 10'000;

/// The history as it was known at a time.
std::vector<operation> prefix_of(const component_view& what, time_point end) {
  std::vector<operation> result;
  for (auto i : what.members) {
    const auto& op = what.operations[i];
    if (op.called > end)
      break;
    result.push_back(op);
    if (end_of(op) > end)
      result.back().ended = outcome::unknown;
  }
  return result;
}

/// A prefix, and the search for an order in it.
class attempt {
public:
  attempt(const component_view& what, time_point end)
    : operations_(prefix_of(what, end)),
      members_(partition(operations_)),
      initial_(what.options.initial) {}

  /// Whether some component is impossible; its search is kept. Keys that only
  /// a later transaction joins are not of one component yet.
  bool stuck(std::size_t configurations_max, naming names = naming::seen) {
    for (const auto& x : members_) {
      problem_ = make_problem(operations_, x, initial_, names);
      search_.emplace(problem_, configurations_max);
      if (search_->run() == search::ending::stuck)
        return true;
    }
    return false;
  }

  std::size_t size() const {
    return operations_.size();
  }
  /// Precondition: stuck.
  const item& last() const {
    return problem_.items[search_->stuck_at()];
  }
  /// "key 7 can hold only 1 or 2", for each key that `last` touches.
  std::string values_text() const;

private:
  std::vector<operation> operations_;
  std::vector<component> members_;
  value_t initial_;
  problem problem_;
  std::optional<search> search_;
};

std::string attempt::values_text() const {
  std::string text;
  std::vector<std::uint32_t> cells;
  for (const auto& s : problem_.steps_of(last())) {
    if (std::find(cells.begin(), cells.end(), s.cell) != cells.end())
      continue;
    cells.push_back(s.cell);
    text += "\nThen, key " + std::to_string(problem_.keys[s.cell])
            + " can hold only ";
    std::string values;
    for (const auto& value : search_->possible(s.cell, values_max))
      values += (values.empty() ? "" : " or ")
                + (value ? std::to_string(*value)
                         : "a value that nobody asks for");
    text += values;
  }
  return text;
}

bool stuck_at(const component_view& what, time_point end) {
  return attempt{what, end}.stuck(what.options.configurations_max);
}

/// The times of returns from a time on, sorted.
std::vector<time_point> returns_from(const component_view& what,
                                     time_point from) {
  std::vector<time_point> times;
  for (auto i : what.members) {
    const auto end = end_of(what.operations[i]);
    if (end >= from && end != never)
      times.push_back(end);
  }
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  return times;
}

/// The first impossible prefix: near the beginning most of the time.
time_point shortest(const component_view& what, time_point from) {
  const auto times = returns_from(what, from);
  COHORT_CHECK(!times.empty());
  std::size_t low = 0; // all before it are possible
  std::size_t high = 0;
  while (high + 1 < times.size() && !stuck_at(what, times[high])) {
    low = high + 1;
    high = std::min(2 * high + 1, times.size() - 1);
  }
  while (low < high) {
    const auto middle = low + (high - low) / 2;
    if (stuck_at(what, times[middle]))
      high = middle;
    else
      low = middle + 1;
  }
  return times[high];
}

void list(std::string& text, const component_view& what,
          const std::vector<std::size_t>& indexes) {
  for (std::size_t k = 0; k < std::min(indexes.size(), listed_max); ++k)
    text += "\n  " + to_string(what.operations[indexes[k]]);
  if (indexes.size() > listed_max)
    text += "\n  and " + std::to_string(indexes.size() - listed_max) + " more";
}

/// Who could have put there what the operation saw.
std::vector<std::size_t> sources_of(const component_view& what,
                                    const contradiction& why) {
  std::vector<std::size_t> found;
  for (const auto& seen : what.operations[why.operation].accesses)
    for (auto i : what.members) {
      const auto& op = what.operations[i];
      const auto& all = op.accesses;
      const auto writes = [&](const access& x) {
        return x.key == seen.key && x.what == action::write
               && ((seen.what == action::read && x.argument == seen.result)
                   || (seen.what == action::expect
                       && x.argument == seen.argument));
      };
      if (i != why.operation && changes(op)
          && std::any_of(all.begin(), all.end(), writes))
        found.push_back(i);
    }
  return found;
}

std::string text_of(const component_view& what, const attempt& last,
                    const contradiction& why) {
  auto text = "key " + std::to_string(why.key) + ": nothing explains\n  "
              + to_string(what.operations[why.operation]);
  const auto stuck = what.members[last.last().operation];
  if (stuck != why.operation)
    text += "\ntogether with\n  " + to_string(what.operations[stuck]);
  text += last.values_text();
  text += "\nThe first " + std::to_string(why.prefix_operations) + " of "
          + std::to_string(what.members.size()) + " operations, up to time "
          + std::to_string(why.prefix_end) + ", are impossible; fewer are not.";
  const auto sources = sources_of(what, why);
  if (!sources.empty()) {
    text += "\nWhat it saw was written by:";
    list(text, what, sources);
  }
  text += why.overlapping.empty() ? "\nNothing overlaps it." : "\nIt overlaps:";
  list(text, what, why.overlapping);
  return text;
}

/// What overlaps an operation, of those that were called until a time.
std::vector<std::size_t> overlapping(const component_view& what,
                                     std::size_t number, time_point until) {
  std::vector<std::size_t> found;
  const auto& op = what.operations[number];
  for (auto i : what.members) {
    const auto& other = what.operations[i];
    if (other.called > std::min(until, end_of(op)))
      break;
    if (i != number && op.called <= end_of(other))
      found.push_back(i);
  }
  return found;
}

/// The operation with whose return the prefix ends: if there are several, the
/// one at which the search got stuck, or else the last.
std::size_t last_of(const component_view& what, std::size_t stuck,
                    time_point end) {
  auto found = stuck;
  for (auto i : what.members)
    if (end_of(what.operations[i]) == end)
      found = i;
  return end_of(what.operations[stuck]) == end ? stuck : found;
}

} // namespace

contradiction explain(const component_view& what, time_point from) {
  contradiction why;
  why.prefix_end = shortest(what, from);
  attempt last{what, why.prefix_end};
  const auto named = last.size() <= named_operations_max
                     && last.stuck(named_configurations_max, naming::all);
  // The longest prefix is the component itself, which is impossible.
  COHORT_CHECK(named || last.stuck(what.options.configurations_max));
  const auto stuck = what.members[last.last().operation];
  why.operation = last_of(what, stuck, why.prefix_end);
  why.key = what.operations[why.operation].accesses.front().key;
  why.prefix_operations = last.size();
  why.overlapping = overlapping(what, why.operation, why.prefix_end);
  why.text = text_of(what, last, why);
  return why;
}

} // namespace cohort::history
