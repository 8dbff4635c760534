// The engine in memory: the contract of every engine.
#include "machine/kv/snapshot_format.hpp"
#include "store_oracle.hpp"

#include "machine/kv/key_order.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::kv;
using namespace cohort::kv::tests;

namespace {

void fill(kv_store& store, int count, const std::string& tag = {}) {
  store.begin_batch(store.log_time_ms());
  for (int i = 0; i < count; ++i)
    store.put(tag + "key" + std::to_string(i), {"value", never, 1});
  store.end_batch();
}

} // namespace

BOOST_AUTO_TEST_SUITE(memory_stores)

BOOST_AUTO_TEST_CASE(random_scripts_keep_the_contract) {
  for (std::uint64_t round = 0; round < 40; ++round) {
    const auto store = make_memory_store(seed);
    store_oracle oracle;
    store_script script{round, round % 2 == 0 ? 20u : 2'000u};
    for (int i = 0; i < 60; ++i) {
      script.batch(*store, oracle);
      if (script.random().below(4) == 0)
        store->work();
    }
    check_same(*store, oracle);
    BOOST_TEST(snapshot_of(*store) == expected_snapshot(oracle));
  }
}

BOOST_AUTO_TEST_CASE(a_snapshot_is_a_cut_while_changes_go_on) {
  for (std::uint64_t round = 0; round < 40; ++round) {
    const auto store = make_memory_store(seed);
    store_oracle oracle;
    store_script script{1'000 + round, round % 2 == 0 ? 20u : 1'000u};
    for (int i = 0; i < 80; ++i)
      script.batch(*store, oracle);
    const auto expected = expected_snapshot(oracle);
    const auto source = store->begin_snapshot();
    std::string content;
    while (source->next(content, script.random().below(300))) {
      script.batch(*store, oracle);
      store->work();
    }
    BOOST_TEST(content == expected);
    check_same(*store, oracle);
  }
}

BOOST_AUTO_TEST_CASE(a_snapshot_is_restored_by_whoever_gets_it) {
  const auto store = make_memory_store(seed);
  store_oracle oracle;
  store_script script{7, 500};
  for (int i = 0; i < 200; ++i)
    script.batch(*store, oracle);
  const auto content = snapshot_of(*store);
  for (const std::size_t piece : {1u, 7u, 1'000u, 10'000'000u}) {
    const auto other = make_memory_store(seed);
    fill(*other, 100, "old");
    BOOST_REQUIRE(restore(*other, content, piece).ok());
    BOOST_TEST(snapshot_of(*other) == content);
    BOOST_TEST(other->log_time_ms() == oracle.log_time_ms);
    BOOST_TEST(!other->get("oldkey1").has_value());
  }
}

BOOST_AUTO_TEST_CASE(an_unfinished_restore_changes_nothing) {
  const auto store = make_memory_store(seed);
  fill(*store, 100);
  const auto before = snapshot_of(*store);
  const auto other = make_memory_store(seed);
  fill(*other, 50, "other");
  const auto content = snapshot_of(*other);
  BOOST_REQUIRE(store->begin_restore()->write(content).ok());
  BOOST_TEST(!restore(*store, content.substr(0, content.size() - 1), 9).ok());
  BOOST_TEST(!restore(*store, content + "x", 9).ok());
  BOOST_TEST(!restore(*store, "", 9).ok());
  BOOST_TEST(snapshot_of(*store) == before);
}

BOOST_AUTO_TEST_CASE(a_snapshot_of_another_seed_is_refused) {
  const auto other = make_memory_store(seed + 1);
  fill(*other, 5);
  const auto store = make_memory_store(seed);
  const auto refused = restore(*store, snapshot_of(*other), 100);
  BOOST_REQUIRE(!refused.ok());
  BOOST_TEST((refused.err().code == errc::invalid));
}

BOOST_AUTO_TEST_CASE(damaged_snapshots_are_errors_or_other_snapshots) {
  const auto store = make_memory_store(seed);
  fill(*store, 20);
  const auto content = snapshot_of(*store);
  rng random{5};
  int refused = 0;
  for (int i = 0; i < 3'000; ++i) {
    auto damaged = content;
    const auto at = random.below(damaged.size());
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << random.below(8)));
    const auto other = make_memory_store(seed);
    if (!restore(*other, damaged, 64).ok()) {
      ++refused;
      BOOST_TEST(other->size() == 0u);
    } else {
      BOOST_TEST(snapshot_of(*other) == damaged);
    }
  }
  BOOST_TEST(refused > 1'000);
}

BOOST_AUTO_TEST_CASE(large_values_are_cut_into_chunks) {
  const auto store = make_memory_store(seed);
  const std::string large(1'000'000, 'x');
  store->begin_batch(1);
  store->put("a", {large, never, 1});
  store->put("b", {large, never, 1});
  store->end_batch();
  const auto source = store->begin_snapshot();
  std::string content;
  for (bool more = true; more;) {
    std::string chunk;
    more = source->next(chunk, 10'000);
    BOOST_TEST(chunk.size() < 10'100u);
    content += chunk;
    store->begin_batch(1);
    store->put("a", {"small", never, 2});
    store->erase("b");
    store->end_batch();
  }
  const auto other = make_memory_store(seed);
  BOOST_REQUIRE(restore(*other, content, 10'000).ok());
  BOOST_TEST((other->get("a")->value == large));
  BOOST_TEST((other->get("b")->value == large));
}

BOOST_AUTO_TEST_CASE(k5_a_snapshot_survives_a_flush_of_all) {
  const auto store = make_memory_store(seed);
  fill(*store, 5'000);
  const auto before = snapshot_of(*store);
  auto source = store->begin_snapshot();
  std::string content;
  source->next(content, 1'000);
  store->begin_batch(5);
  store->clear();
  store->end_batch();
  fill(*store, 10, "new");
  while (store->work()) {
  }
  while (source->next(content, 1'000)) {
  }
  BOOST_TEST(content == before);
  source.reset();
  BOOST_TEST(store->work());
  while (store->work()) {
  }
  BOOST_TEST(store->size() == 10u);
}

BOOST_AUTO_TEST_CASE(an_abandoned_snapshot_is_freed_in_slices) {
  const auto store = make_memory_store(seed);
  fill(*store, 5'000);
  auto source = store->begin_snapshot();
  fill(*store, 5'000); // all of it is kept for the snapshot
  source.reset();
  int slices = 0;
  while (store->work())
    ++slices;
  BOOST_TEST(slices >= 10);
  BOOST_TEST(store->size() == 5'000u);
}

BOOST_AUTO_TEST_CASE(a_source_may_outlive_its_store) {
  auto store = make_memory_store(seed);
  fill(*store, 1'000);
  const auto expected = snapshot_of(*store);
  const auto source = store->begin_snapshot();
  store.reset();
  BOOST_TEST(read_snapshot(*source, 100) == expected);
}

/// Keys of one slot make the tree deep where the others stay flat.
BOOST_AUTO_TEST_CASE(slots_may_be_uneven) {
  const auto store = make_memory_store(seed);
  fill(*store, 30'000, "{tag}");
  fill(*store, 100);
  BOOST_TEST(store->size() == 30'100u);
  std::uint64_t seen = 0;
  std::uint64_t last = 0;
  store->walk(0, [&](const kv_store::placed& x) {
    BOOST_REQUIRE(x.position >= last);
    last = x.position;
    ++seen;
    return true;
  });
  BOOST_TEST(seen == 30'100u);
  store->begin_batch(1);
  for (int i = 0; i < 30'000; ++i)
    BOOST_REQUIRE(store->erase("{tag}key" + std::to_string(i)));
  store->end_batch();
  BOOST_TEST(store->size() == 100u);
  BOOST_TEST(store->get("key99").has_value());
  BOOST_TEST(!store->get("{tag}key99").has_value());
}

/// 100,000 keys of 256 bytes are to fit a small node.
BOOST_AUTO_TEST_CASE(keys_cost_little_more_than_their_bytes) {
  const auto store = make_memory_store(seed);
  const std::string value(256, 'v');
  store->begin_batch(1);
  for (int i = 0; i < 10'000; ++i)
    store->put("key" + std::to_string(i), {value, never, 1});
  store->end_batch();
  BOOST_TEST(store->approximate_bytes() < 10'000u * 360u);
  BOOST_TEST(store->approximate_bytes() > 10'000u * 260u);
}

BOOST_AUTO_TEST_SUITE_END()
