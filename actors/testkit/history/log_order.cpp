#include "testkit/history/log_order.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>

namespace cohort::history {

namespace {

using places_t = std::span<const std::optional<log_place>>;

/// The values of all keys, and what happens to them.
class sequential_run {
public:
  explicit sequential_run(value_t initial) : initial_(initial) {}

  /// Lets an operation happen. Returns what its answer should have been, or
  /// nothing if that is what it was.
  std::optional<std::string> apply(const operation& op);

private:
  value_t& at(key_id key) {
    return values_.try_emplace(key, initial_).first->second;
  }
  bool conditions_hold(const operation& op);

  value_t initial_;
  std::unordered_map<key_id, value_t> values_;
};

bool sequential_run::conditions_hold(const operation& op) {
  return std::all_of(
    op.accesses.begin(), op.accesses.end(), [&](const access& x) {
      return x.what != action::expect || at(x.key) == x.argument;
    });
}

std::string holds_text(key_id key, value_t value) {
  return "key " + std::to_string(key) + " holds " + std::to_string(value);
}

std::optional<std::string> sequential_run::apply(const operation& op) {
  const auto holds = conditions_hold(op);
  if (op.ended == outcome::refused && holds)
    return "its conditions hold";
  if (op.ended == outcome::completed && !holds)
    return "its conditions do not hold";
  if (!holds)
    return std::nullopt;
  for (const auto& x : op.accesses) {
    auto& value = at(x.key);
    if (x.what == action::write)
      value = x.argument;
    else if (x.what == action::add)
      value = static_cast<value_t>(static_cast<std::uint64_t>(value)
                                   + static_cast<std::uint64_t>(x.argument));
    const auto answers = x.what == action::read || x.what == action::add;
    if (answers && op.ended == outcome::completed && value != x.result)
      return holds_text(x.key, value);
  }
  return std::nullopt;
}

class log_checker {
public:
  log_checker(std::span<const operation> operations, places_t places)
    : operations_(operations),
      places_(places) {}

  verdict run(value_t initial);

private:
  bool sort();
  bool same_moment(std::uint32_t x, std::uint32_t y) const;
  void judge_times(std::size_t begin, std::size_t end);
  void judge_answers(value_t initial);
  void fail(std::uint32_t number, const std::string& reason,
            std::optional<std::uint32_t> other = std::nullopt);

  auto key_of(std::uint32_t i) const {
    const auto& x = *places_[i];
    return std::tuple{x.index, x.behind, x.offset};
  }

  std::span<const operation> operations_;
  places_t places_;
  std::vector<std::uint32_t> order_;
  std::size_t judged_ = 0;                   // of order_: times are right
  std::optional<std::uint32_t> last_called_; // the latest call among these
  verdict found_;
};

void log_checker::fail(std::uint32_t number, const std::string& reason,
                       std::optional<std::uint32_t> other) {
  const auto& op = operations_[number];
  contradiction why;
  why.key = op.accesses.front().key;
  why.operation = number;
  why.prefix_end = end_of(op);
  why.text = "key " + std::to_string(why.key) + ": " + reason + "\n  "
             + to_string(op);
  if (places_[number])
    why.text += " in entry " + std::to_string(places_[number]->index);
  if (other)
    why.text += "\n  " + to_string(operations_[*other]) + " in entry "
                + std::to_string(places_[*other]->index);
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    const auto& x = operations_[i];
    if (x.called > why.prefix_end)
      continue;
    ++why.prefix_operations;
    if (i != number && op.called <= end_of(x))
      why.overlapping.push_back(i);
  }
  std::stable_sort(why.overlapping.begin(), why.overlapping.end(),
                   [&](std::size_t x, std::size_t y) {
                     return operations_[x].called < operations_[y].called;
                   });
  found_.is = answer::impossible;
  found_.why = std::move(why);
}

/// Returns whether everything has its place.
bool log_checker::sort() {
  for (std::uint32_t i = 0; i < operations_.size(); ++i) {
    const auto ended = operations_[i].ended;
    if (places_[i] && ended == outcome::failed) {
      fail(i, "reported as failed, but it is in the log");
      return false;
    }
    if (!places_[i] && end_of(operations_[i]) != never) {
      fail(i, "acknowledged, but it is not in the log");
      return false;
    }
    if (places_[i])
      order_.push_back(i);
  }
  std::stable_sort(
    order_.begin(), order_.end(),
    [&](std::uint32_t x, std::uint32_t y) { return key_of(x) < key_of(y); });
  return true;
}

/// What lies behind the same entry saw one state, in any order.
bool log_checker::same_moment(std::uint32_t x, std::uint32_t y) const {
  return places_[x]->behind && places_[y]->behind
         && places_[x]->index == places_[y]->index;
}

/// [begin, end) of the order is one moment, which must not return before the
/// call of anything earlier in the order.
void log_checker::judge_times(std::size_t begin, std::size_t end) {
  for (auto i = begin; i < end; ++i)
    if (last_called_
        && end_of(operations_[order_[i]]) < operations_[*last_called_].called)
      return fail(order_[i],
                  "returned before the call of what precedes it in the log",
                  *last_called_);
  for (auto i = begin; i < end; ++i)
    if (!last_called_
        || operations_[*last_called_].called < operations_[order_[i]].called)
      last_called_ = order_[i];
  judged_ = end;
}

void log_checker::judge_answers(value_t initial) {
  sequential_run state{initial};
  for (std::size_t i = 0; i < judged_; ++i) {
    const auto wrong = state.apply(operations_[order_[i]]);
    if (wrong)
      return fail(order_[i], "in the log's order " + *wrong + ", not as");
  }
}

verdict log_checker::run(value_t initial) {
  if (!sort())
    return found_;
  for (std::size_t begin = 0; begin < order_.size() && !found_.why;) {
    auto end = begin + 1;
    while (end < order_.size() && same_moment(order_[begin], order_[end]))
      ++end;
    const auto taken = end < order_.size() && !places_[order_[begin]]->behind
                       && key_of(order_[begin]) == key_of(order_[end]);
    if (taken)
      fail(order_[end], "shares a place with another operation", order_[begin]);
    else
      judge_times(begin, end);
    begin = end;
  }
  judge_answers(initial);
  return found_;
}

} // namespace

result<verdict> check_log_order(std::span<const operation> operations,
                                places_t places, value_t initial) {
  if (operations.size() >= std::size_t{1} << 32)
    return {errc::too_large, "a history of 2^32 operations or more"};
  if (places.size() != operations.size())
    return {errc::invalid, "not one place for each operation"};
  const auto valid = validate(operations);
  if (!valid)
    return valid.err();
  for (std::size_t i = 0; i < places.size(); ++i)
    if (places[i] && places[i]->behind && changes(operations[i]))
      return {errc::invalid,
              "a change without an entry: " + to_string(operations[i])};
  return log_checker{operations, places}.run(initial);
}

} // namespace cohort::history
