#include "storage/sector.hpp"

#include "core/rng.hpp"

#include <boost/test/unit_test.hpp>

#include <array>

using namespace cohort;
using namespace cohort::storage;

namespace {

using sector = std::array<std::byte, sector_bytes>;

sector random_sector(std::uint64_t seed) {
  rng random{seed};
  sector result;
  for (auto& x : result)
    x = static_cast<std::byte>(random.next());
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(sector_suite)

BOOST_AUTO_TEST_CASE(a_sealed_sector_says_what_it_is) {
  auto x = random_sector(1);
  const sector_id id{0x1122334455667788, 0x99aabbccddeeff00, 0x12345678};
  seal_sector(x, id);
  const auto view = inspect_sector(x);
  BOOST_TEST((view.state == sector_state::good));
  BOOST_TEST((view.id == id));
  BOOST_TEST(view.is(id));
  BOOST_TEST(!view.is({id.life, id.block, id.index + 1}));
}

BOOST_AUTO_TEST_CASE(D3_zeros_are_blank) {
  const sector zeros{};
  BOOST_TEST((inspect_sector(zeros).state == sector_state::blank));
}

BOOST_AUTO_TEST_CASE(D3_any_flipped_bit_is_damage) {
  auto x = random_sector(2);
  seal_sector(x, {1, 2, 3});
  for (std::size_t i = 0; i < sector_bytes; ++i)
    for (unsigned bit = 0; bit < 8; ++bit) {
      auto flipped = x;
      flipped[i] ^= std::byte{1} << bit;
      BOOST_REQUIRE(inspect_sector(flipped).state == sector_state::damaged);
    }
}

// Half of one write and half of another, as a disk without atomic sectors would
// leave it.
BOOST_AUTO_TEST_CASE(D3_a_mixed_sector_is_damage) {
  auto x = random_sector(3);
  auto y = random_sector(4);
  seal_sector(x, {1, 7, 0});
  seal_sector(y, {1, 8, 0});
  for (std::size_t cut = 1; cut < sector_bytes; ++cut) {
    auto mixed = x;
    std::copy(y.begin() + static_cast<std::ptrdiff_t>(cut), y.end(),
              mixed.begin() + static_cast<std::ptrdiff_t>(cut));
    BOOST_REQUIRE(inspect_sector(mixed).state == sector_state::damaged);
  }
}

BOOST_AUTO_TEST_SUITE_END()
