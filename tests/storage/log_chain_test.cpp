// Every image that a crash, or one damaged or zeroed page, can make of a log of
// three blocks: the images that the model of D3 explores, judged by the code.
#include "storage/log_chain.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstring>
#include <optional>
#include <vector>

using namespace cohort;
using namespace cohort::storage;

namespace {

using image = std::vector<std::byte>;

constexpr std::size_t segment_pages = 16;
constexpr std::uint64_t life = 2;

/// A log of an opening and blocks of 1 to 3 pages, on zeros or on an older
/// life.
class log_maker {
public:
  struct block {
    block_header header;
    image pages;
  };

  log_maker(const std::array<std::size_t, 3>& sizes, bool older_life,
            bool sealed)
    : under_(segment_pages * page_bytes) {
    if (older_life)
      write_older();
    add(block_kind::opening, 1);
    for (const auto size : sizes)
      add(block_kind::records, size);
    if (sealed)
      add(block_kind::cover, 1);
  }

  /// The file with the first `count` blocks on it.
  image with(std::size_t count) const {
    auto result = under_;
    for (std::size_t i = 0; i < count; ++i)
      put(result, blocks_[i], ~0u);
    return result;
  }

  /// Writes the pages of a block that `mask` names.
  static void put(image& to, const block& x, unsigned mask) {
    for (std::size_t page = 0; page < x.header.pages; ++page)
      if ((mask >> page & 1) != 0)
        std::memcpy(to.data() + (x.header.first_page + page) * page_bytes,
                    x.pages.data() + page * page_bytes, page_bytes);
  }

  const std::vector<block>& blocks() const {
    return blocks_;
  }

private:
  void add(block_kind kind, std::size_t pages) {
    block x;
    const auto number = blocks_.size() + 100;
    x.header.kind = kind;
    x.header.life = life;
    x.header.number = number;
    x.header.previous = blocks_.empty() ? 99 : number - 1;
    x.header.synced_before = number - 1;
    x.header.oldest_life = life;
    x.header.boot_counter = 1;
    x.header.first_page = static_cast<std::uint32_t>(next_page_);
    x.pages = fill(x.header, pages);
    next_page_ += pages;
    blocks_.push_back(std::move(x));
  }

  /// The segment's former life: blocks of one page.
  void write_older() {
    for (std::size_t page = 0; page < segment_pages; ++page) {
      block_header header;
      header.kind = page == 0 ? block_kind::opening : block_kind::records;
      header.life = life - 1;
      header.number = 50 + page;
      header.previous = header.synced_before = 49 + page;
      header.oldest_life = life - 1;
      header.first_page = static_cast<std::uint32_t>(page);
      const auto pages = fill(header, 1);
      std::memcpy(under_.data() + page * page_bytes, pages.data(), page_bytes);
    }
  }

  static image fill(block_header& header, std::size_t pages) {
    block_builder builder{4 * page_bytes};
    const auto most = body_capacity(pages);
    const image body(header.kind == block_kind::cover ? 0 : most - 8,
                     std::byte{0x5a});
    builder.append(body);
    const auto built = builder.finish(header);
    return {built.begin(), built.end()};
  }

  image under_;
  std::vector<block> blocks_;
  std::size_t next_page_ = 0;
};

log_chain judge(const image& file) {
  return follow_chain({scan_segment("segment", file)});
}

/// Blocks that the chain reaches.
std::size_t reached(const image& file) {
  return judge(file).links.size();
}

template <class Act>
void for_all_logs(bool sealed, Act act) {
  for (std::size_t a = 1; a <= 3; ++a)
    for (std::size_t b = 1; b <= 3; ++b)
      for (std::size_t c = 1; c <= 3; ++c)
        for (const bool older : {false, true})
          act(log_maker{{a, b, c}, older, sealed});
}

/// All images of a crash while block `next` is written: `done` blocks are
/// durable.
template <class Act>
void for_all_crashes(const log_maker& log, Act act) {
  for (std::size_t done = 1; done < log.blocks().size(); ++done) {
    const auto& next = log.blocks()[done];
    for (unsigned mask = 0; mask < 1u << next.header.pages; ++mask) {
      auto file = log.with(done);
      log_maker::put(file, next, mask);
      const bool whole = mask + 1 == 1u << next.header.pages;
      act(file, whole ? done + 1 : done);
    }
  }
}

void flip(image& file, std::size_t page) {
  file[page * page_bytes + 1'000] ^= std::byte{16};
}

void zero(image& file, std::size_t page) {
  std::memset(file.data() + page * page_bytes, 0, page_bytes);
}

} // namespace

BOOST_AUTO_TEST_SUITE(log_chain_suite)

BOOST_AUTO_TEST_CASE(D3_no_clean_crash_is_called_corrupt_or_ambiguous) {
  std::size_t images = 0;
  for_all_logs(false, [&](const log_maker& log) {
    for_all_crashes(log, [&](const image& file, std::size_t whole) {
      const auto chain = judge(file);
      BOOST_REQUIRE(chain.links.size() == whole);
      BOOST_REQUIRE(chain.verdict == tail_verdict::clean
                    || chain.verdict == tail_verdict::torn);
      ++images;
    });
  });
  BOOST_TEST(images == 54u * 14); // 2 + 4 + 8 masks on average per log
}

// One damaged or zeroed page: what no longer is there is not missed silently,
// but for a zeroed page in the last block (which a cover prevents).
BOOST_AUTO_TEST_CASE(D3_no_durable_block_is_lost_without_a_verdict) {
  std::size_t images = 0;
  for_all_logs(false, [&](const log_maker& log) {
    for_all_crashes(log, [&](const image& file, std::size_t whole) {
      for (std::size_t page = 0; page < segment_pages; ++page) {
        auto damaged = file;
        flip(damaged, page);
        const auto chain = judge(damaged);
        BOOST_REQUIRE(chain.links.size() >= whole
                      || chain.verdict == tail_verdict::ambiguous
                      || chain.verdict == tail_verdict::corrupt);
        auto blanked = file;
        zero(blanked, page);
        const auto& last = log.blocks()[whole - 1].header;
        const bool in_last = page >= last.first_page
                             && page < last.first_page + last.pages;
        if (!in_last)
          BOOST_REQUIRE(reached(blanked) >= whole
                        || judge(blanked).verdict == tail_verdict::corrupt);
        ++images;
      }
    });
  });
  BOOST_TEST(images > 10'000u);
}

BOOST_AUTO_TEST_CASE(D3_behind_a_cover_every_damage_is_corruption) {
  std::size_t images = 0;
  for_all_logs(true, [&](const log_maker& log) {
    const auto whole = log.with(log.blocks().size());
    BOOST_REQUIRE(judge(whole).verdict == tail_verdict::clean);
    const auto cover = log.blocks().back().header.first_page;
    for (std::size_t page = 0; page < cover; ++page)
      for (const auto hurt : {flip, zero}) {
        auto damaged = whole;
        hurt(damaged, page);
        BOOST_REQUIRE(judge(damaged).verdict == tail_verdict::corrupt);
        ++images;
      }
  });
  BOOST_TEST(images > 378u);
}

// A sector that reached another place than it was meant for, or not its own.
BOOST_AUTO_TEST_CASE(D3_a_misdirected_page_is_corruption) {
  const log_maker log{{3, 2, 3}, true, true};
  const auto whole = log.with(log.blocks().size());
  const auto cover = log.blocks().back().header.first_page;
  for (std::size_t from = 0; from < cover; ++from)
    for (std::size_t to = 0; to < cover; ++to) {
      if (from == to)
        continue;
      auto moved = whole;
      std::memcpy(moved.data() + to * page_bytes,
                  whole.data() + from * page_bytes, page_bytes);
      BOOST_REQUIRE(judge(moved).verdict == tail_verdict::corrupt);
    }
}

BOOST_AUTO_TEST_CASE(nothing_at_all_is_no_log) {
  const auto chain = follow_chain({});
  BOOST_TEST(chain.empty());
  BOOST_TEST((chain.verdict == tail_verdict::clean));
  BOOST_TEST(chain.highest_block == 0u);
  const image zeros(segment_pages * page_bytes);
  BOOST_TEST(judge(zeros).empty());
  BOOST_TEST((judge(zeros).verdict == tail_verdict::clean));
}

BOOST_AUTO_TEST_SUITE_END()
