// The engine on disk: the contract of every engine, and rule D7.
#include "machine/kv/rocksdb_store.hpp"

#include "machine/kv/key_order.hpp"
#include "machine/kv/rocksdb_keys.hpp"
#include "machine/kv/snapshot_format.hpp"

#include "store_oracle.hpp"
#include "support/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <rocksdb/db.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::kv;
using namespace cohort::kv::tests;

namespace {

constexpr std::uint64_t seed = 42;

std::unique_ptr<kv_store> open(const std::string& path) {
  auto opened = open_rocksdb_store(path, seed, {});
  BOOST_REQUIRE_MESSAGE(opened.ok(),
                        (opened ? std::string{} : to_string(opened.err())));
  return std::move(*opened);
}

error fails_to_open(const std::string& path, std::uint64_t with_seed = seed) {
  const auto opened = open_rocksdb_store(path, with_seed, {});
  BOOST_REQUIRE(!opened.ok());
  return opened.err();
}

result<void> flush(kv_store& store, std::uint64_t applied,
                   const std::string& attachment = "sessions") {
  std::promise<result<void>> ended;
  store.begin_flush(index_t{applied}, term_t{3}, attachment,
                    [&](result<void> x) { ended.set_value(std::move(x)); });
  return ended.get_future().get();
}

void put(kv_store& store, const std::string& key, const std::string& value,
         std::int64_t expires_ms = never) {
  store.begin_batch(store.log_time_ms());
  store.put(key, {value, expires_ms, 7});
  store.end_batch();
}

std::string value_of(kv_store& store, const std::string& key) {
  const auto found = store.get(key);
  return found ? std::string{found->value} : "(none)";
}

std::string snapshot_of(kv_store& store) {
  return read_snapshot(*store.begin_snapshot(), 1'000);
}

/// What a snapshot of `oracle` must be, by the format alone.
std::string expected_snapshot(const store_oracle& oracle) {
  std::string result;
  write_header(result, {seed, oracle.log_time_ms});
  std::uint64_t count = 0;
  for (const auto& [at, x] : oracle.items) {
    const item what{x.value, x.expires_ms, x.changed};
    if (what.due(oracle.log_time_ms))
      continue;
    write_record_head(result, at.second, what);
    result += x.value;
    ++count;
  }
  write_end(result, count);
  return result;
}

/// Changes one of the facts of a closed store, behind its back.
void overwrite(const std::string& path, std::string_view key,
               const std::string& content) {
  rocksdb::DB* db = nullptr;
  BOOST_REQUIRE(rocksdb::DB::Open({}, path + "/data", &db).ok());
  const std::unique_ptr<rocksdb::DB> owner{db};
  BOOST_REQUIRE(db->Put({}, rocks::to_slice(key), content).ok());
  BOOST_REQUIRE(db->Flush({}).ok());
}

struct fixture {
  temporary_directory directory;
  std::string path = directory.path() + "/set";
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(rocksdb_store_suite, fixture)

BOOST_AUTO_TEST_CASE(a_new_store_is_empty) {
  const auto store = open(path);
  BOOST_TEST(store->persistent());
  BOOST_TEST(store->size() == 0u);
  BOOST_TEST(!store->get("a"));
  BOOST_TEST(!store->soonest_expiry());
  BOOST_TEST((store->recovered().applied == index_t{}));
  BOOST_TEST(store->approximate_bytes() == 0u);
}

// The whole contract against a dumb oracle, with flushes and starts in between.
BOOST_AUTO_TEST_CASE(random_scripts_keep_the_contract) {
  for (std::uint64_t run = 1; run <= 6; ++run) {
    BOOST_TEST_CONTEXT("seed " << run) {
      const auto here = path + std::to_string(run);
      auto store = open(here);
      store_oracle oracle;
      store_oracle durable;
      store_script script{run, run % 2 == 0 ? 20u : 400u};
      for (std::uint64_t i = 1; i <= 300; ++i) {
        script.batch(*store, oracle);
        const auto dice = script.random().below(100);
        if (dice < 6) {
          check_same(*store, oracle);
        } else if (dice < 9) {
          BOOST_REQUIRE(flush(*store, i).ok());
          durable = oracle;
        } else if (dice < 11) {
          store.reset();
          store = open(here);
          oracle = durable;
          BOOST_REQUIRE(store->log_time_ms() == oracle.log_time_ms);
          check_same(*store, oracle);
        } else if (dice < 14) {
          BOOST_REQUIRE(snapshot_of(*store) == expected_snapshot(oracle));
        } else if (dice < 16) {
          BOOST_REQUIRE(restore(*store, expected_snapshot(oracle), 777).ok());
          oracle.erase_due(oracle.log_time_ms, oracle.items.size());
          check_same(*store, oracle);
        }
        store->work();
      }
      check_same(*store, oracle);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_walk_begins_anywhere_and_stops_when_told) {
  const auto store = open(path);
  for (int i = 0; i < 50; ++i)
    put(*store, "k" + std::to_string(i), "v");
  std::vector<std::uint64_t> positions;
  store->walk(0, [&](const kv_store::placed& x) {
    positions.push_back(x.position);
    return true;
  });
  BOOST_REQUIRE(positions.size() == 50u);
  BOOST_TEST(std::is_sorted(positions.begin(), positions.end()));
  std::vector<std::uint64_t> some;
  store->walk(positions[20] + 1, [&](const kv_store::placed& x) {
    some.push_back(x.position);
    return some.size() < 3;
  });
  BOOST_TEST((some
              == std::vector<std::uint64_t>{positions.begin() + 21,
                                            positions.begin() + 24}));
  store->walk(position_end, [&](const kv_store::placed&) {
    some.clear();
    return true;
  });
  BOOST_TEST(some.size() == 3u);
}

BOOST_AUTO_TEST_CASE(the_soonest_due_go_first) {
  const auto store = open(path);
  put(*store, "late", "v", 300);
  put(*store, "soon", "v", 100);
  put(*store, "mid", "v", 200);
  put(*store, "never", "v");
  store->begin_batch(1'000);
  BOOST_TEST(store->erase_due(250, 1) == 1u);
  BOOST_TEST(!store->get("soon"));
  BOOST_TEST(*store->soonest_expiry() == 200);
  BOOST_TEST(store->erase_due(250, 10) == 1u);
  BOOST_TEST(*store->soonest_expiry() == 300);
  store->end_batch();
  put(*store, "late", "v");
  BOOST_TEST(!store->soonest_expiry());
  BOOST_TEST(store->size() == 2u);
}

BOOST_AUTO_TEST_CASE(d7_a_flush_is_durable_with_its_attachment) {
  auto store = open(path);
  put(*store, "a", "1", 500);
  put(*store, "b", "2");
  BOOST_TEST(store->unflushed_bytes() > 0u);
  BOOST_REQUIRE(flush(*store, 17, "the sessions").ok());
  BOOST_TEST(store->unflushed_bytes() == 0u);
  const auto bytes = store->approximate_bytes();
  BOOST_TEST(bytes > 0u);
  store.reset();
  store = open(path);
  const auto recovered = store->recovered();
  BOOST_TEST((recovered.applied == index_t{17}));
  BOOST_TEST((recovered.term == term_t{3}));
  BOOST_TEST(recovered.attachment == "the sessions");
  BOOST_TEST(value_of(*store, "a") == "1");
  BOOST_TEST(store->size() == 2u);
  BOOST_TEST(*store->soonest_expiry() == 500);
  BOOST_TEST(store->approximate_bytes() == bytes);
  BOOST_TEST(store->unflushed_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(d7_what_was_not_flushed_is_not_durable) {
  auto store = open(path);
  put(*store, "a", "1");
  BOOST_REQUIRE(flush(*store, 1).ok());
  put(*store, "a", "2");
  put(*store, "b", "2");
  store.reset(); // closing writes nothing either
  store = open(path);
  BOOST_TEST((store->recovered().applied == index_t{1}));
  BOOST_TEST(value_of(*store, "a") == "1");
  BOOST_TEST(value_of(*store, "b") == "(none)");
  BOOST_TEST(store->size() == 1u);
}

// A flush covers what was applied when it began, whatever comes while it runs.
BOOST_AUTO_TEST_CASE(d7_a_flush_is_cut_where_it_began) {
  auto store = open(path);
  put(*store, "a", std::string(1 << 20, '1'));
  std::promise<result<void>> ended;
  store->begin_flush(index_t{5}, term_t{1}, "",
                     [&](result<void> x) { ended.set_value(std::move(x)); });
  for (int i = 0; i < 1'000; ++i)
    put(*store, "later" + std::to_string(i), "v");
  BOOST_REQUIRE(ended.get_future().get().ok());
  store.reset();
  store = open(path);
  BOOST_TEST((store->recovered().applied == index_t{5}));
  BOOST_TEST(store->size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_flush_that_the_end_interrupts_is_told_so_or_done) {
  for (int i = 0; i < 20; ++i) {
    auto store = open(path);
    put(*store, "a", std::string(1 << 18, 'x'));
    std::promise<result<void>> ended;
    store->begin_flush(index_t{5}, term_t{1}, "",
                       [&](result<void> x) { ended.set_value(std::move(x)); });
    store.reset();
    const auto outcome = ended.get_future().get();
    BOOST_TEST((outcome.ok() || outcome.err().code == errc::closed));
  }
}

// RocksDB must not flush by itself; should it, the store says so at once.
BOOST_AUTO_TEST_CASE(d7_a_flush_of_its_own_accord_is_a_failure) {
  rocksdb_options small;
  small.unflushed_bytes_max = 64 << 10;
  const auto opened = open_rocksdb_store(path, seed, small);
  BOOST_REQUIRE(opened.ok());
  auto& store = **opened;
  for (int i = 0; store.failed().ok(); ++i) {
    BOOST_REQUIRE(i < 100'000);
    put(store, "k" + std::to_string(i), std::string(1'000, 'v'));
  }
  BOOST_TEST((store.failed().err().code == errc::io_failed));
  BOOST_TEST(!flush(store, 2).ok());
}

BOOST_AUTO_TEST_CASE(d7_changes_without_their_sessions_are_corruption) {
  auto store = open(path);
  put(*store, "a", "1");
  BOOST_REQUIRE(flush(*store, 1).ok());
  store.reset();
  rocks::saved_state ahead;
  ahead.batch = 99;
  overwrite(path, rocks::state_key, rocks::encode(ahead));
  BOOST_TEST((fails_to_open(path).code == errc::corrupt));
}

BOOST_AUTO_TEST_CASE(a_store_whose_facts_are_damaged_is_corrupt) {
  for (const auto key : {rocks::state_key, rocks::attachment_key}) {
    const auto here = path + std::string{key};
    auto store = open(here);
    BOOST_REQUIRE(flush(*store, 1).ok());
    store.reset();
    overwrite(here, key, "short");
    BOOST_TEST((fails_to_open(here).code == errc::corrupt));
  }
}

BOOST_AUTO_TEST_CASE(a_directory_of_another_version_is_refused) {
  open(path).reset();
  overwrite(path, rocks::format_key,
            rocks::encode(rocks::saved_format{2, seed}));
  BOOST_TEST((fails_to_open(path).code == errc::unsupported));
}

BOOST_AUTO_TEST_CASE(k5_clearing_starts_a_new_generation) {
  auto store = open(path);
  for (int i = 0; i < 1'000; ++i)
    put(*store, "k" + std::to_string(i), std::string(300, 'v'), 10'000);
  BOOST_REQUIRE(flush(*store, 1).ok());
  store->begin_batch(0);
  store->put("same batch", {"before", never, 1});
  store->clear();
  store->put("same batch", {"after", never, 2});
  store->end_batch();
  BOOST_TEST(store->size() == 1u);
  BOOST_TEST(value_of(*store, "same batch") == "after");
  BOOST_TEST(!store->soonest_expiry());
  // Not durable yet: a start finds the old generation, whole.
  store->work();
  store.reset();
  store = open(path);
  BOOST_TEST(store->size() == 1'000u);
  BOOST_TEST(value_of(*store, "k17") == std::string(300, 'v'));
  store->begin_batch(0);
  store->clear();
  store->end_batch();
  BOOST_REQUIRE(flush(*store, 2).ok());
  store->work();
  store.reset();
  store = open(path);
  BOOST_TEST(store->size() == 0u);
  BOOST_TEST(value_of(*store, "k17") == "(none)");
  put(*store, "k17", "new");
  BOOST_TEST(store->size() == 1u);
}

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

BOOST_AUTO_TEST_CASE(a_directory_of_another_set_is_refused) {
  open(path).reset();
  BOOST_TEST((fails_to_open(path, seed + 1).code == errc::invalid));
}

BOOST_AUTO_TEST_CASE(a_directory_that_is_in_use_is_refused) {
  const auto store = open(path);
  BOOST_TEST((fails_to_open(path).code == errc::io_failed));
}

BOOST_AUTO_TEST_SUITE_END()
