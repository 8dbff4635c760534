#include "testkit/machine_contract.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

namespace cohort::testkit {

namespace {

using commands = std::vector<std::string>;

/// What is wrong, if anything is.
using finding = std::optional<std::string>;

constexpr std::size_t batch_max = 5;
constexpr std::size_t questions_max = 10;
constexpr std::size_t garbage_max = 60;

/// Ways to cut one script into batches and calls, while it is made shorter.
constexpr std::uint64_t cuts_tried = 30;

/// One seed of a contract: the same commands for all rules.
class trial {
public:
  trial(const machine_contract& contract, std::uint64_t seed,
        const commands& script)
    : contract_(contract),
      seed_(seed) {
    rng random{seed};
    for (const auto& x : script) {
      if (log_.empty() || log_.back().size() >= 1 + random.below(batch_max))
        log_.emplace_back();
      log_.back().push_back(x);
    }
    if (contract.question)
      for (auto i = random.below(questions_max); i > 0; --i)
        questions_.push_back(contract.question(random));
    middle_ = random.below(log_.size() + 1);
    garbage_seed_ = random.next();
  }

  finding same_commands_same_state() {
    auto one = player(1);
    auto other = player(2);
    for (const auto& batch : log_)
      if (auto found = differ(batch, one.apply(batch), other.apply(batch)))
        return found;
    return differ(one, other);
  }

  finding snapshot_is_the_state_of_its_moment() {
    auto one = player(1);
    play(one, 0, middle_);
    const auto at_once = one.snapshot();
    auto next = middle_;
    std::vector<std::vector<std::string>> replies;
    const auto go_on = [&] {
      if (next < log_.size())
        replies.push_back(one.apply(log_[next++]));
    };
    const auto slowly = one.snapshot(go_on);
    if (slowly != at_once)
      return "read while " + std::to_string(next - middle_)
             + " batches were applied, it differs from one read at once";
    while (next < log_.size())
      go_on();
    auto other = player(2);
    play(other, 0, log_.size() / 2); // to be replaced
    if (auto done = other.restore(at_once, middle_); !done)
      return "its own snapshot is refused: " + to_string(done.err());
    if (other.snapshot() != at_once)
      return std::string{"what was restored is saved as other bytes"};
    for (auto i = middle_; i < log_.size(); ++i)
      if (auto found = differ(log_[i], replies[i - middle_],
                              other.apply(log_[i])))
        return "after a restore: " + *found;
    if (auto found = differ(one, other))
      return "after a restore: " + *found;
    return {};
  }

  finding restore_that_fails_changes_nothing() {
    auto one = player(1);
    play(one, 0, log_.size());
    const auto saved = one.snapshot();
    auto other = player(2);
    play(other, 0, middle_);
    const auto before = other.snapshot();
    other.restore_in_part(saved);
    if (other.snapshot() != before)
      return std::string{"one that was given up changed the state"};
    rng random{garbage_seed_};
    const auto cut = saved.substr(0, random.below(saved.size() + 1));
    if (!other.restore(cut, middle_) && other.snapshot() != before)
      return "one that was refused, of " + std::to_string(cut.size()) + " of "
             + std::to_string(saved.size()) + " bytes, changed the state";
    return {};
  }

  finding questions_change_nothing() {
    auto one = player(1);
    play(one, 0, log_.size());
    const auto before = one.snapshot();
    for (const auto& x : questions_)
      if (one.ask(x) != one.ask(x))
        return "'" + x + "' has two answers";
    if (one.snapshot() != before)
      return std::string{"the state differs after questions"};
    return {};
  }

  finding batches_are_checked() {
    auto one = player(1);
    for (const auto& batch : log_) {
      const auto count = one.machine().check(contract_.encode(batch));
      if (!count || *count != batch.size())
        return "check() does not count " + std::to_string(batch.size())
               + " commands";
      if (one.apply(batch).size() != batch.size())
        return "not one reply for each of " + std::to_string(batch.size())
               + " commands";
    }
    return garbage_is_refused_or_answered(one);
  }

  finding version_stays() {
    auto one = player(1);
    const auto before = one.machine().version();
    play(one, 0, log_.size());
    if (one.machine().version() != before
        || player(2).machine().version() != before)
      return std::string{"version() changes"};
    for (std::size_t i = 0; i < contract_.saved_before.size(); ++i) {
      const auto& saved = contract_.saved_before[i];
      if (auto done = one.restore(saved, 0); !done)
        return "saved_before[" + std::to_string(i)
               + "] is refused: " + to_string(done.err());
      if (one.snapshot() != saved)
        return "saved_before[" + std::to_string(i)
               + "] is saved as other bytes now";
    }
    return {};
  }

private:
  machine_player player(std::uint64_t number) const {
    return {contract_.make(), contract_.encode, seed_ * 10 + number};
  }

  void play(machine_player& x, std::size_t first, std::size_t last) const {
    for (auto i = first; i < last; ++i)
      x.apply(log_[i]);
  }

  static finding differ(const command_batch& batch,
                        const std::vector<std::string>& one,
                        const std::vector<std::string>& other) {
    for (std::size_t i = 0; i < std::max(one.size(), other.size()); ++i) {
      if (i >= one.size() || i >= other.size() || i >= batch.size())
        return std::string{"the numbers of replies differ"};
      if (one[i] != other[i])
        return "'" + batch[i] + "' has the replies '" + one[i] + "' and '"
               + other[i] + "'";
    }
    return {};
  }

  finding differ(machine_player& one, machine_player& other) const {
    for (const auto& x : questions_) {
      const auto answers = std::pair{one.ask(x), other.ask(x)};
      if (answers.first != answers.second)
        return "'" + x + "' has the answers '" + answers.first + "' and '"
               + answers.second + "'";
    }
    if (one.snapshot() != other.snapshot())
      return std::string{"the snapshots differ"};
    return {};
  }

  /// Bytes that are no list of commands, or that happen to be one.
  finding garbage_is_refused_or_answered(machine_player& x) const {
    rng random{garbage_seed_};
    std::string text(random.below(garbage_max), '\0');
    for (auto& c : text)
      c = static_cast<char>(random.below(256));
    const auto batch = bytes::of(text);
    const auto count = x.machine().check(batch);
    if (!count)
      return {};
    machine::reply_list replies;
    x.machine().apply({index_t{x.applied() + 1}, term_t{1}, 0}, batch, 0,
                      *count, replies);
    if (replies.size() != *count)
      return "check() counts " + std::to_string(*count)
             + " commands in garbage, and apply() answers "
             + std::to_string(replies.size());
    return {};
  }

  const machine_contract& contract_;
  std::uint64_t seed_;
  std::vector<command_batch> log_;
  std::vector<std::string> questions_;
  std::size_t middle_ = 0;
  std::uint64_t garbage_seed_ = 0;
};

struct rule {
  const char* name;
  finding (trial::*check)();
};

constexpr std::array rules{
  rule{"the same commands give the same replies and the same state",
       &trial::same_commands_same_state},
  rule{"a snapshot is the state of its moment, and a replica goes on from it",
       &trial::snapshot_is_the_state_of_its_moment},
  rule{"a restore that fails leaves the old state",
       &trial::restore_that_fails_changes_nothing},
  rule{"questions change nothing", &trial::questions_change_nothing},
  rule{"check() counts what apply() answers", &trial::batches_are_checked},
  rule{"a version keeps its meaning", &trial::version_stays},
};

finding break_rule(const machine_contract& contract, const rule& x,
                   std::uint64_t seed, const commands& script) {
  try {
    trial attempt{contract, seed, script};
    return (attempt.*x.check)();
  } catch (const std::exception& e) {
    return std::string{"it throws: "} + e.what();
  }
}

/// The same with other cuts, too: fewer commands need others to show it.
finding break_rule_somehow(const machine_contract& contract, const rule& x,
                           std::uint64_t seed, const commands& script) {
  for (std::uint64_t i = 0; i < cuts_tried; ++i)
    if (auto found = break_rule(contract, x, seed + i, script))
      return found;
  return {};
}

/// Leaves out whatever is not needed to break the rule: halves first, then
/// smaller parts (Zeller, Hildebrandt 2002, delta debugging).
commands shrink(const machine_contract& contract, const rule& x,
                std::uint64_t seed, commands script) {
  for (auto step = script.size(); step > 0; step /= 2)
    for (std::size_t at = 0; at < script.size();) {
      auto fewer = script;
      const auto begin = fewer.begin() + static_cast<std::ptrdiff_t>(at);
      const auto count = std::min(step, script.size() - at);
      fewer.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
      if (break_rule_somehow(contract, x, seed, fewer))
        script = std::move(fewer);
      else
        at += step;
    }
  return script;
}

commands draw_commands(const machine_contract& contract, std::uint64_t seed) {
  rng random{seed};
  commands result(random.below(contract.commands_max + 1));
  for (auto& x : result)
    x = contract.command(random);
  return result;
}

} // namespace

std::string to_string(const broken_contract& x) {
  auto result = "broken: " + x.rule + "\n  seen: " + x.what
                + "\n  seed: " + std::to_string(x.seed) + "\n  commands:";
  for (const auto& command : x.commands)
    result += "\n    " + command;
  return result;
}

std::optional<broken_contract> check_contract(const machine_contract& x) {
  for (auto seed = x.first_seed; seed < x.first_seed + x.seeds; ++seed) {
    const auto script = draw_commands(x, seed);
    for (const auto& promise : rules)
      if (break_rule(x, promise, seed, script)) {
        auto least = shrink(x, promise, seed, script);
        const auto seen = break_rule_somehow(x, promise, seed, least);
        return broken_contract{promise.name, seen.value_or("not again"), seed,
                               std::move(least)};
      }
  }
  return {};
}

} // namespace cohort::testkit
