// A block: what one group commit writes (D3). Whole pages; the first sector is
// the block's header, the others carry its body.
#pragma once

#include "core/frame.hpp"
#include "core/ids.hpp"
#include "core/result.hpp"
#include "storage/aligned_buffer.hpp"
#include "storage/sector.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace cohort::storage {

inline constexpr std::size_t sectors_per_page = page_bytes / sector_bytes;

enum class block_kind : std::uint16_t {
  records = 1, ///< what replicas wanted durable
  opening = 2, ///< the first block of a segment: the state of every set (D5)
  cover = 3,   ///< empty: covers what is before it
};

/// The header of a block.
struct block_header {
  block_kind kind = block_kind::records;
  /// The body begins in the middle of a record that an earlier block began.
  bool continues = false;
  /// The record that this body ends with goes on in the next such block.
  bool continued = false;
  std::uint32_t pages = 0;      ///< of the whole block
  std::uint32_t first_page = 0; ///< where in the segment it lies
  std::uint32_t body_bytes = 0;
  std::uint64_t life = 0; ///< of its segment
  std::uint64_t number = 0;
  /// The block before it in the log. Blocks form a chain: what no later block
  /// leads back to was cut.
  std::uint64_t previous = 0;
  /// Blocks of the chain up to this one were durable when this was written.
  std::uint64_t synced_before = 0;
  std::uint64_t boot_counter = 0;
  /// Segments of earlier lives are not needed any more.
  std::uint64_t oldest_life = 0;
  /// The sets that the body has records of, so that damage can be laid at their
  /// door. Nothing: too many to name.
  std::optional<std::vector<set_id>> sets = std::vector<set_id>{};

  bool operator==(const block_header&) const = default;
};

/// No log counts that far, neither lives nor blocks nor starts: a sector or a
/// header that claims more is none of ours, and the next number would be 0.
inline constexpr std::uint64_t log_number_max = std::uint64_t{1} << 62;

/// Sets that a header can name.
inline constexpr std::size_t named_sets_max = 53;

/// The release of the format. Older ones are read, newer ones are refused.
inline constexpr std::uint16_t format_version = 1;

/// How much body fits into `pages`.
constexpr std::size_t body_capacity(std::size_t pages) {
  return (pages * sectors_per_page - 1) * sector_payload_bytes;
}

/// The pages that a body of `size` bytes takes.
constexpr std::size_t pages_for_body(std::size_t size) {
  const auto sectors =
    1 + (size + sector_payload_bytes - 1) / sector_payload_bytes;
  return (sectors + sectors_per_page - 1) / sectors_per_page;
}

/// Where a range of a body lies within its block.
struct page_range {
  std::size_t first = 0;
  std::size_t count = 0;
};
page_range pages_of_body(std::size_t offset, std::size_t size);

/// Lays a block out in memory, ready to be written. Reused from block to block:
/// no allocation for each, and every byte of the body is copied once.
class block_builder {
public:
  /// `size` bytes: the largest block. Precondition: whole pages.
  explicit block_builder(std::size_t size);

  bool empty() const {
    return body_bytes_ == 0;
  }
  std::size_t body_bytes() const {
    return body_bytes_;
  }
  /// What still fits.
  std::size_t room() const {
    return body_capacity(buffer_.size() / page_bytes) - body_bytes_;
  }

  /// Precondition: data.size() <= room().
  void append(std::span<const std::byte> data);

  /// The body has a record of `set`.
  void name(set_id set);

  /// Completes the block. `header` says everything but pages, body_bytes and
  /// sets. Returns its pages and starts anew; they are valid until the next
  /// append().
  std::span<const std::byte> finish(block_header& header);

  /// Forgets what was appended.
  void clear();

private:
  void seal(std::size_t sectors, const block_header& header);

  aligned_buffer buffer_;
  std::size_t body_bytes_ = 0;
  std::optional<std::vector<set_id>> sets_ = std::vector<set_id>{};
};

/// Reads the header in a sector that is good and has index 0. Errors:
/// malformed, or unsupported if a newer release wrote it.
result<block_header> read_block_header(std::span<const std::byte> sector);

/// Copies the body bytes [offset, offset + size) of a block to `to`. `pages`
/// holds the pages that pages_of_body() names, or more, from page `first_page`
/// of the block on. False if a sector is not the block's own, or damaged.
bool gather_body(std::span<const std::byte> pages, std::size_t first_page,
                 std::uint64_t life, std::uint64_t number, std::size_t offset,
                 std::span<std::byte> to);

} // namespace cohort::storage
