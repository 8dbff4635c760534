#include "core/crc32c.hpp"

#include "core/rng.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace cohort;

BOOST_AUTO_TEST_SUITE(crc32c_suite)

// The vectors of RFC 3720, appendix B.4.
BOOST_AUTO_TEST_CASE(matches_the_published_vectors) {
  const std::string zeros(32, '\0');
  const std::string ones(32, '\xff');
  std::string ascending;
  for (char i = 0; i < 32; ++i)
    ascending += i;
  BOOST_TEST(crc32c(zeros.data(), zeros.size()) == 0x8a9136aau);
  BOOST_TEST(crc32c(ones.data(), ones.size()) == 0x62a8ab43u);
  BOOST_TEST(crc32c(ascending.data(), ascending.size()) == 0x46dd794eu);
  BOOST_TEST(crc32c("123456789", 9) == 0xe3069283u);
}

BOOST_AUTO_TEST_CASE(instruction_and_table_agree) {
  rng random{1};
  for (int i = 0; i < 200; ++i) {
    std::string data(random.below(300), '\0');
    for (auto& c : data)
      c = static_cast<char>(random.next());
    BOOST_TEST(crc32c(data.data(), data.size())
               == detail::crc32c_table(data.data(), data.size()));
  }
}

BOOST_AUTO_TEST_CASE(pieces_give_the_checksum_of_the_whole) {
  const std::string data = "the unit of replication is a batch";
  for (std::size_t cut = 0; cut <= data.size(); ++cut) {
    const auto head = crc32c(data.data(), cut);
    BOOST_TEST(crc32c(data.data() + cut, data.size() - cut, head)
               == crc32c(data.data(), data.size()));
  }
}

BOOST_AUTO_TEST_SUITE_END()
