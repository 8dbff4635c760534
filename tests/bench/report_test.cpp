#include "bench/report.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort::bench;

BOOST_AUTO_TEST_SUITE(report_suite)

BOOST_AUTO_TEST_CASE(a_report_has_every_figure_in_its_unit) {
  tally x;
  x.completed(0, 1, 1);
  x.open(1'000'000'000);
  x.completed(1'000'000'000, 1'000'200'000, 3);
  x.failed("READONLY");
  x.close(3'000'000'000);
  BOOST_TEST(to_json(x, 500'000'000)
             == "{\"seconds\": 2.000, \"operations\": 3, "
                "\"operations_ever\": 4, \"per_second\": 1.500, "
                "\"p50_us\": 200.000, \"p99_us\": 200.000, "
                "\"max_us\": 200.000, \"gap_ms\": 1999.800, "
                "\"gap_began_ms\": 0.200, \"own_cpu_cores\": 0.250, "
                "\"errors\": {\"READONLY\": 1}}");
}

BOOST_AUTO_TEST_CASE(a_run_without_operations_has_a_report) {
  tally x;
  x.open(0);
  x.close(1'000'000);
  const auto json = to_json(x, 0);
  BOOST_TEST(json.find("\"per_second\": 0.000") != std::string::npos);
  BOOST_TEST(json.ends_with("\"errors\": {}}"));
}

BOOST_AUTO_TEST_CASE(what_servers_call_their_errors_stays_inside_its_quotes) {
  tally x;
  x.failed("a\"b\\\n\xff");
  x.open(0);
  x.close(1);
  BOOST_TEST(to_json(x, 0).ends_with(
    "\"errors\": {\"a\\u0022b\\u005c\\u000a\\u00ff\": 1}}"));
}

BOOST_AUTO_TEST_SUITE_END()
