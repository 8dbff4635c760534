// What a node's log may use. One table of all sizes is in
// docs/STORAGE_FORMAT.md.
#pragma once

#include "core/result.hpp"
#include "storage/file_system.hpp"

#include <cstddef>
#include <cstdint>

namespace cohort::storage {

/// Segments that only hard states, bases, configuration entries and empty
/// entries may use, so that a node with a full disk still votes (D6).
inline constexpr std::size_t reserved_segments = 2;

/// Entries of one set beyond this go to several records, so that reading a few
/// does not read many.
inline constexpr std::size_t record_bytes_max = std::size_t{1} << 20;

/// The largest payload of an entry; K5 allows 32 MiB.
inline constexpr std::size_t payload_bytes_max = std::size_t{64} << 20;

struct log_options {
  /// Of one segment file. The options of an older run may differ.
  std::uint64_t segment_bytes = std::uint64_t{16} << 20;
  /// Of all segments in use: above it, the oldest is emptied and freed (D5).
  std::uint64_t log_bytes_max = std::uint64_t{1} << 30;
  /// Above it, new entries are refused with no_space: snapshots do not keep up.
  std::uint64_t log_bytes_limit = std::uint64_t{4} << 30;
  /// Of one write to the disk, and of the memory it is built in.
  std::uint64_t block_bytes_max = std::uint64_t{4} << 20;
  /// Segments kept ready besides the reserved ones.
  std::size_t spare_segments = 2;
  /// Left free on the disk when segments are made.
  std::uint64_t disk_reserve_bytes = std::uint64_t{64} << 20;
  /// What one call of reclaim() copies at most, but for a single large entry.
  std::size_t reclaim_bytes_max = std::size_t{1} << 20;

  /// Names the wrong field, if any.
  result<void> validate() const;

  /// Sets that one log can hold: the states of all of them open each segment.
  std::size_t sets_max() const {
    return static_cast<std::size_t>(segment_bytes / 8192);
  }
};

} // namespace cohort::storage
