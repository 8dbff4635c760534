#include "brute_force.hpp"

#include "sample.hpp"

#include "testkit/history/linearizability.hpp"
#include "testkit/history/partition.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::history;

namespace {

constexpr std::size_t rounds = 6000;

/// Changes an answer, a time or an outcome; most often what is right becomes
/// wrong.
void damage(rng& random, std::vector<operation>& history) {
  auto& op = history[random.below(history.size())];
  auto& x = op.accesses[random.below(op.accesses.size())];
  const auto dice = random.below(8);
  if (dice < 5)
    (x.what == action::expect ? x.argument
                              : x.result) += random.below(2) == 0 ? 1 : -1;
  else if (dice == 5 && end_of(op) != never)
    op.returned = op.called + random.below(4);
  else if (dice == 6)
    op.ended = outcome::failed;
  else if (end_of(op) != never)
    op.ended = outcome::unknown;
}

std::vector<operation> prefix(const std::vector<operation>& history,
                              time_point end) {
  std::vector<operation> result;
  for (auto op : history) {
    if (op.called > end)
      continue;
    if (op.ended != outcome::failed && end_of(op) > end)
      op.ended = outcome::unknown;
    result.push_back(op);
  }
  return result;
}

std::string text_of(const std::vector<operation>& history) {
  std::string text;
  for (const auto& op : history)
    text += to_string(op) + "\n";
  return text;
}

/// The prefix that is named is impossible, none that ends before is, as far as
/// the component of the key goes.
void judge_prefix(std::vector<operation> history, const contradiction& why) {
  BOOST_TEST(!brute_force(prefix(history, why.prefix_end)).linearizable());
  BOOST_REQUIRE(end_of(history[why.operation]) == why.prefix_end);
  // Others may be impossible earlier: only what is connected counts.
  for (const auto& members : partition(history))
    if (std::find(members.begin(), members.end(), why.operation)
        == members.end())
      for (auto i : members)
        history[i].ended = outcome::failed;
  BOOST_TEST(!brute_force(prefix(history, why.prefix_end)).linearizable());
  if (why.prefix_end > 0)
    BOOST_TEST(brute_force(prefix(history, why.prefix_end - 1)).linearizable());
}

struct tally {
  std::size_t good = 0;
  std::size_t bad = 0;
};

void judge(const std::vector<operation>& history, tally& seen) {
  const auto found = check(history).value();
  const auto right = brute_force(history).linearizable();
  BOOST_REQUIRE_MESSAGE((found.is == answer::linearizable) == right,
                        text_of(history));
  BOOST_REQUIRE((found.is == answer::impossible) == !right);
  ++(right ? seen.good : seen.bad);
  if (!right)
    judge_prefix(history, *found.why);
}

sample_options options_of(workload kind, rng& random) {
  sample_options result;
  result.kind = kind;
  result.operations = random.between(3, 7);
  result.clients = static_cast<std::uint32_t>(random.between(2, 4));
  result.keys = static_cast<std::uint32_t>(random.between(1, 2));
  result.values = static_cast<std::uint32_t>(random.below(2) * 3);
  return result;
}

const workload all_workloads[] = {workload::registers, workload::counters,
                                  workload::compare_and_set,
                                  workload::transactions, workload::mixed};

} // namespace

BOOST_AUTO_TEST_SUITE(history_brute_force_suite)

BOOST_AUTO_TEST_CASE(short_histories_are_judged_as_all_orders_do) {
  for (auto kind : all_workloads) {
    rng random{static_cast<std::uint64_t>(kind)};
    tally seen;
    for (std::size_t i = 0; i < rounds; ++i) {
      auto history = make_sample(random, options_of(kind, random)).operations;
      BOOST_REQUIRE_MESSAGE(brute_force(history).linearizable(),
                            text_of(history));
      for (auto damages = random.below(4); damages > 0; --damages)
        damage(random, history);
      if (!validate(history))
        continue;
      judge(history, seen);
    }
    BOOST_TEST_CONTEXT("workload " << static_cast<int>(kind)) {
      BOOST_TEST(seen.good > rounds / 5);
      BOOST_TEST(seen.bad > rounds / 5);
    }
  }
}

// Without any plausibility: few values, all times.
BOOST_AUTO_TEST_CASE(noise_is_judged_as_all_orders_do) {
  rng random{99};
  tally seen;
  for (std::size_t i = 0; i < 2 * rounds; ++i) {
    std::vector<operation> history(random.between(2, 6));
    for (auto& op : history) {
      op.called = random.below(12);
      op.returned = op.called + random.below(10);
      const key_id key = random.below(2);
      const auto x = static_cast<value_t>(random.below(2));
      const auto y = static_cast<value_t>(random.below(2));
      const auto dice = random.below(7);
      op.accesses = dice < 2    ? std::vector{read(key, x)}
                    : dice < 4  ? std::vector{write(key, x)}
                    : dice == 4 ? std::vector{write(0, x), write(1, y)}
                                : std::vector{expect(key, x), write(key, y)};
      if (dice == 5)
        op.ended = outcome::refused;
      else if (random.below(5) == 0)
        op.ended = outcome::unknown;
    }
    judge(history, seen);
  }
  BOOST_TEST(seen.good > rounds / 2);
  BOOST_TEST(seen.bad > rounds / 2);
}

BOOST_AUTO_TEST_SUITE_END()
