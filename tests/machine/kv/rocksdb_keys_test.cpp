#include "machine/kv/rocksdb_keys.hpp"

#include "core/rng.hpp"
#include "machine/kv/key_order.hpp"
#include "machine/kv/recent_items.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <string>
#include <tuple>

using namespace cohort;
using namespace cohort::kv;
using namespace cohort::kv::rocks;

namespace {

std::string random_key(rng& random) {
  std::string result(random.below(4), '\0');
  for (auto& c : result)
    c = static_cast<char>(random.below(3) * 127);
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(rocksdb_keys_suite)

// The order of bytes is that of generation, position and key.
BOOST_AUTO_TEST_CASE(data_keys_lie_in_the_order_of_keys) {
  rng random{1};
  for (int i = 0; i < 20'000; ++i) {
    const auto draw = [&] {
      return std::tuple{static_cast<generation_t>(random.between(1, 300)),
                        random.below(position_end) >> random.below(63),
                        random_key(random)};
    };
    const auto x = draw();
    const auto y = draw();
    std::string a;
    std::string b;
    std::apply([&](auto g, auto p, auto& k) { make_data_key(a, g, p, k); }, x);
    std::apply([&](auto g, auto p, auto& k) { make_data_key(b, g, p, k); }, y);
    BOOST_REQUIRE((x < y) == (a < b));
    BOOST_REQUIRE((x == y) == (a == b));
    const auto parts = parse_data_key(a);
    BOOST_REQUIRE(parts.has_value());
    BOOST_REQUIRE(
      (std::tuple{parts->generation, parts->position, std::string{parts->key}}
       == x));
    const auto generation = std::get<0>(x);
    BOOST_REQUIRE(first_key(data_kind, generation) < a);
    BOOST_REQUIRE(a < end_key(data_kind, generation));
    BOOST_REQUIRE(generation_of(a) == generation);
  }
}

BOOST_AUTO_TEST_CASE(expiry_keys_lie_in_the_order_of_time) {
  std::string last;
  for (const auto time :
       {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1},
        std::int64_t{0}, std::int64_t{1}, std::int64_t{1'700'000'000'000},
        std::numeric_limits<std::int64_t>::max()}) {
    std::string key;
    make_expiry_key(key, 5, time, 77, "k");
    BOOST_TEST((last < key));
    BOOST_TEST(*parse_expiry(key) == time);
    std::string seek;
    make_expiry_seek(seek, 5, time);
    BOOST_TEST((last < seek && seek < key));
    std::string data;
    std::string of;
    make_data_key(data, 5, 77, "k");
    make_data_key_of(of, key);
    BOOST_TEST((of == data));
    last = key;
  }
}

BOOST_AUTO_TEST_CASE(other_keys_are_none_of_these) {
  for (const std::string key : {"", "f", "s", "a", "d", "d1234", "e12345"}) {
    BOOST_TEST(!parse_data_key(key));
    BOOST_TEST(!parse_expiry(key));
  }
  BOOST_TEST(!generation_of("s1234"));
  BOOST_TEST(!generation_of("d123"));
  BOOST_TEST((end_key(data_kind, ~generation_t{0}) == "e"));
}

BOOST_AUTO_TEST_CASE(values_come_back_and_short_ones_are_refused) {
  std::string text;
  make_item(text, {"value", -5, 99});
  const auto x = parse_item(text);
  BOOST_REQUIRE(x.has_value());
  BOOST_TEST(x->value == "value");
  BOOST_TEST(x->expires_ms == -5);
  BOOST_TEST(x->changed == 99u);
  BOOST_TEST(!parse_item(text.substr(0, 15)));
  const saved_state state{1, 2, 3, 4, -5};
  BOOST_TEST((decode_state(encode(state)) == state));
  BOOST_TEST(!decode_state(encode(state).substr(1)));
  BOOST_TEST(!decode_state(encode(state) + "x"));
  const saved_attachment attachment{7, {index_t{8}, term_t{9}, "text"}};
  const auto decoded = decode_attachment(encode(attachment));
  BOOST_REQUIRE(decoded.has_value());
  BOOST_TEST(decoded->flush == 7u);
  BOOST_TEST((decoded->state.applied == index_t{8}));
  BOOST_TEST((decoded->state.term == term_t{9}));
  BOOST_TEST(decoded->state.attachment == "text");
  BOOST_TEST(!decode_attachment("short"));
  BOOST_TEST(decode_format(encode(saved_format{6, 5}))->version == 6u);
  BOOST_TEST(!decode_format("short"));
}

// A key takes the place of another, and is never taken for it.
BOOST_AUTO_TEST_CASE(recent_items_know_keys_apart) {
  recent_items recent{16}; // four sets
  recent.keep(1, 5, "a", {10, 20});
  BOOST_REQUIRE(recent.find(1, 5, "a") != nullptr);
  BOOST_TEST(recent.find(1, 5, "a")->expires_ms == 10);
  BOOST_TEST(recent.find(1, 5, "a")->value_bytes == 20u);
  BOOST_TEST(recent.find(2, 5, "a") == nullptr);
  BOOST_TEST(recent.find(1, 5, "b") == nullptr);
  BOOST_TEST(recent.find(1, 6, "a") == nullptr);
  for (std::uint64_t i = 1; i <= 3; ++i)
    recent.keep(1, 5 + 16 * i, "b" + std::to_string(i), {});
  BOOST_TEST(recent.find(1, 5, "a") != nullptr);
  recent.keep(1, 5, "a", {30, 40});
  BOOST_TEST(recent.find(1, 5, "a")->value_bytes == 40u);
  std::size_t kept = 0;
  recent.keep(1, 5 + 16 * 4, "b4", {});
  BOOST_TEST(recent.find(1, 5 + 16 * 4, "b4") != nullptr);
  for (std::uint64_t i = 1; i <= 3; ++i)
    kept += recent.find(1, 5 + 16 * i, "b" + std::to_string(i)) ? 1 : 0;
  kept += recent.find(1, 5, "a") ? 1 : 0;
  BOOST_TEST(kept == 3u); // one of five had to go
  recent.forget(1, 5 + 16 * 5, "b5");
  BOOST_TEST(recent.find(1, 5 + 16 * 4, "b4") != nullptr);
  recent.forget(1, 5 + 16 * 4, "b4");
  BOOST_TEST(recent.find(1, 5 + 16 * 4, "b4") == nullptr);
}

BOOST_AUTO_TEST_CASE(recent_items_leave_out_long_keys) {
  recent_items recent{16};
  const std::string longest(31, 'k');
  recent.keep(1, 5, longest, {});
  BOOST_TEST(recent.find(1, 5, longest) != nullptr);
  BOOST_TEST(recent.find(1, 5, longest + "k") == nullptr);
  recent.keep(1, 6, longest + "k", {});
  BOOST_TEST(recent.find(1, 6, longest + "k") == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
