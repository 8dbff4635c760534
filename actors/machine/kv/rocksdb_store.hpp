// Keeps keys in RocksDB.
#pragma once

#include "core/result.hpp"
#include "machine/kv/kv_store.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace cohort::kv {

struct rocksdb_options {
  /// Of blocks read from disk, with their indexes and filters.
  std::size_t block_cache_bytes = std::size_t{24} << 20;
  /// Changes in memory at which the store gives up: whoever uses it flushes
  /// long before.
  std::size_t unflushed_bytes_max = std::size_t{512} << 20;
  int open_files_max = 256;
  /// Room that a flush leaves on the disk, for the log and RocksDB's own files.
  std::uint64_t spare_disk_bytes = std::uint64_t{16} << 20;
};

/// Opens the store in `directory`, or makes one there.
///
/// Changes gather in memory, in an overlay that hides what lies below it on
/// disk. RocksDB gets them by flushes only, and each flush is one sorted file
/// that it takes over in one step: there is no second log, and no second table
/// in memory to keep in order.
///
/// What is durable (D7): the only flushes are those of begin_flush(). A flush
/// holds all batches before begin_flush(), the attachment and (applied, term),
/// while later ones go on. A store opened again is where its last flush was,
/// and recovered() says where.
///
/// Bounds: memory for changes of two flushes, as many as its user lets gather.
/// Beyond unflushed_bytes_max failed() says so; it cannot happen while the
/// log's bounds hold (T1). A flush waits for compactions that lag behind.
///
/// Failures: a failed write, read or flush is final and reported by failed()
/// (D6). A disk too full for a flush is seen before the flush starts; then it
/// ends with no_space, nothing has changed, and a later one may succeed.
///
/// Errors: unsupported for a directory of another version, invalid for one of
/// another seed.
result<std::unique_ptr<kv_store>>
open_rocksdb_store(const std::string& directory, std::uint64_t seed,
                   const rocksdb_options& options);

} // namespace cohort::kv
