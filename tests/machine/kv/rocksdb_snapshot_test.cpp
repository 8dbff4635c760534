// Cuts of the engine on disk, and back.
#include "rocksdb_fixture.hpp"

#include <filesystem>
#include <string>

using namespace cohort;
using namespace cohort::kv;
using namespace cohort::kv::tests;

BOOST_FIXTURE_TEST_SUITE(rocksdb_snapshot_suite, directory_fixture)

BOOST_AUTO_TEST_CASE(a_snapshot_is_a_cut_while_changes_go_on) {
  const auto store = open(path);
  store_oracle oracle;
  store_script script{5, 300};
  for (int i = 0; i < 100; ++i)
    script.batch(*store, oracle);
  const auto expected = expected_snapshot(oracle);
  const auto source = store->begin_snapshot();
  std::string content;
  bool more = true;
  for (int i = 0; more; ++i) {
    more = source->next(content, 500);
    script.batch(*store, oracle);
    if (i == 3) {
      store->begin_batch(oracle.log_time_ms);
      store->clear();
      store->end_batch();
      oracle.items.clear();
      BOOST_REQUIRE(flush(*store, 1).ok());
      store->work();
    }
  }
  BOOST_TEST(content == expected);
}

BOOST_AUTO_TEST_CASE(slices_of_a_snapshot_are_small) {
  const auto store = open(path);
  put(*store, "long", std::string(1 << 20, 'x'));
  for (int i = 0; i < 5'000; ++i)
    put(*store, "k" + std::to_string(i), "v");
  const auto source = store->begin_snapshot();
  std::size_t slices = 0;
  for (bool more = true; more; ++slices) {
    std::string chunk;
    more = source->next(chunk, 1 << 20);
    BOOST_REQUIRE(chunk.size() <= (64u << 10) + 100);
  }
  BOOST_TEST(slices > 5'000u / 64);
}

BOOST_AUTO_TEST_CASE(a_source_may_outlive_its_store) {
  auto store = open(path);
  put(*store, "a", "1");
  const auto expected = snapshot_of(*store);
  const auto source = store->begin_snapshot();
  store.reset();
  BOOST_TEST(read_snapshot(*source, 100) == expected);
}

BOOST_AUTO_TEST_CASE(d7_a_restore_switches_at_its_end) {
  auto from = open(path + "-from");
  store_oracle oracle;
  store_script script{9, 3'000};
  for (int i = 0; i < 1'500; ++i)
    script.batch(*from, oracle);
  const auto content = snapshot_of(*from);
  auto store = open(path);
  put(*store, "old", "state", 5);
  BOOST_REQUIRE(flush(*store, 1).ok());
  {
    const auto sink = store->begin_restore();
    BOOST_REQUIRE(sink->write(content).ok());
  } // given up: the old state stays
  BOOST_TEST(value_of(*store, "old") == "state");
  BOOST_TEST(
    !restore(*store, content.substr(0, content.size() - 1), 1'000).ok());
  BOOST_TEST(value_of(*store, "old") == "state");
  BOOST_REQUIRE(restore(*store, content, 12'345).ok());
  oracle.erase_due(oracle.log_time_ms, oracle.items.size());
  BOOST_TEST(store->log_time_ms() == oracle.log_time_ms);
  check_same(*store, oracle);
  BOOST_TEST(snapshot_of(*store) == content);
  // Not flushed yet: a start finds the old state, and restores anew.
  store.reset();
  store = open(path);
  BOOST_TEST(value_of(*store, "old") == "state");
  BOOST_TEST(store->size() == 1u);
  BOOST_REQUIRE(restore(*store, content, 12'345).ok());
  BOOST_REQUIRE(flush(*store, 99).ok());
  store->work();
  store.reset();
  store = open(path);
  BOOST_TEST((store->recovered().applied == index_t{99}));
  check_same(*store, oracle);
}

BOOST_AUTO_TEST_CASE(snapshots_are_those_of_the_memory_engine) {
  const auto memory = make_memory_store(seed);
  store_oracle oracle;
  store_script script{11, 500};
  for (int i = 0; i < 400; ++i)
    script.batch(*memory, oracle);
  const auto content = read_snapshot(*memory->begin_snapshot(), 1'000);
  const auto store = open(path);
  BOOST_REQUIRE(restore(*store, content, 999).ok());
  BOOST_TEST((snapshot_of(*store) == content));
  oracle.erase_due(oracle.log_time_ms, oracle.items.size());
  for (int i = 0; i < 100; ++i)
    script.batch(*store, oracle);
  const auto other = make_memory_store(seed);
  BOOST_REQUIRE(restore(*other, snapshot_of(*store), 999).ok());
  oracle.erase_due(oracle.log_time_ms, oracle.items.size());
  check_same(*other, oracle);
}

BOOST_AUTO_TEST_CASE(a_restore_leaves_no_files_behind) {
  const auto store = open(path);
  put(*store, "a", "1", 77);
  const auto content = snapshot_of(*store);
  BOOST_REQUIRE(restore(*store, content, 10).ok());
  { BOOST_REQUIRE(store->begin_restore()->write(content).ok()); }
  BOOST_TEST(!std::filesystem::exists(path + "/restore"));
}

BOOST_AUTO_TEST_CASE(a_snapshot_of_another_seed_is_refused) {
  auto other = open_rocksdb_store(path + "-other", seed + 1, {});
  BOOST_REQUIRE(other.ok());
  const auto content = snapshot_of(**other);
  const auto store = open(path);
  BOOST_TEST((restore(*store, content, 1'000).err().code == errc::invalid));
}

BOOST_AUTO_TEST_SUITE_END()
