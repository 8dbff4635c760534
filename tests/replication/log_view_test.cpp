#include "replication/log_view.hpp"

#include "core/check.hpp"
#include "core/rng.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace cohort;
using namespace cohort::replication;

namespace {

entry make_entry(std::uint64_t term, std::uint64_t index) {
  entry result;
  result.term = term_t{term};
  result.index = index_t{index};
  result.payload = bytes::of(std::string(index % 7, 'x'));
  return result;
}

/// The naive log: all terms in one vector, index i at i - 1.
struct oracle {
  std::uint64_t base = 0;
  std::uint64_t base_term = 0;
  std::vector<std::uint64_t> terms; ///< above the base

  std::uint64_t last() const {
    return base + terms.size();
  }
  std::optional<term_t> term_at(std::uint64_t index) const {
    if (index < base || index > last())
      return std::nullopt;
    return term_t{index == base ? base_term : terms[index - base - 1]};
  }
  std::optional<log_position> may_agree(log_position prev) const {
    for (auto i = std::min(prev.index.value, last());; --i) {
      if (i < base)
        return std::nullopt;
      if (*term_at(i) <= prev.term)
        return log_position{*term_at(i), index_t{i}};
      if (i == 0)
        return std::nullopt;
    }
  }
};

void compare(const log_view& log, const oracle& truth) {
  BOOST_REQUIRE_EQUAL(log.base_index().value, truth.base);
  BOOST_REQUIRE_EQUAL(log.last_index().value, truth.last());
  for (std::uint64_t i = 0; i < truth.last() + 3; ++i)
    BOOST_REQUIRE(log.term_at(index_t{i}) == truth.term_at(i));
  std::size_t weight = 0;
  for (auto i = log.memory_first(); i <= log.last_index(); ++i) {
    BOOST_REQUIRE(log.at(i).index == i);
    BOOST_REQUIRE(log.at(i).term == *truth.term_at(i.value));
    weight += log.at(i).weight();
  }
  BOOST_REQUIRE_EQUAL(weight, log.memory_bytes());
}

} // namespace

BOOST_AUTO_TEST_SUITE(log_view_suite)

BOOST_AUTO_TEST_CASE(behaves_like_a_vector_of_terms) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    rng random{seed};
    log_view log{{}, {}, {}};
    oracle truth;
    std::uint64_t term = 1;
    for (int step = 0; step < 60; ++step) {
      switch (random.below(6)) {
        case 0:
          term += random.below(2);
          break;
        case 1:
          if (truth.last() > truth.base) {
            const auto first = random.between(truth.base + 1, truth.last());
            log.truncate_from(index_t{first});
            truth.terms.resize(first - truth.base - 1);
          }
          break;
        case 2:
          log.evict(index_t{random.below(truth.last() + 1)}, random.below(500));
          break;
        case 3:
          if (random.below(3) == 0) {
            const auto at = random.between(truth.base, truth.last());
            const auto at_term = truth.term_at(at)->value;
            log.compact({term_t{at_term}, index_t{at}});
            truth.terms.erase(truth.terms.begin(),
                              truth.terms.begin()
                                + static_cast<std::ptrdiff_t>(at - truth.base));
            truth.base = at;
            truth.base_term = at_term;
          }
          break;
        default:
          log.append(make_entry(term, truth.last() + 1));
          truth.terms.push_back(term);
      }
      compare(log, truth);
      const log_position prev{term_t{random.below(term + 2)},
                              index_t{random.below(truth.last() + 3)}};
      BOOST_REQUIRE(log.may_agree(prev) == truth.may_agree(prev));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_slice_has_at_least_one_entry_and_respects_the_bound) {
  log_view log{{}, {}, {}};
  for (std::uint64_t i = 1; i <= 20; ++i)
    log.append(make_entry(1, i));
  BOOST_TEST(log.slice(index_t{5}, index_t{20}, 0).size() == 1u);
  const auto some = log.slice(index_t{1}, index_t{20}, 5 * 70);
  std::size_t weight = 0;
  for (const auto& x : some)
    weight += x.weight();
  BOOST_TEST(weight <= 5u * 70);
  BOOST_TEST(some.size() > 3u);
  BOOST_TEST(log.slice(index_t{1}, index_t{20}, 1 << 20).size() == 20u);
}

BOOST_AUTO_TEST_CASE(a_gap_or_a_falling_term_is_a_bug) {
  log_view log{{}, {}, {}};
  log.append(make_entry(2, 1));
  BOOST_CHECK_THROW(log.append(make_entry(2, 3)), invariant_broken);
  BOOST_CHECK_THROW(log.append(make_entry(1, 2)), invariant_broken);
}

BOOST_AUTO_TEST_SUITE_END()
