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
  /// Changes in memory at which RocksDB would flush by itself. It never may:
  /// see below. Far above what the applier lets gather before it flushes.
  std::size_t unflushed_bytes_max = std::size_t{512} << 20;
  int open_files_max = 256;
  /// Room that a flush leaves on the disk, for the log and RocksDB's own files.
  std::uint64_t spare_disk_bytes = std::uint64_t{16} << 20;
};

/// Opens the store in `directory`, or makes one there.
///
/// What is durable (D7): RocksDB's own log is off, so nothing reaches the disk
/// but by a flush, and the only flushes are those of begin_flush(). A flush
/// writes all batches so far, the attachment and (applied, term) as one; it
/// covers exactly the batches before begin_flush(), while later ones go on. A
/// store opened again is where its last flush was, and recovered() says where.
///
/// Batches do not know their place in the log. So a flush of RocksDB's own
/// accord, when changes in memory exceed unflushed_bytes_max, could not be told
/// from a good one. It cannot happen while the log's bounds hold (T1); if it
/// does, failed() says so and the node stops. Each batch carries its number and
/// the attachment names the last one before it: a disk that holds more is found
/// when it is opened, and is `corrupt`.
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
