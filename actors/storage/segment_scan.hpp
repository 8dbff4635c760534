// What can be seen in one segment file, before anything is concluded from it.
#pragma once

#include "core/result.hpp"
#include "storage/block.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cohort::storage {

enum class block_state : std::uint8_t {
  complete, ///< every sector is good and the block's own
  torn,     ///< a sector is blank or another block's, none is damaged
  damaged,  ///< a sector's checksum is wrong
};

struct scanned_block {
  block_header header;
  block_state state = block_state::complete;
};

/// The blocks of one file, with nothing but the file to go by.
struct segment_scan {
  std::string name;
  std::uint32_t pages = 0; ///< size of the file
  /// The newest life that any good sector is of; 0: there are none.
  std::uint64_t life = 0;
  /// Blocks of that life whose header is good, by position. They may overlap:
  /// what was cut is still there.
  std::vector<scanned_block> blocks;
  /// Pages whose first sector is damaged: a header may have been there.
  std::vector<std::uint32_t> damaged_heads;
  /// The highest seen in any good sector, of any life.
  std::uint64_t highest_block = 0;
  std::uint64_t highest_boot_counter = 0;
  /// A good header of a format that this release does not read.
  std::optional<error> unsupported;

  /// The block whose header is on `page`.
  const scanned_block* at(std::uint32_t page) const;
  bool head_damaged(std::uint32_t page) const;
  /// The block that begins the segment, if its header can be read.
  const scanned_block* opening() const;
};

/// Looks at every sector of a segment. Precondition: whole pages.
segment_scan scan_segment(std::string name, std::span<const std::byte> image);

} // namespace cohort::storage
