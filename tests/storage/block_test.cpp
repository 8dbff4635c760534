#include "storage/block.hpp"

#include "core/rng.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::storage;

namespace {

std::vector<std::byte> random_bytes(std::uint64_t seed, std::size_t size) {
  rng random{seed};
  std::vector<std::byte> result(size);
  for (auto& x : result)
    x = static_cast<std::byte>(random.next());
  return result;
}

block_header some_header() {
  block_header result;
  result.kind = block_kind::records;
  result.continued = true;
  result.first_page = 5;
  result.life = 11;
  result.number = 77;
  result.previous = 70;
  result.synced_before = 69;
  result.boot_counter = 4;
  result.oldest_life = 9;
  return result;
}

/// A block of `body`, and its header as finish() completed it.
std::vector<std::byte> build(block_builder& builder,
                             std::span<const std::byte> body,
                             block_header& header) {
  rng random{body.size()};
  while (!body.empty()) {
    const auto count = std::min<std::size_t>(body.size(),
                                             random.between(1, 700));
    builder.append(body.first(count));
    body = body.subspan(count);
  }
  const auto pages = builder.finish(header);
  return {pages.begin(), pages.end()};
}

} // namespace

BOOST_AUTO_TEST_SUITE(block_suite)

BOOST_AUTO_TEST_CASE(bodies_of_every_size_come_back) {
  block_builder builder{8 * page_bytes};
  const auto most = body_capacity(8);
  for (std::size_t size = 0; size <= most; size += size % 7 == 0 ? 97 : 61) {
    const auto body = random_bytes(size, size);
    auto header = some_header();
    header.continued = size > 0;
    const auto pages = build(builder, body, header);
    BOOST_REQUIRE(pages.size() == pages_for_body(size) * page_bytes);
    BOOST_REQUIRE(header.body_bytes == size);
    std::vector<std::byte> read(size);
    BOOST_REQUIRE(gather_body(pages, 0, 11, 77, 0, read));
    BOOST_REQUIRE(read == body);
    const auto parsed = read_block_header(std::span{pages}.first(sector_bytes));
    BOOST_REQUIRE(parsed.ok());
    BOOST_REQUIRE(*parsed == header);
  }
}

BOOST_AUTO_TEST_CASE(a_part_of_a_body_is_read_from_its_pages_alone) {
  block_builder builder{8 * page_bytes};
  const auto body = random_bytes(1, 20'000);
  auto header = some_header();
  const auto pages = build(builder, body, header);
  rng random{3};
  for (int i = 0; i < 500; ++i) {
    const auto offset = static_cast<std::size_t>(random.below(body.size()));
    const auto size =
      static_cast<std::size_t>(random.below(body.size() - offset + 1));
    const auto range = pages_of_body(offset, size);
    std::vector<std::byte> read(size);
    BOOST_REQUIRE(
      gather_body(std::span{pages}.subspan(range.first * page_bytes,
                                           range.count * page_bytes),
                  range.first, 11, 77, offset, read));
    BOOST_REQUIRE(
      std::equal(read.begin(), read.end(),
                 body.begin() + static_cast<std::ptrdiff_t>(offset)));
  }
}

// The same sectors in another order are not the block.
BOOST_AUTO_TEST_CASE(D3_sectors_know_their_place) {
  block_builder builder{4 * page_bytes};
  auto header = some_header();
  auto pages = build(builder, random_bytes(1, 5'000), header);
  std::vector<std::byte> read(5'000);
  BOOST_REQUIRE(gather_body(pages, 0, 11, 77, 0, read));
  BOOST_TEST(!gather_body(pages, 0, 12, 77, 0, read));
  BOOST_TEST(!gather_body(pages, 0, 11, 78, 0, read));
  std::swap_ranges(pages.begin() + 2 * sector_bytes,
                   pages.begin() + 3 * sector_bytes,
                   pages.begin() + 3 * sector_bytes);
  BOOST_TEST(!gather_body(pages, 0, 11, 77, 0, read));
}

// Nothing of an earlier block, or of memory, is written behind a body.
BOOST_AUTO_TEST_CASE(the_rest_of_a_block_is_zeros) {
  block_builder builder{4 * page_bytes};
  auto header = some_header();
  build(builder, random_bytes(1, body_capacity(4)), header);
  const auto pages = build(builder, random_bytes(2, 100), header);
  BOOST_TEST(pages.size() == page_bytes);
  for (std::size_t sector = 1; sector < sectors_per_page; ++sector) {
    const auto begin = pages.begin()
                       + static_cast<std::ptrdiff_t>(sector * sector_bytes);
    BOOST_TEST(std::all_of(begin + sector_head_bytes + (sector == 1 ? 100 : 0),
                           begin + sector_bytes,
                           [](std::byte x) { return x == std::byte{0}; }));
  }
}

BOOST_AUTO_TEST_CASE(D3_a_header_names_its_sets_or_says_that_it_cannot) {
  block_builder builder{4 * page_bytes};
  const auto named = [&](std::uint64_t count) {
    builder.append(random_bytes(1, 8));
    for (int twice = 0; twice < 2; ++twice)
      for (std::uint64_t i = 1; i <= count; ++i)
        builder.name(set_id{i * 1'000'000'007});
    auto header = some_header();
    const auto pages = builder.finish(header);
    return read_block_header(pages.first(sector_bytes)).value().sets;
  };
  BOOST_TEST(named(0)->empty());
  BOOST_TEST(
    (named(2) == std::vector{set_id{1'000'000'007}, set_id{2'000'000'014}}));
  BOOST_TEST(named(named_sets_max)->size() == named_sets_max);
  BOOST_TEST(!named(named_sets_max + 1).has_value());
  BOOST_TEST(named(1)->size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_header_of_a_newer_release_is_unsupported) {
  block_builder builder{page_bytes};
  auto header = some_header();
  auto pages = build(builder, random_bytes(1, 8), header);
  pages[sector_head_bytes + 4] = std::byte{format_version + 1};
  const auto first = std::span{pages}.first(sector_bytes);
  seal_sector(first, {11, 77, 0});
  const auto parsed = read_block_header(first);
  BOOST_REQUIRE(!parsed.ok());
  BOOST_TEST((parsed.err().code == errc::unsupported));
}

// Whatever stands in a sector with a right checksum, reading it is safe.
BOOST_AUTO_TEST_CASE(arbitrary_headers_are_refused_or_read) {
  rng random{9};
  block_builder builder{page_bytes};
  auto header = some_header();
  const auto good = build(builder, random_bytes(1, 8), header);
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    auto sector = std::vector(good.begin(), good.begin() + sector_bytes);
    for (std::uint64_t n = random.below(6); n > 0; --n)
      sector[sector_head_bytes + random.below(64)] =
        static_cast<std::byte>(random.next());
    seal_sector(sector, {random.next(), random.next(), 0});
    refused += read_block_header(sector).ok() ? 0 : 1;
  }
  BOOST_TEST(refused > 1'000);
}

BOOST_AUTO_TEST_SUITE_END()
