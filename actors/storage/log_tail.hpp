// The end of a log: where the next block goes, and what it is called.
#pragma once

#include "core/result.hpp"
#include "storage/block.hpp"
#include "storage/file_system.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace cohort::storage {

/// Writes blocks one behind the other and knows which are durable. Numbers are
/// spent even if a write fails: no two writes share one (D3).
///
/// Invariant: durable() <= last() <= the highest number spent.
class log_tail {
public:
  struct numbers {
    std::uint64_t life = 0;  ///< the highest ever seen
    std::uint64_t block = 0; ///< the highest ever seen
    std::uint64_t last = 0;  ///< the last block of the chain; durable
    std::uint64_t boot_counter = 0;
    std::uint64_t oldest_life = 0;
  };

  explicit log_tail(const numbers& x);

  /// Goes on in a segment that is open, at `page`. For a log that is reopened.
  void resume(std::unique_ptr<file> segment, std::uint64_t life,
              std::uint32_t page, std::uint32_t pages);

  /// Begins a segment with the opening block in `body`. If that fails, the tail
  /// stays where it was. Precondition: last() == durable().
  result<void> begin_segment(std::unique_ptr<file> segment, std::uint32_t pages,
                             block_builder& body);

  /// What is to be said of a block besides its body.
  struct traits {
    block_kind kind = block_kind::records;
    bool continues = false;
    bool continued = false;
  };

  /// Writes what is in `body`. Not durable before sync(). Returns the block's
  /// header. Precondition: it fits into room().
  result<block_header> write(block_builder& body, const traits& x);

  /// All that was written is durable.
  result<void> sync();

  /// From now on blocks say that segments of earlier lives are not needed.
  /// Precondition: what makes them so is durable.
  void set_oldest_life(std::uint64_t life) {
    numbers_.oldest_life = life;
  }

  // -- observers --------------------------------------------------------------

  /// Pages left in the segment.
  std::uint32_t room() const {
    return pages_ - page_;
  }
  std::uint64_t life() const {
    return life_;
  }
  std::uint64_t last() const {
    return numbers_.last;
  }
  std::uint64_t durable() const {
    return durable_;
  }
  std::uint64_t boot_counter() const {
    return numbers_.boot_counter;
  }
  std::uint64_t oldest_life() const {
    return numbers_.oldest_life;
  }
  /// The oldest life that a durable block told.
  std::uint64_t durable_oldest_life() const {
    return durable_oldest_;
  }
  block_kind last_kind() const {
    return last_kind_;
  }
  std::uint64_t bytes_written() const {
    return bytes_written_;
  }

private:
  result<block_header> write_to(file& segment, std::uint64_t life,
                                std::uint32_t page, block_builder& body,
                                const traits& x);

  numbers numbers_;
  std::unique_ptr<file> segment_;
  std::uint64_t life_ = 0;
  std::uint32_t page_ = 0;
  std::uint32_t pages_ = 0;
  std::uint64_t durable_ = 0;
  std::uint64_t written_oldest_ = 0;
  std::uint64_t durable_oldest_ = 0;
  std::uint64_t bytes_written_ = 0;
  block_kind last_kind_ = block_kind::records;
};

} // namespace cohort::storage
