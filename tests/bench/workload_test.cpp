#include "bench/workload.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

using namespace cohort::bench;

namespace {

using copied = std::tuple<std::string, std::string>;

std::vector<copied> deal(workload::options x, std::size_t count) {
  workload work{x};
  std::vector<copied> result;
  for (std::size_t i = 0; i < count; ++i)
    if (const auto op = work.next())
      result.emplace_back(op->key_view(), op->value);
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(workload_suite)

BOOST_AUTO_TEST_CASE(keys_have_sixteen_bytes) {
  const auto text = [](std::uint64_t number) {
    const auto key = key_of(number);
    return std::string{key.begin(), key.end()};
  };
  BOOST_TEST(text(0) == "key:000000000000");
  BOOST_TEST(text(12345) == "key:000000012345");
  BOOST_TEST(text(workload::keys_max - 1) == "key:999999999999");
}

BOOST_AUTO_TEST_CASE(a_sequential_load_meets_every_key_once_and_ends) {
  workload::options x;
  x.order = key_order::sequential;
  x.keys = 1000;
  x.limit = 1000;
  const auto dealt = deal(x, 2000);
  BOOST_TEST(dealt.size() == 1000u);
  std::set<std::string> keys;
  for (const auto& [key, value] : dealt)
    keys.insert(key);
  BOOST_TEST(keys.size() == 1000u);
}

BOOST_AUTO_TEST_CASE(a_sequential_load_begins_again_after_the_last_key) {
  workload::options x;
  x.order = key_order::sequential;
  x.keys = 3;
  const auto dealt = deal(x, 4);
  BOOST_TEST(std::get<0>(dealt[2]) == "key:000000000002");
  BOOST_TEST(std::get<0>(dealt[3]) == "key:000000000000");
}

BOOST_AUTO_TEST_CASE(a_uniform_load_meets_every_key_about_as_often) {
  workload::options x;
  x.keys = 10;
  std::map<std::string, int> met;
  for (const auto& [key, value] : deal(x, 10'000))
    ++met[key];
  BOOST_TEST(met.size() == 10u);
  for (const auto& [key, count] : met) {
    BOOST_TEST(count > 800);
    BOOST_TEST(count < 1200);
  }
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_operations) {
  workload::options x;
  x.seed = 7;
  BOOST_TEST((deal(x, 100) == deal(x, 100)));
  auto y = x;
  y.seed = 8;
  BOOST_TEST((deal(x, 100) != deal(y, 100)));
}

BOOST_AUTO_TEST_CASE(values_have_the_asked_length_and_reads_have_none) {
  workload::options x;
  x.value_bytes = 16'384;
  std::set<std::string> values;
  for (const auto& [key, value] : deal(x, 50)) {
    BOOST_TEST(value.size() == 16'384u);
    values.insert(value);
  }
  BOOST_TEST(values.size() > 40u);
  x.kind = operation_kind::get;
  for (const auto& [key, value] : deal(x, 10))
    BOOST_TEST(value.empty());
}

BOOST_AUTO_TEST_SUITE_END()
