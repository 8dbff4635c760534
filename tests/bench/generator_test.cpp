#include "bench/generator.hpp"

#include "bench/fake_redis.hpp"
#include "bench/resp_codec.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::bench;

namespace {

constexpr std::size_t value_bytes = 32;

/// How long one SET of these tests is.
std::size_t command_bytes() {
  std::string out;
  resp::append(out, {operation_kind::set, key_of(0),
                     std::string_view{"12345678901234567890123456789012"}});
  return out.size();
}

options count_of(std::uint64_t operations, std::vector<endpoint> endpoints) {
  options result;
  result.endpoints = std::move(endpoints);
  result.work.limit = operations;
  result.work.value_bytes = value_bytes;
  return result;
}

std::uint64_t errors(const generator& load, std::string_view kind) {
  const auto& all = load.results().errors();
  const auto at = all.find(kind);
  return at == all.end() ? 0 : at->second;
}

} // namespace

BOOST_AUTO_TEST_SUITE(generator_suite)

BOOST_AUTO_TEST_CASE(a_run_by_count_completes_each_operation_once) {
  fake_redis server{{command_bytes(), 0, 0}};
  auto opts = count_of(1000, {server.where()});
  opts.clients = 4;
  opts.in_flight = 3;
  int opened = 0;
  generator load{opts, [&opened] { ++opened; }};
  BOOST_REQUIRE(load.run().ok());
  BOOST_TEST(opened == 1);
  BOOST_TEST(load.results().operations() == 1000u);
  BOOST_TEST(server.answered() == 1000u);
  BOOST_TEST(load.results().errors().empty());
  BOOST_TEST(load.own_cpu_ns() >= 0);
}

BOOST_AUTO_TEST_CASE(a_failed_operation_is_tried_again_and_takes_longer) {
  fake_redis server{{command_bytes(), 3, 0}};
  generator load{count_of(50, {server.where()}), [] {}};
  BOOST_REQUIRE(load.run().ok());
  BOOST_TEST(load.results().operations() == 50u);
  BOOST_TEST(errors(load, "BUSY") == 3u);
  // One client tried the first operation four times.
  BOOST_TEST(load.results().latencies().max()
             >= 3 * static_cast<std::uint64_t>(retry_delay_ns));
}

BOOST_AUTO_TEST_CASE(what_a_lost_connection_had_in_flight_is_sent_again) {
  fake_redis server{{command_bytes(), 0, 2}};
  auto opts = count_of(100, {server.where()});
  opts.in_flight = 5;
  generator load{opts, [] {}};
  BOOST_REQUIRE(load.run().ok());
  BOOST_TEST(load.results().operations() == 100u);
  BOOST_TEST(errors(load, "closed") == 10u);
}

BOOST_AUTO_TEST_CASE(a_client_without_a_server_goes_on_to_the_next) {
  refusing_port nobody;
  fake_redis server{{command_bytes(), 0, 0}};
  auto opts = count_of(100, {nobody.where(), server.where()});
  opts.clients = 4;
  generator first{opts, [] {}};
  BOOST_REQUIRE(first.run().ok());
  BOOST_TEST(first.results().operations() == 100u);
  BOOST_TEST(errors(first, "refused") == 4u);
  opts.spread = true;
  generator spread{opts, [] {}};
  BOOST_REQUIRE(spread.run().ok());
  BOOST_TEST(errors(spread, "refused") == 2u);
}

BOOST_AUTO_TEST_CASE(a_run_by_time_measures_after_the_warm_up) {
  fake_redis server{{command_bytes(), 0, 0}};
  auto opts = count_of(0, {server.where()});
  opts.warm_up_ns = 20'000'000;
  opts.window_ns = 50'000'000;
  int opened = 0;
  generator load{opts, [&opened] { ++opened; }};
  BOOST_REQUIRE(load.run().ok());
  const auto& results = load.results();
  BOOST_TEST(opened == 1);
  BOOST_TEST(results.window_ns() >= opts.window_ns);
  BOOST_TEST(results.operations() > 0u);
  BOOST_TEST(results.operations() < results.operations_ever());
}

BOOST_AUTO_TEST_CASE(a_run_by_time_ends_without_any_server) {
  refusing_port nobody;
  auto opts = count_of(0, {nobody.where()});
  opts.warm_up_ns = 0;
  opts.window_ns = 50'000'000;
  generator load{opts, [] {}};
  BOOST_REQUIRE(load.run().ok());
  BOOST_TEST(load.results().operations() == 0u);
  BOOST_TEST(load.results().longest_gap().length_ns
             == load.results().window_ns());
}

BOOST_AUTO_TEST_SUITE_END()
