// Reads entries from the places that a log_index named.
#pragma once

#include "core/frame.hpp"
#include "core/result.hpp"
#include "replication/entry.hpp"
#include "storage/aligned_buffer.hpp"
#include "storage/file_system.hpp"
#include "storage/log_index.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace cohort::storage {

/// A chunk, and the segment it lies in.
struct located_chunk {
  chunk what;
  std::shared_ptr<const file> from;
  std::string name; ///< of the segment file, for errors
};

/// Reads chunks in ascending order. Believes nothing that it reads: every
/// sector must be of the life and the block that the chunk names, so that a
/// segment which was recycled meanwhile is noticed. Not thread-safe.
class chunk_reader {
public:
  explicit chunk_reader(std::span<const located_chunk> chunks)
    : chunks_(chunks) {}

  /// The entries [first, last] that the chunks hold, as many as have a weight
  /// of at most `bytes_max`, but at least one. Errors: corrupt if what is there
  /// is not what was, io_failed if it cannot be read; failed_at() says where.
  result<std::vector<replication::entry>> read(index_t first, index_t last,
                                               std::size_t bytes_max);

  const chunk& failed_at() const {
    return chunks_[at_].what;
  }

private:
  /// Pages of one segment, read ahead.
  struct window {
    std::shared_ptr<const file> from;
    std::size_t first = 0;
    std::size_t count = 0;
    aligned_buffer buffer;
  };

  result<std::vector<replication::entry>> read_chunk();
  result<frame> read_record();
  result<void> gather(const located_chunk& x, std::span<std::byte> to);
  result<std::span<const std::byte>> pages_of(const located_chunk& x);
  std::size_t wanted_from(const located_chunk& x) const;
  error damaged(const located_chunk& x) const;

  std::span<const located_chunk> chunks_;
  std::size_t at_ = 0;
  window window_;
};

} // namespace cohort::storage
