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
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace cohort::kv::rocks {

/// `what` says in which step.
error to_error(const char* what, const rocksdb::Status& status);

/// Hears of flushes and failures, from RocksDB's threads. Thread-safe.
class engine_events : public rocksdb::EventListener {
public:
  using flush_done = std::function<void(result<void>)>;

  /// The flush that starts now makes `generation` the live one on disk.
  /// Precondition: none is under way.
  void expect_flush(flush_done done, generation_t generation);

  /// Ends the flush that is under way, if any: `done` is called once.
  void end_flush(result<void> outcome);

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

  void OnFlushBegin(rocksdb::DB*, const rocksdb::FlushJobInfo& job) override;
  void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo&) override;
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason,
                         rocksdb::Status* status) override;

private:
  mutable std::mutex mutex_;
  flush_done done_;
  generation_t flushing_ = 0;
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
  rocksdb::Options options;
  std::shared_ptr<engine_events> events;
  std::unique_ptr<garbage_filter> filter;
  std::unique_ptr<rocksdb::DB> db; ///< closed first

  /// Files for a restore are written here.
  std::string restore_path() const {
    return directory + "/restore";
  }

  /// Frees the files of [first, end) at once; what is left in files that it
  /// shares with others goes when they are rewritten. Takes milliseconds.
  void free_generations(generation_t first, generation_t end);
};

result<std::shared_ptr<engine>> open_engine(const std::string& directory,
                                            const rocksdb_options& options);

} // namespace cohort::kv::rocks
