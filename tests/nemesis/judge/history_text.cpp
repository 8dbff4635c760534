#include "history_text.hpp"

#include "testkit/history/partition.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

namespace cohort::judge {

namespace {

using history::access;
using history::action;
using history::operation;
using history::outcome;

constexpr std::string_view nothing = "-";

/// The words of a line, taken one by one.
class words {
public:
  explicit words(std::string_view line) : rest_(line) {}

  bool empty() const {
    return rest_.empty();
  }
  std::string_view next() {
    const auto end = std::min(rest_.find(' '), rest_.size());
    const auto word = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return word;
  }

private:
  std::string_view rest_;
};

template <class Number>
std::optional<Number> number_in(std::string_view word) {
  Number value{};
  const auto* end = word.data() + word.size();
  const auto [stop, code] = std::from_chars(word.data(), end, value);
  if (code != std::errc{} || stop != end || word.empty())
    return std::nullopt;
  return value;
}

std::optional<outcome> outcome_in(std::string_view word) {
  if (word == "completed")
    return outcome::completed;
  if (word == "refused")
    return outcome::refused;
  if (word == "unknown")
    return outcome::unknown;
  if (word == "failed")
    return outcome::failed;
  return std::nullopt;
}

std::optional<action> action_in(std::string_view word) {
  if (word == "read")
    return action::read;
  if (word == "write")
    return action::write;
  if (word == "add")
    return action::add;
  if (word == "expect")
    return action::expect;
  return std::nullopt;
}

/// Nothing but "-" if the operation did not complete.
std::optional<history::value_t> result_in(std::string_view word,
                                          outcome ended) {
  if (ended != outcome::completed && word == nothing)
    return 0;
  return number_in<history::value_t>(word);
}

std::optional<access> access_in(words& from, outcome ended) {
  const auto what = action_in(from.next());
  const auto key = number_in<history::key_id>(from.next());
  if (!what || !key)
    return std::nullopt;
  access x{*what, *key, 0, 0};
  if (*what != action::read) {
    const auto argument = number_in<history::value_t>(from.next());
    if (!argument)
      return std::nullopt;
    x.argument = *argument;
  }
  if (*what == action::read || *what == action::add) {
    const auto gave = result_in(from.next(), ended);
    if (!gave)
      return std::nullopt;
    x.result = *gave;
  }
  return x;
}

std::optional<operation> operation_in(std::string_view line) {
  words from{line};
  const auto client = number_in<std::uint64_t>(from.next());
  const auto called = number_in<history::time_point>(from.next());
  const auto returned = from.next();
  const auto ended = outcome_in(from.next());
  if (!client || !called || !ended)
    return std::nullopt;
  operation op{*client, *called, history::never, *ended, {}};
  if (const auto at = number_in<history::time_point>(returned); at)
    op.returned = *at;
  else if (returned != nothing || *ended == outcome::completed
           || *ended == outcome::refused)
    return std::nullopt;
  while (!from.empty()) {
    auto x = access_in(from, *ended);
    if (!x || op.accesses.size() == accesses_max)
      return std::nullopt;
    op.accesses.push_back(*x);
  }
  if (op.accesses.empty())
    return std::nullopt;
  return op;
}

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

} // namespace

result<std::vector<operation>> parse_history(std::string_view text) {
  // A file whose last line is cut off is no whole history.
  if (take_line(text) != first_line || (!text.empty() && text.back() != '\n'))
    return {errc::malformed, "is no history: it must begin with \""
                               + std::string{first_line}
                               + "\" and end with a line break"};
  std::vector<operation> operations;
  for (std::size_t number = 2; !text.empty(); ++number) {
    const auto line = take_line(text);
    if (line.empty() || line.front() == '#')
      continue;
    auto op = operation_in(line);
    if (!op)
      return {errc::malformed, "line " + std::to_string(number)
                                 + " is no operation: \""
                                 + std::string{line.substr(0, 200)} + "\""};
    operations.push_back(std::move(*op));
  }
  return operations;
}

openness most_open(const std::vector<operation>& operations) {
  openness found;
  for (const auto& members : history::partition(operations)) {
    // What is called at the time of a return overlaps it.
    std::vector<std::pair<history::time_point, int>> events;
    for (auto i : members) {
      events.emplace_back(operations[i].called, -1);
      events.emplace_back(end_of(operations[i]), 1);
    }
    std::sort(events.begin(), events.end());
    std::size_t open = 0;
    for (const auto& [time, change] : events) {
      open = change < 0 ? open + 1 : open - 1;
      if (open > found.most)
        found = {open, operations[members.front()].accesses.front().key};
    }
  }
  return found;
}

} // namespace cohort::judge
