// Several layers of keys, walked as one.
#include "machine/kv/rocksdb_cursor.hpp"

#include "core/rng.hpp"
#include "machine/kv/key_order.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace cohort;
using namespace cohort::kv;
using namespace cohort::kv::rocks;

namespace {

constexpr std::uint64_t order_seed = 42;

using content = std::map<std::pair<std::uint64_t, std::string>, std::string>;

/// An empty value stands for a removed key.
void put(overlay& to, content& oracle, const std::string& key,
         const std::string& value) {
  const auto position = position_of(order_seed, key);
  const auto mark = value.empty() ? removed : item{value, never, 1};
  to.put(position, record_ref{key, mark});
  oracle[{position, key}] = value;
}

content walked(cursor& at) {
  content result;
  std::string last;
  for (; at.valid(); at.next()) {
    BOOST_REQUIRE(std::string_view{last} < at.key());
    last = at.key();
    const auto parts = parse_data_key(at.key());
    BOOST_REQUIRE(parts.has_value());
    result[{parts->position, std::string{parts->key}}] =
      at.hides() ? std::string{} : std::string{at.what()->value};
  }
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(rocksdb_cursors)

BOOST_AUTO_TEST_CASE(of_equal_keys_the_upper_layer_counts) {
  rng random{3};
  for (int run = 0; run < 50; ++run) {
    overlay upper{1};
    overlay lower{1};
    content oracle;
    content of_upper;
    for (auto* layer : {&lower, &upper})
      for (auto n = random.below(30); n > 0; --n)
        put(*layer, layer == &upper ? of_upper : oracle,
            "k" + std::to_string(random.below(40)),
            std::string(random.below(3), layer == &upper ? 'u' : 'l'));
    for (const auto& [at, value] : of_upper)
      oracle[at] = value;
    std::vector<cursor_ptr> layers;
    layers.push_back(make_item_cursor(upper, 0));
    layers.push_back(make_item_cursor(lower, 0));
    BOOST_TEST((walked(*make_merged_cursor(std::move(layers))) == oracle));
  }
}

BOOST_AUTO_TEST_CASE(a_walk_begins_at_a_position) {
  overlay layer{1};
  content oracle;
  for (int i = 0; i < 100; ++i)
    put(layer, oracle, "k" + std::to_string(i), "v");
  for (const auto& [at, value] : oracle) {
    const content rest{oracle.find(at), oracle.end()};
    BOOST_TEST((walked(*make_item_cursor(layer, at.first)) == rest));
  }
}

BOOST_AUTO_TEST_CASE(a_cut_stays_while_its_layer_changes) {
  const auto layer = std::make_shared<overlay>(generation_t{1});
  content oracle;
  for (int i = 0; i < 50; ++i)
    put(*layer, oracle, "k" + std::to_string(i), i % 3 == 0 ? "" : "v");
  const auto cut = std::make_shared<trie_cut>(
    std::shared_ptr<const key_trie>{layer, &layer->items()});
  for (int i = 25; i < 75; ++i) {
    const auto key = "k" + std::to_string(i);
    const auto position = position_of(order_seed, key);
    const auto old = layer->put(position, record_ref{key, {"new", never, 2}});
    cut->changed(layer->items(), position, key, old);
  }
  BOOST_TEST((walked(*make_cut_cursor(cut, 1)) == oracle));
}

BOOST_AUTO_TEST_CASE(what_an_overlay_replaces_does_not_count) {
  overlay layer{1};
  content oracle;
  put(layer, oracle, "a", "value");
  const auto once = layer.bytes();
  for (int i = 0; i < 10; ++i)
    put(layer, oracle, "a", "VALUE");
  BOOST_TEST(layer.bytes() == once);
  layer.put_expiry("e1", true);
  const auto with_expiry = layer.bytes();
  BOOST_TEST(with_expiry > once);
  layer.put_expiry("e1", false);
  BOOST_TEST(layer.bytes() == with_expiry);
  while (layer.free_some()) {
  }
  BOOST_TEST(layer.items().at_or_after(0).empty());
  BOOST_TEST(layer.expiries().empty());
}

BOOST_AUTO_TEST_SUITE_END()
