// What an earlier release wrote is read. The files under tests/testdata/codec
// were written by the release whose format version is in their path; REWRITE=1
// writes those of the present version anew, which is right only before that
// version was released.
#include "samples.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace cohort;
using namespace cohort::codec::tests;

namespace {

std::filesystem::path golden_file(const sample& x) {
  return std::filesystem::path{COHORT_TESTDATA} / "codec"
         / std::to_string(newest_peer_version) / x.name;
}

void rewrite() {
  for (const auto& x : all_samples()) {
    std::filesystem::create_directories(golden_file(x).parent_path());
    std::ofstream{golden_file(x), std::ios::binary} << x.content;
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(golden_suite)

BOOST_AUTO_TEST_CASE(every_released_message_is_read) {
  if (std::getenv("REWRITE"))
    rewrite();
  for (const auto& x : all_samples()) {
    BOOST_TEST_CONTEXT(x.name) {
      std::ifstream in{golden_file(x), std::ios::binary};
      const std::string content{std::istreambuf_iterator<char>{in}, {}};
      BOOST_REQUIRE(!content.empty());
      const auto again = x.again(to_frame(content));
      BOOST_REQUIRE_MESSAGE(again.ok(),
                            (again ? std::string{} : to_string(again.err())));
      BOOST_TEST((*again == x.content));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
