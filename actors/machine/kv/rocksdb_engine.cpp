#include "machine/kv/rocksdb_engine.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

namespace cohort::kv::rocks {

namespace {

/// Files of the first level at which RocksDB begins to compact them, and at
/// which the next flush waits for it.
constexpr int level0_files_compacted = 4;
constexpr int level0_files_max = 24;

} // namespace

error to_error(const char* what, const rocksdb::Status& status) {
  const auto code = status.IsNoSpace()      ? errc::no_space
                    : status.IsCorruption() ? errc::corrupt
                                            : errc::io_failed;
  return {code,
          std::string{"the keys on disk: "} + what + ": " + status.ToString()};
}

// -- events -------------------------------------------------------------------

void engine_events::fail(error err) {
  const std::lock_guard lock{mutex_};
  if (!failed_)
    failure_ = std::move(err);
  failed_ = true;
  changed_.notify_all();
}

result<void> engine_events::failed() const {
  if (!failed_.load(std::memory_order_acquire))
    return {};
  const std::lock_guard lock{mutex_};
  return failure_;
}

std::uint64_t engine_events::compactions() const {
  const std::lock_guard lock{mutex_};
  return compactions_;
}

bool engine_events::await_compaction(std::uint64_t seen) const {
  std::unique_lock lock{mutex_};
  changed_.wait(lock,
                [&] { return compactions_ > seen || failed_ || closing_; });
  return !failed_ && !closing_;
}

void engine_events::close() {
  const std::lock_guard lock{mutex_};
  closing_ = true;
  changed_.notify_all();
}

void engine_events::OnCompactionCompleted(rocksdb::DB*,
                                          const rocksdb::CompactionJobInfo&) {
  const std::lock_guard lock{mutex_};
  ++compactions_;
  changed_.notify_all();
}

/// Nothing is tried again (D6), but a compaction that finds the disk full harms
/// nobody: it starts anew later.
void engine_events::OnBackgroundError(rocksdb::BackgroundErrorReason reason,
                                      rocksdb::Status* status) {
  if (reason == rocksdb::BackgroundErrorReason::kCompaction
      && status->IsNoSpace()) {
    *status = rocksdb::Status::OK();
    return;
  }
  fail(to_error("a write in the background", *status));
}

// -- garbage ------------------------------------------------------------------

rocksdb::CompactionFilter::Decision
garbage_filter::FilterV2(int, const rocksdb::Slice& key, ValueType,
                         const rocksdb::Slice&, std::string*,
                         std::string*) const {
  const auto generation = generation_of(to_view(key));
  if (!generation)
    return Decision::kKeep;
  const bool unfinished = *generation > unfinished_after_
                          && *generation <= unfinished_last_;
  return *generation < events_.durable_generation() || unfinished
           ? Decision::kRemove
           : Decision::kKeep;
}

void engine::free_generations(generation_t first, generation_t end) {
  for (const char kind : {data_kind, expiry_kind}) {
    const auto from = first_key(kind, first);
    const auto to = first_key(kind, end);
    const rocksdb::Slice begin_slice = to_slice(from);
    const rocksdb::Slice end_slice = to_slice(to);
    const auto status = rocksdb::DeleteFilesInRange(
      db.get(), db->DefaultColumnFamily(), &begin_slice, &end_slice, false);
    if (!status.ok())
      events->fail(to_error("freeing", status));
  }
}

bool engine::await_room_for_file() const {
  for (;;) {
    const auto seen = events->compactions();
    std::string files;
    db->GetProperty(rocksdb::DB::Properties::kNumFilesAtLevelPrefix + "0",
                    &files);
    if (std::atoi(files.c_str()) < level0_files_max)
      return true;
    if (!events->await_compaction(seen))
      return false;
  }
}

// -- opening ------------------------------------------------------------------

namespace {

rocksdb::BlockBasedTableOptions table_options(const rocksdb_options& from) {
  rocksdb::BlockBasedTableOptions result;
  result.block_cache = rocksdb::NewLRUCache(from.block_cache_bytes);
  result.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  result.cache_index_and_filter_blocks = true;
  result.cache_index_and_filter_blocks_with_high_priority = true;
  result.pin_l0_filter_and_index_blocks_in_cache = true;
  result.data_block_index_type =
    rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  result.format_version = 5;
  return result;
}

void set_compaction_options(rocksdb::Options& to) {
  to.level0_file_num_compaction_trigger = level0_files_compacted;
  to.target_file_size_base = std::uint64_t{32} << 20;
  to.max_bytes_for_level_base = std::uint64_t{128} << 20;
  to.compression = rocksdb::kNoCompression;
  to.max_background_jobs = 2;
  to.max_bgerror_resume_count = 0; // no second try of what failed
  to.bytes_per_sync = std::uint64_t{1} << 20;
}

rocksdb::Options make_options(const rocksdb_options& from) {
  rocksdb::Options result;
  result.create_if_missing = true;
  result.max_open_files = from.open_files_max;
  result.max_file_opening_threads = 1;
  result.write_buffer_size = std::size_t{1} << 20; // hardly ever used
  result.stats_dump_period_sec = 0;
  result.stats_persist_period_sec = 0;
  result.info_log_level = rocksdb::WARN_LEVEL;
  result.keep_log_file_num = 2;
  result.max_log_file_size = std::size_t{1} << 20;
  result.max_manifest_file_size = std::uint64_t{16} << 20;
  set_compaction_options(result);
  result.table_factory.reset(
    rocksdb::NewBlockBasedTableFactory(table_options(from)));
  return result;
}

} // namespace

result<std::shared_ptr<engine>> open_engine(const std::string& directory,
                                            const rocksdb_options& options) {
  auto result = std::make_shared<engine>();
  result->directory = directory;
  result->spare_disk_bytes = options.spare_disk_bytes;
  result->unflushed_bytes_max = options.unflushed_bytes_max;
  std::error_code failed;
  std::filesystem::remove_all(result->restore_path(), failed);
  if (!failed)
    std::filesystem::remove(result->flush_path(), failed);
  if (!failed)
    std::filesystem::create_directories(directory, failed);
  if (failed)
    return error{errc::io_failed, directory + ": " + failed.message()};
  result->events = std::make_shared<engine_events>();
  result->filter = std::make_unique<garbage_filter>(*result->events);
  result->options = make_options(options);
  result->options.listeners = {result->events};
  result->options.compaction_filter = result->filter.get();
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::Open(result->options, directory + "/data",
                                        &db);
  if (!status.ok())
    return to_error("opening", status);
  result->db.reset(db);
  return result;
}

} // namespace cohort::kv::rocks
