#include "storage/log_index.hpp"

#include "storage/log_model.hpp"

#include "core/rng.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::storage;
using namespace cohort::storage::tests;

namespace {

const set_id one{1};

record_place at(std::uint64_t life, std::uint32_t page = 0) {
  return {.life = life,
          .block = 100 * life + page,
          .page = page,
          .offset = 0,
          .bytes = 50,
          .disk_bytes = 100};
}

log_effect entries(std::uint64_t first, std::uint32_t count,
                   log_effect::kind what = log_effect::kind::change) {
  log_effect result;
  result.what = what;
  result.set = one;
  result.first = index_t{first};
  result.count = count;
  return result;
}

struct fixture {
  log_index index;

  fixture() {
    for (std::uint64_t life = 1; life <= 5; ++life)
      index.add_segment(life);
  }

  bool append(std::uint64_t first, std::uint32_t count, record_place place) {
    return index.apply(entries(first, count), {&place, 1});
  }
  bool move(std::uint64_t first, std::uint32_t count, record_place place) {
    return index.apply(entries(first, count, log_effect::kind::moved),
                       {&place, 1});
  }
  bool base(std::uint64_t to, bool keep_tail) {
    log_effect effect;
    effect.set = one;
    effect.base = base_at(1, to);
    effect.keep_tail = keep_tail;
    return index.apply(effect, {});
  }
  /// "first-last@life ..." of all chunks.
  std::string chunks() const {
    std::string result;
    for (const auto& x : index.find(one)->chunks)
      result += to_string(x.first) + "-" + to_string(x.last()) + "@"
                + std::to_string(x.at.life) + " ";
    return result;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(log_index_suite, fixture)

BOOST_AUTO_TEST_CASE(entries_replace_what_is_above) {
  BOOST_TEST(append(1, 5, at(1)));
  BOOST_TEST(append(6, 5, at(2)));
  BOOST_TEST(append(4, 1, at(3)));
  BOOST_TEST(chunks() == "1-3@1 4-4@3 ");
  BOOST_TEST(index.live_bytes(2) == 0u);
  BOOST_TEST(index.live_bytes() == 200u);
  BOOST_TEST((index.find(one)->last == index_t{4}));
}

BOOST_AUTO_TEST_CASE(a_base_drops_what_is_below) {
  BOOST_TEST(append(1, 5, at(1)));
  BOOST_TEST(append(6, 5, at(2)));
  BOOST_TEST(base(7, true));
  BOOST_TEST(chunks() == "8-10@2 ");
  BOOST_TEST(index.live_bytes(1) == 0u);
  BOOST_TEST(base(20, false));
  BOOST_TEST(chunks().empty());
  BOOST_TEST((index.find(one)->last == index_t{20}));
  BOOST_TEST(!append(20, 1, at(3)));
  BOOST_TEST(append(21, 1, at(3)));
}

BOOST_AUTO_TEST_CASE(what_is_moved_replaces_only_itself) {
  BOOST_TEST(append(1, 5, at(1)));
  BOOST_TEST(append(6, 5, at(2)));
  BOOST_TEST(move(1, 5, at(3)));
  BOOST_TEST(chunks() == "1-5@3 6-10@2 ");
  BOOST_TEST(move(6, 2, at(4))); // the beginning of a chunk
  BOOST_TEST(chunks() == "1-5@3 6-7@4 8-10@2 ");
  BOOST_TEST(!move(9, 2, at(4)));
  BOOST_TEST(!move(4, 2, at(4)));
  BOOST_TEST(move(8, 3, at(4)));
  BOOST_TEST(index.live_bytes(2) == 0u);
  BOOST_TEST(chunks() == "1-5@3 6-7@4 8-10@4 ");
}

// While a log is recovered, what was moved comes after what follows it.
BOOST_AUTO_TEST_CASE(gaps_may_be_filled_later) {
  BOOST_TEST(append(6, 5, at(2)));
  BOOST_TEST(move(4, 2, at(3)));
  BOOST_TEST(chunks() == "4-5@3 6-10@2 ");
  auto copy = index;
  BOOST_TEST(move(1, 3, at(3)));
  BOOST_TEST(index.cut_at_gaps().empty());
  BOOST_TEST((copy.cut_at_gaps() == std::vector{one}));
  BOOST_TEST(copy.find(one)->chunks.empty());
  BOOST_TEST((copy.find(one)->last == index_t{}));
}

BOOST_AUTO_TEST_CASE(large_entries_have_parts_in_several_segments) {
  const std::vector parts{at(1), at(2), at(3)};
  BOOST_TEST(append(1, 1, at(1)));
  BOOST_TEST(index.apply(entries(2, 1), parts));
  BOOST_TEST(append(3, 1, at(3)));
  BOOST_TEST(index.find(one, index_t{2}, index_t{2}, 1).size() == 3u);
  BOOST_TEST(index.find(one, index_t{1}, index_t{3}, 1'000).size() == 5u);
  BOOST_TEST(index.live_bytes(2) == 100u);
  // Any part in a segment brings the others along.
  const auto live = index.live_in(2, set_id{}, 1'000);
  BOOST_REQUIRE(live.size() == 1u);
  BOOST_TEST(live.front().second.size() == 3u);
  BOOST_TEST(index.cut_at_gaps().empty());
  BOOST_TEST(append(2, 1, at(4)));
  BOOST_TEST(index.live_bytes(2) == 0u);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_is_refused) {
  BOOST_TEST(!move(1, 1, at(1)));
  log_effect removed;
  removed.what = log_effect::kind::removed;
  removed.set = one;
  BOOST_TEST(!index.apply(removed, {}));
  BOOST_TEST(append(1, 5, at(1)));
  BOOST_TEST(index.apply(removed, {}));
  BOOST_TEST(index.find(one) == nullptr);
  BOOST_TEST(index.live_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(looking_up_stops_at_the_bound) {
  for (std::uint64_t i = 0; i < 10; ++i)
    BOOST_TEST(append(1 + 3 * i, 3, at(1)));
  const auto count = [&](std::uint64_t first, std::uint64_t last,
                         std::size_t bytes_max) {
    return index.find(one, index_t{first}, index_t{last}, bytes_max).size();
  };
  BOOST_TEST(count(1, 30, 0) == 1u);
  BOOST_TEST(count(1, 30, 100) == 1u);
  BOOST_TEST(count(1, 30, 101) == 2u);
  BOOST_TEST(count(1, 30, 10'000) == 10u);
  BOOST_TEST(count(3, 4, 10'000) == 2u);
  BOOST_TEST(count(0, 4, 10'000) == 0u);
  BOOST_TEST(count(31, 40, 10'000) == 0u);
  BOOST_TEST(count(30, 99, 10'000) == 1u);
}

// The sum that decides which segments are free, against counting anew.
BOOST_AUTO_TEST_CASE(live_bytes_are_those_of_the_chunks) {
  rng random{4};
  std::uint64_t last = 0;
  std::uint64_t low = 0;
  for (int i = 0; i < 5'000; ++i) {
    const auto life = random.between(1, 5);
    switch (random.below(5)) {
      case 0:
        low = random.between(low, last);
        BOOST_REQUIRE(base(low, true));
        break;
      case 1: {
        const auto& chunks = index.find(one) ? index.find(one)->chunks
                                             : std::deque<chunk>{};
        if (chunks.empty())
          break;
        const auto x = chunks[random.below(chunks.size())];
        BOOST_REQUIRE(move(x.first.value, x.count, at(life)));
        break;
      }
      default: {
        const auto first = random.between(low + 1, last + 1);
        const auto count = static_cast<std::uint32_t>(random.between(1, 4));
        BOOST_REQUIRE(append(first, count, at(life)));
        last = first + count - 1;
      }
    }
    std::map<std::uint64_t, std::uint64_t> counted;
    for (const auto& [set, log] : index.sets())
      for (const auto& x : log.chunks)
        counted[x.at.life] += x.at.disk_bytes;
    std::uint64_t total = 0;
    for (std::uint64_t x = 1; x <= 5; ++x) {
      BOOST_REQUIRE(index.live_bytes(x) == counted[x]);
      total += counted[x];
    }
    BOOST_REQUIRE(index.live_bytes() == total);
    BOOST_REQUIRE(index.cut_at_gaps().empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()
