#include "testkit/history/log_order.hpp"

#include "sample.hpp"
#include "shorthand.hpp"

#include "testkit/history/linearizability.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::history;

namespace {

using places_t = std::vector<std::optional<log_place>>;

constexpr auto nowhere = std::nullopt;
constexpr std::size_t logs = 400;

log_place at(std::uint64_t index) {
  return {index};
}

log_place behind(std::uint64_t index) {
  return {index, 0, true};
}

void good(const std::vector<operation>& history, const places_t& places) {
  BOOST_TEST(
    (check_log_order(history, places).value().is == answer::linearizable));
}

contradiction bad(const std::vector<operation>& history,
                  const places_t& places) {
  const auto found = check_log_order(history, places).value();
  BOOST_REQUIRE((found.is == answer::impossible));
  return *found.why;
}

bool says(const contradiction& why, const char* words) {
  return why.text.find(words) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(history_log_order_suite)

BOOST_AUTO_TEST_CASE(the_log_decides_between_overlapping_writes) {
  const std::vector history{done({0, 10}, {write(7, 1)}),
                            done({0, 10}, {write(7, 2)}),
                            done({20, 30}, {read(7, 1)})};
  good(history, {at(2), at(1), behind(2)});
  const auto why = bad(history, {at(1), at(2), behind(2)});
  BOOST_TEST(why.operation == 2u);
  BOOST_TEST(says(why, "key 7 holds 2"));
}

BOOST_AUTO_TEST_CASE(the_log_follows_real_time) {
  const std::vector history{done({0, 10}, {write(1, 1)}),
                            done({11, 20}, {write(2, 2)})};
  good(history, {at(1), at(2)});
  const auto why = bad(history, {at(2), at(1)});
  BOOST_TEST(why.operation == 0u);
  BOOST_TEST(says(why, "returned before the call"));
}

BOOST_AUTO_TEST_CASE(the_latest_call_counts_not_the_last) {
  const auto why =
    bad({done({20, 30}, {write(1, 1)}), done({0, 40}, {write(2, 2)}),
         done({5, 10}, {write(3, 3)})},
        {at(1), at(2), at(3)});
  BOOST_TEST(why.operation == 2u);
}

// Stale: it was called when entry 2 had been acknowledged.
BOOST_AUTO_TEST_CASE(reads_see_what_was_acknowledged_before) {
  const std::vector history{done({0, 10}, {write(7, 1)}),
                            done({11, 20}, {write(7, 2)}),
                            done({21, 30}, {read(7, 1)})};
  const auto why = bad(history, {at(1), at(2), behind(1)});
  BOOST_TEST(why.operation == 1u);
  BOOST_TEST(why.overlapping.empty());
}

BOOST_AUTO_TEST_CASE(reads_behind_one_entry_have_no_order) {
  const std::vector history{
    done({0, 10}, {write(7, 1)}), done({20, 30}, {read(7, 1)}),
    done({11, 15}, {read(7, 1)}), done({0, 40}, {read(7, 0)})};
  good(history, {at(1), behind(1), behind(1), behind(0)});
  bad(history, {at(1), behind(1), behind(0), behind(0)});
}

BOOST_AUTO_TEST_CASE(commands_of_one_entry_have_their_order) {
  const std::vector history{done({0, 10}, {add(7, 1, 2)}),
                            done({0, 10}, {add(7, 1, 1)}),
                            done({0, 10}, {read(7, 2)})};
  good(history, {log_place{5, 1}, log_place{5, 0}, behind(5)});
  bad(history, {log_place{5, 0}, log_place{5, 1}, behind(5)});
  BOOST_TEST(says(bad(history, {log_place{5, 1}, log_place{5, 1}, behind(5)}),
                  "shares a place"));
}

BOOST_AUTO_TEST_CASE(an_acknowledged_write_is_in_the_log) {
  const auto why = bad({done({0, 10}, {write(7, 1)})}, {nowhere});
  BOOST_TEST(says(why, "acknowledged, but it is not in the log"));
}

BOOST_AUTO_TEST_CASE(a_failed_write_is_not_in_the_log) {
  good({failed(0, {write(7, 1)})}, {nowhere});
  const auto why = bad({failed(0, {write(7, 1)})}, {at(1)});
  BOOST_TEST(says(why, "reported as failed, but it is in the log"));
}

BOOST_AUTO_TEST_CASE(what_timed_out_is_in_the_log_or_not) {
  const auto late = open(5, {write(7, 1)});
  const auto see = done({20, 30}, {read(7, 1)});
  good({late, see}, {at(1), behind(1)});
  bad({late, see}, {nowhere, behind(1)});
  bad({late, done({0, 4}, {write(7, 2)})}, {at(1), at(2)});
}

BOOST_AUTO_TEST_CASE(conditions_are_tested_in_the_logs_order) {
  const auto set = done({0, 10}, {expect(7, 0), write(7, 1)});
  const auto no = refused({0, 10}, {expect(7, 0), write(7, 2)});
  good({set, no}, {at(1), at(2)});
  good({set, no}, {at(1), behind(1)});
  BOOST_TEST(says(bad({set, no}, {at(2), at(1)}), "its conditions hold"));
  BOOST_TEST(says(bad({set, set}, {at(1), at(2)}), "do not hold"));
}

BOOST_AUTO_TEST_CASE(malformed_places_are_errors) {
  const std::vector history{done({0, 10}, {write(7, 1)})};
  BOOST_TEST((check_log_order(history, {}).err().code == errc::invalid));
  const places_t changes_behind{behind(1)};
  BOOST_TEST(
    (check_log_order(history, changes_behind).err().code == errc::invalid));
}

// The order in which an object changed explains its history, and so there is an
// order: both checkers agree. With a neighbour's place they may not, and then
// the log is wrong; what no order explains, this order does not either.
BOOST_AUTO_TEST_CASE(both_checkers_agree_on_what_objects_do) {
  rng random{3};
  std::size_t refuted = 0;
  for (std::size_t i = 0; i < logs; ++i) {
    auto [history, places] = make_sample(
      random, {.kind = workload::mixed, .operations = 30, .keys = 2});
    BOOST_TEST(
      (check_log_order(history, places).value().is == answer::linearizable));
    BOOST_TEST((check(history).value().is == answer::linearizable));
    const auto k = random.below(history.size());
    for (auto& x : history[k].accesses)
      x.result += x.what == action::expect ? 0 : 1;
    const auto by_log = check_log_order(history, places).value().is;
    if (check(history).value().is == answer::impossible) {
      BOOST_TEST((by_log == answer::impossible));
      ++refuted;
    }
  }
  BOOST_TEST(refuted > logs / 4);
}

// By the definition: no pair of operations against real time.
BOOST_AUTO_TEST_CASE(exchanged_places_are_against_real_time_or_answers) {
  rng random{4};
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < logs; ++i) {
    auto [history, places] =
      make_sample(random, {.kind = workload::counters, .operations = 40});
    auto& x = places[random.below(places.size())];
    auto& y = places[random.below(places.size())];
    if (!x || !y || x->index == y->index)
      continue;
    std::swap(x, y);
    auto expected = answer::linearizable;
    for (std::size_t a = 0; a < history.size(); ++a)
      for (std::size_t b = 0; b < history.size(); ++b)
        if (places[a] && places[b] && end_of(history[a]) < history[b].called
            && places[a]->index > places[b]->index)
          expected = answer::impossible;
    std::vector<std::size_t> order;
    for (std::uint64_t index = 1; index <= places.size(); ++index)
      for (std::size_t a = 0; a < history.size(); ++a)
        if (places[a] && places[a]->index == index)
          order.push_back(a);
    sequential_model model;
    for (auto a : order)
      if (!model.repeats(history[a]))
        expected = answer::impossible;
    BOOST_TEST((check_log_order(history, places).value().is == expected));
    wrong += expected == answer::impossible;
  }
  BOOST_TEST(wrong > logs / 2);
  BOOST_TEST(wrong < logs);
}

BOOST_AUTO_TEST_SUITE_END()
