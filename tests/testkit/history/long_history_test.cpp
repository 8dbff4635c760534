#include "testkit/history/linearizability.hpp"

#include "sample.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace cohort;
using namespace cohort::history;

namespace {

using history_t = std::vector<operation>;

constexpr std::size_t histories = 150;

/// As the shipped workloads: at most 8 at a time on a key, a few of which timed
/// out.
sample_options shipped(workload kind, std::size_t operations) {
  return {.kind = kind,
          .operations = operations,
          .clients = 5,
          .keys = kind == workload::transactions ? 3u : 1u,
          .open_max = kind == workload::transactions ? 1u : 3u};
}

/// Makes a history impossible, for a reason that needs no search. Returns
/// whether it found something to spoil.
using spoiler = bool (*)(history_t&);

bool completed(const operation& op, action what) {
  return op.ended == outcome::completed && op.accesses.front().what == what;
}

bool precedes(const operation& x, const operation& y) {
  return end_of(x) < y.called;
}

/// The first pair, beginning at a place of the history, that fits.
template <class Fits>
std::optional<std::pair<operation*, operation*>>
find_pair(history_t& history, Fits fits) {
  const auto begin = history.size() / 2;
  for (auto i = begin; i < history.size(); ++i)
    for (auto k = begin; k < history.size(); ++k)
      if (i != k && fits(history[i], history[k]))
        return std::pair{&history[i], &history[k]};
  return std::nullopt;
}

/// A read sees what was overwritten before its call.
bool stale_read(history_t& history) {
  const auto lost = std::find_if(
    history.begin() + static_cast<std::ptrdiff_t>(history.size() / 3),
    history.end(),
    [](const operation& op) { return completed(op, action::write); });
  if (lost == history.end())
    return false;
  const auto found = find_pair(history, [&](const auto& x, const auto& y) {
    return completed(x, action::write) && completed(y, action::read)
           && precedes(*lost, x) && precedes(x, y);
  });
  if (found)
    found->second->accesses.front().result = lost->accesses.front().argument;
  return found.has_value();
}

/// A read sees what nobody wrote.
bool value_from_nowhere(history_t& history) {
  const auto found = find_pair(history, [](const auto&, const auto& y) {
    return completed(y, action::read);
  });
  if (found)
    found->second->accesses.front().result = -1;
  return found.has_value();
}

bool wrote(const operation& writer, const operation& reader) {
  return completed(reader, action::read)
         && writer.accesses.back().what == action::write
         && writer.accesses.back().argument == reader.accesses.front().result
         && changes(writer);
}

/// A write that was read is reported as failed.
bool lost_write(history_t& history) {
  const auto found = find_pair(history, wrote);
  if (found)
    found->first->ended = outcome::failed;
  return found.has_value();
}

/// A write begins after a read saw it.
bool moved_write(history_t& history) {
  const auto found = find_pair(history, wrote);
  if (!found)
    return false;
  const auto late = found->second->returned + 1;
  found->first->called = late;
  found->first->returned = std::max(late, found->first->returned);
  return true;
}

/// Two increments answer the same.
bool duplicated_increment(history_t& history) {
  const auto found = find_pair(history, [](const auto& x, const auto& y) {
    return completed(x, action::add) && completed(y, action::add);
  });
  if (found)
    found->second->accesses.front().result =
      found->first->accesses.front().result;
  return found.has_value();
}

/// A counter goes back.
bool swapped_increments(history_t& history) {
  const auto found = find_pair(history, [](const auto& x, const auto& y) {
    return completed(x, action::add) && completed(y, action::add)
           && precedes(x, y);
  });
  if (found)
    std::swap(found->first->accesses, found->second->accesses);
  return found.has_value();
}

/// Two sets succeed where there was one value, that never comes back.
bool double_success(history_t& history) {
  const auto found = find_pair(history, [](const auto& x, const auto& y) {
    return completed(x, action::expect) && completed(y, action::expect);
  });
  if (found)
    found->second->accesses.front().argument =
      found->first->accesses.front().argument;
  return found.has_value();
}

/// A set is refused because of a value that it would have found: nothing is in
/// flight between the write that returned and a read that saw it.
bool wrong_refusal(history_t& history) {
  const auto found = find_pair(history, [](const auto& x, const auto& y) {
    return wrote(x, y) && precedes(x, y);
  });
  if (!found)
    return false;
  const auto& [writer, reader] = *found;
  const auto value = reader->accesses.front().result;
  operation refusal;
  refusal.called = writer->returned;
  refusal.returned = reader->called;
  refusal.ended = outcome::refused;
  refusal.accesses = {expect(writer->accesses.front().key, value)};
  // Not before the write, and the value stays until the read.
  refusal.called += 1;
  refusal.returned = std::max(refusal.called, reader->called - 1);
  const bool before_the_read = refusal.returned < reader->called;
  history.push_back(refusal);
  return before_the_read;
}

/// A transfer is seen in halves: the sum of all keys is always 0.
bool torn_read(history_t& history) {
  const auto found = find_pair(history, [](const auto&, const auto& y) {
    return completed(y, action::read);
  });
  if (found)
    found->second->accesses.back().result += 3;
  return found.has_value();
}

std::size_t count_found(workload kind, spoiler spoil) {
  rng random{7 + static_cast<std::uint64_t>(kind)};
  std::size_t found = 0;
  for (std::size_t i = 0; i < histories; ++i) {
    auto history =
      make_sample(random, shipped(kind, random.between(60, 240))).operations;
    if (!spoil(history))
      continue;
    const auto verdict = check(history).value();
    BOOST_TEST((verdict.is == answer::impossible));
    ++found;
  }
  return found;
}

} // namespace

BOOST_AUTO_TEST_SUITE(history_long_suite)

BOOST_AUTO_TEST_CASE(what_an_atomic_object_did_is_linearizable) {
  for (auto kind : {workload::registers, workload::counters,
                    workload::compare_and_set, workload::transactions}) {
    rng random{static_cast<std::uint64_t>(kind)};
    for (std::size_t i = 0; i < 2 * histories; ++i) {
      const auto history = make_sample(random, shipped(kind, 200)).operations;
      const auto found = check(history).value();
      BOOST_TEST((found.is == answer::linearizable));
      BOOST_TEST(found.configurations < 5000u);
    }
  }
}

BOOST_AUTO_TEST_CASE(registers_that_went_wrong_are_found) {
  for (spoiler x : {stale_read, value_from_nowhere, lost_write, moved_write})
    BOOST_TEST(count_found(workload::registers, x) > histories * 9 / 10);
}

BOOST_AUTO_TEST_CASE(counters_that_went_wrong_are_found) {
  for (spoiler x :
       {value_from_nowhere, duplicated_increment, swapped_increments})
    BOOST_TEST(count_found(workload::counters, x) > histories * 9 / 10);
}

BOOST_AUTO_TEST_CASE(compare_and_set_that_went_wrong_is_found) {
  for (spoiler x : {value_from_nowhere, lost_write, double_success})
    BOOST_TEST(count_found(workload::compare_and_set, x) > histories * 3 / 4);
  BOOST_TEST(count_found(workload::compare_and_set, wrong_refusal) > 20u);
}

BOOST_AUTO_TEST_CASE(transactions_that_went_wrong_are_found) {
  BOOST_TEST(count_found(workload::transactions, torn_read)
             > histories * 9 / 10);
}

BOOST_AUTO_TEST_CASE(two_hundred_thousand_operations_get_an_answer) {
  rng random{1};
  auto history =
    make_sample(random, shipped(workload::compare_and_set, 200'000)).operations;
  auto found = check(history).value();
  BOOST_TEST((found.is == answer::linearizable));
  BOOST_TEST(found.configurations < 5000u);
  BOOST_REQUIRE(value_from_nowhere(history));
  found = check(history).value();
  BOOST_REQUIRE((found.is == answer::impossible));
  BOOST_TEST(found.why->prefix_operations > 90'000u);
  BOOST_TEST(found.why->prefix_operations < 110'000u);
}

BOOST_AUTO_TEST_SUITE_END()
