// RocksDB, set up so that it does nothing by itself that the store must know
// of.
#pragma once

#include "core/result.hpp"
#include "machine/kv/rocksdb_keys.hpp"
#include "machine/kv/rocksdb_store.hpp"

#include <rocksdb/compaction_filter.h>
#include <rocksdb/db.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace cohort::kv::rocks {

/// `what` says in which step.
error to_error(const char* what, const rocksdb::Status& status);

/// Hears of compactions and failures, from RocksDB's threads and those of
/// flushes. Thread-safe.
class engine_events : public rocksdb::EventListener {
public:
  /// The first failure is kept: it is final.
  void fail(error err);
  result<void> failed() const;

  /// The generation that is live on disk.
  generation_t durable_generation() const {
    return durable_generation_.load(std::memory_order_acquire);
  }
  void durable_generation_is(generation_t x) {
    durable_generation_.store(x, std::memory_order_release);
  }

  /// How many compactions have ended.
  std::uint64_t compactions() const;
  /// Returns when there were more than `seen`; false: there will be none, after
  /// a failure or close().
  bool await_compaction(std::uint64_t seen) const;
  /// Nobody shall wait any more.
  void close();

  void OnCompactionCompleted(rocksdb::DB*,
                             const rocksdb::CompactionJobInfo&) override;
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason,
                         rocksdb::Status* status) override;

private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::uint64_t compactions_ = 0;
  bool closing_ = false;
  error failure_;
  std::atomic<bool> failed_ = false;
  std::atomic<generation_t> durable_generation_ = 0;
};

/// Drops garbage when RocksDB rewrites a file: keys of generations before the
/// one that is live on disk, and of restores that were not finished before this
/// start.
class garbage_filter : public rocksdb::CompactionFilter {
public:
  explicit garbage_filter(const engine_events& events) : events_(events) {}

  /// Generations in (live, last] are garbage too. Before the first compaction.
  void unfinished_are(generation_t live, generation_t last) {
    unfinished_after_ = live;
    unfinished_last_ = last;
  }

  const char* Name() const override {
    return "cohort.garbage";
  }
  Decision FilterV2(int, const rocksdb::Slice& key, ValueType,
                    const rocksdb::Slice&, std::string*,
                    std::string*) const override;

private:
  const engine_events& events_;
  std::atomic<generation_t> unfinished_after_ = 0;
  std::atomic<generation_t> unfinished_last_ = 0;
};

/// An open database with what it refers to. Readers share it, so it is closed
/// when the last of them is gone.
struct engine {
  std::string directory;
  std::uint64_t spare_disk_bytes = 0;
  std::size_t unflushed_bytes_max = 0;
  rocksdb::Options options;
  std::shared_ptr<engine_events> events;
  std::unique_ptr<garbage_filter> filter;
  std::unique_ptr<rocksdb::DB> db; ///< closed first

  /// The file of a flush is written here.
  std::string flush_path() const {
    return directory + "/flush.sst";
  }
  /// Files for a restore are written here.
  std::string restore_path() const {
    return directory + "/restore";
  }

  /// Waits until a file more does no harm: every look-up that passes the
  /// overlays looks into all files of the first level. False: it will not be.
  bool await_room_for_file() const;

  /// Frees the files of [first, end) at once; what is left in files that it
  /// shares with others goes when they are rewritten. Takes milliseconds.
  void free_generations(generation_t first, generation_t end);
};

result<std::shared_ptr<engine>> open_engine(const std::string& directory,
                                            const rocksdb_options& options);

} // namespace cohort::kv::rocks
