// Instruments that find something, and mutants that resist.
#include "testkit/mutant_hunt.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

using namespace cohort;
using namespace cohort::testkit;

namespace {

// Any mutants do: what they are is decided here.
constexpr auto wrong = mutant::old_terms_count;
constexpr auto throwing = mutant::votes_by_length;
constexpr auto crashing = mutant::votes_twice;
constexpr auto hanging = mutant::refusals_elect;
constexpr auto hungry = mutant::few_votes_elect;
constexpr auto harmless = mutant::window_leaks;

/// The bug of this process.
mutant bug = mutant::none;

mutant_hunt_options options_for(std::vector<mutant> targets) {
  mutant_hunt_options result;
  result.choose = [](mutant x) { bug = x; };
  result.targets = std::move(targets);
  return result;
}

mutant_instrument
instrument(const std::string& name, std::uint64_t seeds,
           std::function<std::optional<std::string>(std::uint64_t)> run) {
  mutant_instrument result;
  result.name = name;
  result.seeds_max = seeds;
  result.run = std::move(run);
  return result;
}

/// Finds `prey` at a seed.
mutant_instrument finds(const std::string& name, mutant prey,
                        std::uint64_t at) {
  return instrument(name, 20, [=](std::uint64_t seed) {
    return bug == prey && seed == at ? std::optional{"found by " + name}
                                     : std::nullopt;
  });
}

/// Takes memory without an end.
std::string eat() {
  std::vector<std::unique_ptr<char[]>> all;
  for (;;)
    all.push_back(
      std::make_unique_for_overwrite<char[]>(std::size_t{16} << 20));
}

std::optional<std::string> end_badly(std::uint64_t seed) {
  if (seed < 3)
    return std::nullopt;
  if (bug == throwing)
    throw std::logic_error{"it throws"};
  if (bug == crashing)
    std::raise(SIGSEGV);
  if (bug == hungry)
    return eat();
  volatile bool hangs = bug == hanging;
  while (hangs) {
    // until the alarm
  }
  return std::nullopt;
}

} // namespace

BOOST_AUTO_TEST_SUITE(mutant_hunt_suite)

BOOST_AUTO_TEST_CASE(the_right_code_is_hunted_first_and_lives) {
  const std::vector instruments{finds("a", wrong, 7)};
  const auto verdicts = hunt_mutants(options_for({wrong}), instruments);
  BOOST_REQUIRE(verdicts.size() == 2u);
  BOOST_CHECK(verdicts[0].what == mutant::none);
  BOOST_TEST(!verdicts[0].killed());
  BOOST_TEST(verdicts[0].seeds == 20u);
  BOOST_CHECK(verdicts[1].what == wrong);
  BOOST_TEST(verdicts[1].killed_by == "a");
  BOOST_TEST(verdicts[1].seeds == 7u);
  BOOST_TEST(verdicts[1].why == "found by a");
}

BOOST_AUTO_TEST_CASE(instruments_that_find_a_bug_in_right_code_prove_nothing) {
  const std::vector instruments{finds("a", mutant::none, 2)};
  const auto verdicts = hunt_mutants(options_for({wrong}), instruments);
  BOOST_REQUIRE(verdicts.size() == 1u);
  BOOST_CHECK(verdicts[0].what == mutant::none);
  BOOST_TEST(verdicts[0].killed());
}

BOOST_AUTO_TEST_CASE(who_is_not_found_lives) {
  const std::vector instruments{finds("a", wrong, 7), finds("b", wrong, 21)};
  const auto verdicts = hunt_mutants(options_for({harmless}), instruments);
  BOOST_REQUIRE(verdicts.size() == 2u);
  BOOST_TEST(!verdicts[1].killed());
  BOOST_TEST(verdicts[1].seeds == 40u);
}

// The first turn has one seed of each, so the second seed of `b` comes first.
BOOST_AUTO_TEST_CASE(instruments_take_turns) {
  const std::vector instruments{finds("a", wrong, 3), finds("b", wrong, 2)};
  const auto verdicts = hunt_mutants(options_for({wrong}), instruments);
  BOOST_TEST(verdicts.at(1).killed_by == "b");
  BOOST_TEST(verdicts.at(1).seeds == 2u);
}

BOOST_AUTO_TEST_CASE(turns_are_as_long_as_an_instrument_wants) {
  std::vector instruments{finds("a", wrong, 3), finds("b", wrong, 2)};
  instruments[0].seeds_per_turn = 5;
  const auto verdicts = hunt_mutants(options_for({wrong}), instruments);
  BOOST_TEST(verdicts.at(1).killed_by == "a");
}

BOOST_AUTO_TEST_CASE(seeds_begin_where_an_instrument_says) {
  std::vector instruments{finds("a", wrong, 107)};
  instruments[0].first_seed = 101;
  const auto verdicts = hunt_mutants(options_for({wrong}), instruments);
  BOOST_TEST(verdicts.at(1).seeds == 7u);
}

BOOST_AUTO_TEST_CASE(one_that_throws_crashes_or_hangs_is_dead) {
  auto options = options_for({throwing, crashing, hanging, hungry, harmless});
  options.memory_bytes_max = std::uint64_t{256} << 20;
  options.jobs = 3;
  std::size_t told = 0;
  options.told = [&](const mutant_verdict&) { ++told; };
  std::vector instruments{instrument("a", 5, end_badly)};
  instruments[0].seed_patience = std::chrono::seconds{1};
  const auto verdicts = hunt_mutants(options, instruments);
  BOOST_REQUIRE(verdicts.size() == 6u);
  BOOST_TEST(told == 6u);
  for (std::size_t i = 1; i < 5; ++i) {
    BOOST_TEST(verdicts[i].killed());
    BOOST_TEST(verdicts[i].seeds == 3u);
  }
  BOOST_TEST(verdicts[1].why == "it throws");
  BOOST_TEST(verdicts[2].why.starts_with("crashed: "));
  BOOST_TEST(verdicts[3].why == "did not end within 1 s");
  BOOST_TEST(!verdicts[5].killed());
}

BOOST_AUTO_TEST_CASE(what_it_started_ends_with_it) {
  std::array<int, 2> ends{};
  BOOST_REQUIRE(::pipe(ends.data()) == 0);
  std::vector instruments{instrument("a", 1, [](std::uint64_t) {
    if (::fork() == 0)
      for (;;)
        ::pause();
    return std::optional<std::string>{};
  })};
  hunt_mutants(options_for({}), instruments);
  ::close(ends[1]);
  char nothing = 0; // comes when nobody holds the other end any more
  BOOST_TEST(::read(ends[0], &nothing, 1) == 0);
  ::close(ends[0]);
}

BOOST_AUTO_TEST_CASE(one_whose_time_is_over_lives) {
  auto options = options_for({});
  options.patience = std::chrono::seconds{0};
  const std::vector instruments{finds("a", mutant::none, 1)};
  const auto verdicts = hunt_mutants(options, instruments);
  BOOST_TEST(!verdicts.at(0).killed());
  BOOST_TEST(verdicts.at(0).seeds == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
