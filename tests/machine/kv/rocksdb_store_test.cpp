// The engine on disk: the contract of every engine, and rule D7.
#include "machine/kv/rocksdb_store.hpp"

#include "machine/kv/key_order.hpp"

#include "rocksdb_fixture.hpp"

#include <algorithm>
#include <future>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::kv;
using namespace cohort::kv::tests;

BOOST_FIXTURE_TEST_SUITE(rocksdb_store_suite, directory_fixture)

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

// Between a flush's beginning and its end, what it writes is neither among the
// changes nor on disk.

BOOST_AUTO_TEST_CASE(random_scripts_keep_the_contract_during_flushes) {
  const auto store = open(path);
  store_oracle oracle;
  store_script script{7, 60};
  for (std::uint64_t i = 1; i <= 40; ++i) {
    std::promise<result<void>> ended;
    store->begin_flush(index_t{i}, term_t{1}, "",
                       [&](result<void> x) { ended.set_value(std::move(x)); });
    const auto source = store->begin_snapshot();
    const auto expected = expected_snapshot(oracle);
    for (int n = 0; n < 6; ++n)
      script.batch(*store, oracle);
    check_same(*store, oracle);
    BOOST_REQUIRE((read_snapshot(*source, 300) == expected));
    BOOST_REQUIRE(ended.get_future().get().ok());
    check_same(*store, oracle);
    store->work();
  }
}

// A flush that finds many files waits for a compaction of them.

BOOST_AUTO_TEST_CASE(many_flushes_end_although_compactions_lag) {
  const auto store = open(path);
  for (std::uint64_t i = 1; i <= 60; ++i) {
    put(*store, "k" + std::to_string(i), "v");
    BOOST_REQUIRE(flush(*store, i).ok());
  }
  for (std::uint64_t i = 1; i <= 60; ++i)
    BOOST_REQUIRE(value_of(*store, "k" + std::to_string(i)) == "v");
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

BOOST_AUTO_TEST_CASE(t1_more_changes_than_may_gather_are_a_failure) {
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

// A full disk is an answer: nothing has changed, and the store goes on.
BOOST_AUTO_TEST_CASE(d6_a_disk_too_full_for_a_flush_is_an_answer) {
  rocksdb_options careful;
  careful.spare_disk_bytes = std::uint64_t{1} << 62;
  {
    const auto opened = open_rocksdb_store(path, seed, careful);
    BOOST_REQUIRE(opened.ok());
    auto& store = **opened;
    put(store, "a", "1");
    const auto unflushed = store.unflushed_bytes();
    BOOST_TEST((flush(store, 1).err().code == errc::no_space));
    BOOST_TEST(store.failed().ok());
    BOOST_TEST(store.unflushed_bytes() == unflushed);
    BOOST_TEST(value_of(store, "a") == "1");
  }
  const auto store = open(path);
  BOOST_TEST((store->recovered().applied == index_t{}));
  BOOST_TEST(store->size() == 0u);
}

BOOST_AUTO_TEST_CASE(d7_changes_without_their_sessions_are_corruption) {
  auto store = open(path);
  put(*store, "a", "1");
  BOOST_REQUIRE(flush(*store, 1).ok());
  store.reset();
  rocks::saved_state ahead;
  ahead.flush = 99;
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

BOOST_AUTO_TEST_CASE(a_directory_of_another_set_is_refused) {
  open(path).reset();
  BOOST_TEST((fails_to_open(path, seed + 1).code == errc::invalid));
}

BOOST_AUTO_TEST_CASE(a_directory_that_is_in_use_is_refused) {
  const auto store = open(path);
  BOOST_TEST((fails_to_open(path).code == errc::io_failed));
}

BOOST_AUTO_TEST_SUITE_END()
