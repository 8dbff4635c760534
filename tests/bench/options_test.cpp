#include "bench/options.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::bench;

namespace {

using arguments = std::vector<std::string_view>;

result<options> parse(arguments more) {
  more.insert(more.begin(), {"--endpoints", "127.0.0.1:1,127.0.0.2:65535"});
  return parse_options(more);
}

bool refused(arguments more) {
  const auto x = parse(std::move(more));
  return !x.ok() && x.err().code == errc::invalid;
}

} // namespace

BOOST_AUTO_TEST_SUITE(options_suite)

BOOST_AUTO_TEST_CASE(only_the_endpoints_have_no_default) {
  BOOST_TEST(!parse_options({}).ok());
  const auto x = parse({});
  BOOST_REQUIRE(x.ok());
  BOOST_TEST(
    (x->endpoints
     == std::vector<endpoint>{{"127.0.0.1", 1}, {"127.0.0.2", 65535}}));
  BOOST_TEST((x->protocol == protocol_kind::resp));
  BOOST_TEST(x->clients == 1u);
  BOOST_TEST(x->slots() == 1u);
  BOOST_TEST(x->batch() == 1u);
}

BOOST_AUTO_TEST_CASE(every_option_is_taken) {
  const auto x = parse({"--protocol", "etcd",       "--spread",      "yes",
                        "--clients",  "64",         "--in-flight",   "16",
                        "--order",    "sequential", "--operation",   "get",
                        "--keys",     "7",          "--seed",        "9",
                        "--count",    "100",        "--seconds",     "0.25",
                        "--warm-up",  "0",          "--value-bytes", "16384"});
  BOOST_REQUIRE(x.ok());
  BOOST_TEST((x->protocol == protocol_kind::etcd));
  BOOST_TEST(x->spread);
  BOOST_TEST(x->clients == 64u);
  BOOST_TEST(x->in_flight == 16u);
  BOOST_TEST((x->work.order == key_order::sequential));
  BOOST_TEST((x->work.kind == operation_kind::get));
  BOOST_TEST(x->work.keys == 7u);
  BOOST_TEST(x->work.seed == 9u);
  BOOST_TEST(x->work.limit == 100u);
  BOOST_TEST(x->work.value_bytes == 16'384u);
  BOOST_TEST(x->window_ns == 250'000'000);
  BOOST_TEST(x->warm_up_ns == 0);
}

BOOST_AUTO_TEST_CASE(with_wait_all_in_flight_is_one_batch) {
  const auto x = parse({"--in-flight", "16", "--wait", "1"});
  BOOST_REQUIRE(x.ok());
  BOOST_TEST(x->slots() == 1u);
  BOOST_TEST(x->batch() == 16u);
  BOOST_TEST(refused({"--wait", "1", "--protocol", "etcd"}));
}

BOOST_AUTO_TEST_CASE(what_makes_no_sense_is_refused_by_name) {
  BOOST_TEST(refused({"--endpoints", ""}));
  BOOST_TEST(refused({"--endpoints", "127.0.0.1"}));
  BOOST_TEST(refused({"--endpoints", ":1"}));
  BOOST_TEST(refused({"--endpoints", "127.0.0.1:0"}));
  BOOST_TEST(refused({"--endpoints", "127.0.0.1:1,"}));
  BOOST_TEST(refused({"--protocol", "http"}));
  BOOST_TEST(refused({"--clients", "0"}));
  BOOST_TEST(refused({"--clients", "10001"}));
  BOOST_TEST(refused({"--clients", "1x"}));
  BOOST_TEST(refused({"--in-flight", "-1"}));
  BOOST_TEST(refused({"--keys", "0"}));
  BOOST_TEST(refused({"--value-bytes", "16777217"}));
  BOOST_TEST(refused({"--seconds", "0"}));
  BOOST_TEST(refused({"--seconds", "nan"}));
  BOOST_TEST(refused({"--count", "0"}));
  BOOST_TEST(refused({"--count"}));
  const auto unknown = parse({"--colour", "red"});
  BOOST_REQUIRE(!unknown.ok());
  BOOST_TEST(unknown.err().message == "there is no option --colour");
}

BOOST_AUTO_TEST_SUITE_END()
