#include "testkit/protocol/storm.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace cohort;
using namespace cohort::testkit::protocol;

BOOST_AUTO_TEST_SUITE(storm_suite)

BOOST_AUTO_TEST_CASE(the_same_seed_is_the_same_run) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto once = protocol_storm{{seed, 2000, {}}}.run();
    const auto again = protocol_storm{{seed, 2000, {}}}.run();
    BOOST_TEST(once.steps == again.steps);
    BOOST_TEST(once.commits == again.commits);
    BOOST_TEST(once.events == again.events, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(watching_changes_nothing) {
  storm_options options{3, 2000, {}};
  const auto once = protocol_storm{options}.run();
  std::vector<std::string> lines;
  options.trace = [&](const std::string& line) { lines.push_back(line); };
  BOOST_TEST(protocol_storm{options}.run().steps == once.steps);
  BOOST_TEST(lines.size() > 2000u);
  BOOST_TEST(lines.back().ends_with("the storm is over"));
}

BOOST_AUTO_TEST_CASE(every_kind_of_event_happens) {
  storm_report all;
  for (std::uint64_t seed = 1; seed <= 60; ++seed)
    all += protocol_storm{{seed, 4000, {}}}.run();
  BOOST_TEST(all.runs == 60u);
  for (std::size_t i = 0; i < event_count; ++i)
    BOOST_TEST_CONTEXT(to_string(static_cast<event>(i)))
  BOOST_TEST(all.events[i] > 0u);
}

BOOST_AUTO_TEST_CASE(a_run_that_proves_nothing_is_an_error) {
  BOOST_CHECK_THROW((protocol_storm{{1, 0, {}}}.run()), void_run);
}

BOOST_AUTO_TEST_CASE(a_failure_names_its_seed_and_the_nodes) {
  const auto patient = [](replication::options& opts) {
    opts.election_ticks = 100'000; // nobody is elected
  };
  BOOST_CHECK_EXCEPTION(
    (protocol_storm{{7, 500, patient}}.run()), void_run, [](const void_run& e) {
      const std::string_view text{e.what()};
      return text.starts_with("seed 7 ") && text.find("\n  n5: ") != text.npos;
    });
}

BOOST_AUTO_TEST_SUITE_END()
