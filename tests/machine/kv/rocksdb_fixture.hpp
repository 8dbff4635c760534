// A store on disk for tests, and what is done with it.
#pragma once

#include "machine/kv/rocksdb_keys.hpp"
#include "machine/kv/rocksdb_store.hpp"

#include "store_oracle.hpp"
#include "support/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <rocksdb/db.h>

#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::kv::tests {

inline std::unique_ptr<kv_store> open(const std::string& path) {
  auto opened = open_rocksdb_store(path, seed, {});
  BOOST_REQUIRE_MESSAGE(opened.ok(),
                        (opened ? std::string{} : to_string(opened.err())));
  return std::move(*opened);
}

inline error fails_to_open(const std::string& path,
                           std::uint64_t with_seed = seed) {
  const auto opened = open_rocksdb_store(path, with_seed, {});
  BOOST_REQUIRE(!opened.ok());
  return opened.err();
}

inline result<void> flush(kv_store& store, std::uint64_t applied,
                          const std::string& attachment = "sessions") {
  std::promise<result<void>> ended;
  store.begin_flush(index_t{applied}, term_t{3}, attachment,
                    [&](result<void> x) { ended.set_value(std::move(x)); });
  return ended.get_future().get();
}

inline void put(kv_store& store, const std::string& key,
                const std::string& value, std::int64_t expires_ms = never) {
  store.begin_batch(store.log_time_ms());
  store.put(key, {value, expires_ms, 7});
  store.end_batch();
}

inline std::string value_of(kv_store& store, const std::string& key) {
  const auto found = store.get(key);
  return found ? std::string{found->value} : "(none)";
}

/// Changes one of the facts of a closed store, behind its back.
inline void overwrite(const std::string& path, std::string_view key,
                      const std::string& content) {
  rocksdb::DB* db = nullptr;
  BOOST_REQUIRE(rocksdb::DB::Open({}, path + "/data", &db).ok());
  const std::unique_ptr<rocksdb::DB> owner{db};
  BOOST_REQUIRE(db->Put({}, rocks::to_slice(key), content).ok());
  BOOST_REQUIRE(db->Flush({}).ok());
}

struct directory_fixture {
  temporary_directory directory;
  std::string path = directory.path() + "/set";
};

} // namespace cohort::kv::tests
