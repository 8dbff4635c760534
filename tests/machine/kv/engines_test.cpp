// Replicas of one set may keep their keys in different engines.
#include "kv_driver.hpp"
#include "machine/kv/rocksdb_store.hpp"
#include "support/temporary_directory.hpp"

#include "core/rng.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::kv;
using namespace cohort::kv::tests;

namespace {

std::unique_ptr<kv_store> on_disk(const std::string& directory) {
  auto opened = open_rocksdb_store(directory, test_seed, {});
  BOOST_REQUIRE(opened.ok());
  return std::move(*opened);
}

/// Commands whose text lives in `names`.
std::vector<command> some_batch(rng& random,
                                const std::vector<std::string>& names) {
  std::vector<command> result;
  for (auto n = random.between(1, 8); n > 0; --n) {
    const auto& key = names[random.below(names.size())];
    const auto& other = names[random.below(names.size())];
    const auto ms = static_cast<std::int64_t>(random.between(1, 50));
    switch (random.below(10)) {
      case 0:
      case 1:
      case 2:
        result.push_back(make(op::set, key, other));
        break;
      case 3:
        result.push_back(make(op::set, key, other, ms, flag::expiry_relative));
        break;
      case 4:
        result.push_back(make(op::append, key, other));
        break;
      case 5:
        result.push_back(make_many(op::del, {key, other}));
        break;
      case 6:
        result.push_back(make(op::rename, key, other));
        break;
      case 7:
        result.push_back(make(op::scan, "", "*", 0));
        result.back().number2 = 5;
        break;
      case 8:
        result.push_back(make(op::randomkey, "", "",
                              static_cast<std::int64_t>(random.next())));
        break;
      default:
        result.push_back(make(op::changed, key));
        break;
    }
  }
  if (random.below(40) == 0)
    result.push_back(make(op::flush));
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(engines)

BOOST_AUTO_TEST_CASE(engines_answer_alike_and_exchange_snapshots) {
  temporary_directory first;
  temporary_directory second;
  kv_driver memory;
  kv_driver disk{on_disk(first.path())};
  std::vector<std::string> names;
  for (int i = 0; i < 30; ++i)
    names.push_back("key" + std::to_string(i));
  rng random{3};
  for (int i = 0; i < 400; ++i) {
    memory.now_ms += static_cast<std::int64_t>(random.below(20));
    disk.now_ms = memory.now_ms;
    const auto batch = some_batch(random, names);
    BOOST_REQUIRE(memory.apply(batch) == disk.apply(batch));
    if (random.below(3) == 0)
      disk.machine->work();
  }
  const auto content = memory.snapshot();
  BOOST_TEST(content == disk.snapshot());
  kv_driver from_disk;
  BOOST_REQUIRE(from_disk.restore(content).ok());
  kv_driver from_memory{on_disk(second.path())};
  BOOST_REQUIRE(from_memory.restore(content).ok());
  BOOST_TEST(from_disk.snapshot() == content);
  BOOST_TEST(from_memory.snapshot() == content);
}

BOOST_AUTO_TEST_SUITE_END()
