#include "core/rng.hpp"
#include "kv_driver.hpp"
#include "machine/kv/glob.hpp"
#include "machine/kv/key_order.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <charconv>
#include <set>
#include <string>

using namespace cohort;
using namespace cohort::kv;
using namespace cohort::kv::tests;

namespace {

struct page {
  std::uint64_t cursor = 0;
  std::vector<std::string> keys;
};

/// Takes "$n\r\n...\r\n" off the front.
std::string take_bulk(std::string_view& from) {
  std::size_t size = 0;
  std::from_chars(from.data() + 1, from.data() + from.size(), size);
  const auto begin = from.find('\n') + 1;
  const std::string result{from.substr(begin, size)};
  from.remove_prefix(begin + size + 2);
  return result;
}

page parse(std::string_view reply) {
  BOOST_REQUIRE(reply.starts_with("*2\r\n"));
  reply.remove_prefix(4);
  page result;
  result.cursor = std::stoull(take_bulk(reply));
  std::size_t count = 0;
  std::from_chars(reply.data() + 1, reply.data() + reply.size(), count);
  reply.remove_prefix(reply.find('\n') + 1);
  while (!reply.empty())
    result.keys.push_back(take_bulk(reply));
  BOOST_REQUIRE(result.keys.size() == count);
  return result;
}

struct scan_driver : kv_driver {
  void add(int count) {
    for (int i = 0; i < count; ++i)
      run(make(op::set, "key" + std::to_string(i), "1"));
  }

  page scan(std::uint64_t cursor, std::int64_t count,
            std::string_view pattern = "*") {
    auto x = make(op::scan, "", pattern, static_cast<std::int64_t>(cursor));
    x.number2 = count;
    return parse(read(x));
  }

  /// All keys, and how many pages they took.
  std::multiset<std::string> scan_all(std::int64_t count, int& pages,
                                      std::string_view pattern = "*") {
    std::multiset<std::string> result;
    std::uint64_t cursor = 0;
    pages = 0;
    do {
      auto found = scan(cursor, count, pattern);
      result.insert(found.keys.begin(), found.keys.end());
      BOOST_REQUIRE((found.cursor > cursor || found.cursor == 0));
      cursor = found.cursor;
      ++pages;
    } while (cursor != 0);
    return result;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(scanning, scan_driver)

BOOST_AUTO_TEST_CASE(nothing_is_found_in_nothing) {
  const auto found = scan(0, 10);
  BOOST_TEST(found.cursor == 0u);
  BOOST_TEST(found.keys.empty());
  BOOST_TEST(read(make(op::randomkey, "", "", 77)) == null);
}

BOOST_AUTO_TEST_CASE(every_key_is_found_once) {
  add(2'500);
  for (const std::int64_t count : {1, 10, 999, 1'000'000}) {
    int pages = 0;
    const auto found = scan_all(count, pages);
    BOOST_TEST(found.size() == 2'500u);
    BOOST_TEST(std::set(found.begin(), found.end()).size() == 2'500u);
    BOOST_TEST(pages >= 2'500 / std::min<std::int64_t>(count, 1'000));
  }
}

BOOST_AUTO_TEST_CASE(k5_a_cursor_outlives_changes_and_machines) {
  add(1'000);
  auto first = scan(0, 300);
  BOOST_TEST(first.keys.size() == 300u);
  kv_driver other;
  BOOST_REQUIRE(other.restore(snapshot()).ok());
  std::swap(machine, other.machine);
  for (int i = 0; i < 500; ++i)
    run(make(op::set, "new" + std::to_string(i), "1"));
  std::set<std::string> found(first.keys.begin(), first.keys.end());
  for (auto cursor = first.cursor; cursor != 0;) {
    const auto next = scan(cursor, 300);
    found.insert(next.keys.begin(), next.keys.end());
    cursor = next.cursor;
  }
  for (int i = 0; i < 1'000; ++i)
    BOOST_TEST(found.contains("key" + std::to_string(i)));
}

BOOST_AUTO_TEST_CASE(patterns_select) {
  add(120);
  int pages = 0;
  BOOST_TEST(scan_all(7, pages, "key1?").size() == 10u);
  BOOST_TEST(pages > 10);
  BOOST_TEST(scan_all(7, pages, "*[02]").size() == 24u);
  BOOST_TEST(scan_all(7, pages, "none").empty());
  const std::string long_pattern(2'000, '*');
  const auto x = make(op::scan, "", long_pattern);
  BOOST_TEST(read(x) == "-ERR the pattern is too long\r\n");
}

BOOST_AUTO_TEST_CASE(k5_costly_patterns_shorten_the_page) {
  for (int i = 0; i < 100; ++i)
    run(make(op::set, std::string(5'000, 'a') + std::to_string(i), "1"));
  int pages = 0;
  std::string pattern;
  while (pattern.size() < 100)
    pattern += "*a";
  pattern += '*';
  BOOST_TEST(scan_all(1'000, pages, pattern).size() == 100u);
  BOOST_TEST(pages > 20);
}

BOOST_AUTO_TEST_CASE(random_keys_are_keys) {
  add(50);
  rng random{1};
  std::set<std::string> drawn;
  for (int i = 0; i < 2'000; ++i)
    drawn.insert(read(
      make(op::randomkey, "", "", static_cast<std::int64_t>(random.next()))));
  BOOST_TEST(drawn.size() > 40u);
  BOOST_TEST(!drawn.contains(null));
}

BOOST_AUTO_TEST_CASE(slots_are_those_of_redis_cluster) {
  BOOST_TEST(slot_of("123456789") == 0x31c3);
  BOOST_TEST(slot_of("foo") == 12182);
  BOOST_TEST(slot_of("bar") == 5061);
  BOOST_TEST(slot_of("") == 0);
  BOOST_TEST(slot_of("{foo}bar") == slot_of("foo"));
  BOOST_TEST(slot_of("x{foo}{bar}") == slot_of("foo"));
  BOOST_TEST(slot_of("{}foo") != slot_of("foo"));
  BOOST_TEST(slot_of("{{foo}}") == slot_of("{foo"));
}

BOOST_AUTO_TEST_CASE(positions_begin_with_the_slot) {
  for (const auto* key : {"", "a", "12345678", "a longer key of 22 bytes"}) {
    const auto position = position_of(test_seed, key);
    BOOST_TEST(position < position_end);
    BOOST_TEST((position >> hash_bits) == slot_of(key));
    BOOST_TEST(position != position_of(test_seed + 1, key));
  }
}

BOOST_AUTO_TEST_CASE(globs_match_as_in_redis) {
  BOOST_TEST(matches_glob("", ""));
  BOOST_TEST(!matches_glob("", "a"));
  BOOST_TEST(matches_glob("*", ""));
  BOOST_TEST(matches_glob("**", "abc"));
  BOOST_TEST(matches_glob("h?llo", "hello"));
  BOOST_TEST(!matches_glob("h?llo", "hllo"));
  BOOST_TEST(matches_glob("h*llo", "heeeello"));
  BOOST_TEST(matches_glob("*a*b", "xaxxaxb"));
  BOOST_TEST(!matches_glob("*a*b", "xaxxaxbx"));
  BOOST_TEST(matches_glob("h[ae]llo", "hallo"));
  BOOST_TEST(!matches_glob("h[ae]llo", "hillo"));
  BOOST_TEST(matches_glob("h[^e]llo", "hallo"));
  BOOST_TEST(!matches_glob("h[^e]llo", "hello"));
  BOOST_TEST(matches_glob("h[a-c]llo", "hbllo"));
  BOOST_TEST(matches_glob("h[c-a]llo", "hbllo"));
  BOOST_TEST(!matches_glob("h[a-c]llo", "hdllo"));
  BOOST_TEST(matches_glob("\\*", "*"));
  BOOST_TEST(!matches_glob("\\*", "a"));
  BOOST_TEST(matches_glob("a\\", "a\\"));
  BOOST_TEST(matches_glob("[\\]]", "]"));
  BOOST_TEST(matches_glob("[abc", "b"));
  BOOST_TEST(!matches_glob("[", "["));
  BOOST_TEST(matches_glob("*[0-9]x", "key7x"));
}

BOOST_AUTO_TEST_SUITE_END()
