// What a node's log holds, and where: everything but the entries themselves.
#pragma once

#include "core/ids.hpp"
#include "replication/entry.hpp"
#include "storage/block.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace cohort::storage {

/// Where a record lies, or the part of it that is in one block.
struct record_place {
  std::uint64_t life = 0;   ///< of the segment
  std::uint64_t block = 0;  ///< its number
  std::uint32_t page = 0;   ///< the block's first, in the segment
  std::uint32_t offset = 0; ///< in the block's body
  std::uint32_t bytes = 0;
  /// Its share of the block's pages: what freeing it would be worth.
  std::uint32_t disk_bytes = 0;

  bool operator==(const record_place&) const = default;
};

/// What a record would take if it was written anew beside others: less, if it
/// has a block almost to itself and is short.
std::uint64_t packed_bytes(const record_place& at);

/// The place of [offset, offset + bytes) in the body of a block.
record_place place_in(const block_header& header, std::size_t offset,
                      std::size_t bytes);

/// Entries of one set that lie in one record; a part of an entry, if that is
/// too large for a block. The parts of an entry follow each other.
struct chunk {
  static constexpr std::size_t parts_max = 0xffff;

  index_t first;
  std::uint32_t count = 0; ///< of entries still in the log
  std::uint16_t part = 0;
  std::uint16_t parts = 1;
  record_place at;

  index_t last() const {
    return first + (count - 1);
  }

  bool operator==(const chunk&) const = default;
};

/// What a record does to a set.
struct log_effect {
  enum class kind : std::uint8_t {
    change,  ///< what replication::write_request says
    moved,   ///< entries [first, first + count) have another place now
    cut,     ///< the log ends before `first`
    removed, ///< the set is gone
  };

  kind what = kind::change;
  set_id set;
  std::optional<replication::hard_state> state;
  std::optional<replication::log_base> base;
  bool keep_tail = false;
  index_t first;
  std::uint32_t count = 0;
};

/// A set as the log knows it.
struct set_log {
  replication::hard_state state;
  std::optional<replication::log_base> base;
  index_t last; ///< of the log; the base's index if there are no entries
  /// Ascending. Without gaps, except while a log is recovered: what was moved
  /// comes later than what follows it.
  std::deque<chunk> chunks;

  index_t base_index() const {
    return base ? base->index : index_t{};
  }
};

/// Sets, the places of their entries, and how much of each segment is still
/// needed. Holds nothing of the size of an entry. Not thread-safe.
///
/// Invariant: the live bytes of a segment are the disk_bytes of the chunks in
/// it, and the packed bytes of the log those of all chunks.
class log_index {
public:
  /// A segment that records will be in.
  void add_segment(std::uint64_t life);

  /// Precondition: live_bytes(life) == 0.
  void remove_segment(std::uint64_t life);

  /// Carries out what a record says. `parts` are the places of its entries;
  /// empty if it has none. False if it cannot be: the record contradicts those
  /// before it, which nobody writes.
  bool apply(const log_effect& effect, std::span<const record_place> parts);

  /// Drops everything from the first missing entry on, set by set. Returns the
  /// sets that lost something.
  std::vector<set_id> cut_at_gaps();

  // -- observers --------------------------------------------------------------

  const std::map<set_id, set_log>& sets() const {
    return sets_;
  }
  const set_log* find(set_id set) const;

  /// The chunks that hold [first, last], the parts of large entries included,
  /// until they have `bytes_max` bytes on disk; at least one entry.
  std::vector<chunk> find(set_id set, index_t first, index_t last,
                          std::size_t bytes_max) const;

  /// Chunks with a place in segment `life`, of sets from `from` on, until they
  /// have `bytes_max` bytes; at least one, if there are any. The parts of an
  /// entry come together even if only some are in the segment.
  std::vector<std::pair<set_id, std::vector<chunk>>>
  live_in(std::uint64_t life, set_id from, std::size_t bytes_max) const;

  std::uint64_t live_bytes(std::uint64_t life) const;
  std::uint64_t live_bytes() const {
    return live_total_;
  }
  /// What all that is live would take if it was written anew, side by side.
  std::uint64_t packed_bytes() const {
    return packed_total_;
  }
  std::size_t chunk_count() const;

private:
  void release(const chunk& x);
  void cut(set_log& log, index_t first);
  void drop_to(set_log& log, index_t base);
  void change(const log_effect& effect, std::span<const record_place> parts);
  bool move(set_log& log, const log_effect& effect,
            std::span<const record_place> parts);
  void insert(set_log& log, std::deque<chunk>::const_iterator before,
              const log_effect& effect, std::span<const record_place> parts);

  std::map<set_id, set_log> sets_;
  std::map<std::uint64_t, std::uint64_t> live_;
  std::uint64_t live_total_ = 0;
  std::uint64_t packed_total_ = 0;
};

} // namespace cohort::storage
