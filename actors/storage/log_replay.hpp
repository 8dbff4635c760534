// Turns the blocks of a chain into the state of every set.
#pragma once

#include "codec/record_codec.hpp"
#include "core/result.hpp"
#include "replication/replica.hpp"
#include "storage/block.hpp"
#include "storage/log_index.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace cohort::storage {

/// What the entries of one set say, by index. Follows the log_index through
/// changes, cuts and moves.
class entry_facts {
public:
  void base_moved(index_t base, bool keep_tail);
  void appended(std::span<const replication::entry> entries);
  void moved(std::span<const replication::entry> entries);
  void cut(index_t first);

  /// What a replica starts from. For a log without gaps.
  replication::recovered_state state_of(const set_log& log) const;

private:
  void erase_range(index_t first, index_t last);
  void insert(std::span<const replication::entry> entries);

  /// From here on entries are of this term, until the next.
  std::map<index_t, term_t> terms_;
  std::map<index_t, replication::membership> members_;
  index_t last_;
  std::int64_t last_log_time_ms_ = 0;
};

/// Reads blocks in the order of the chain. Not thread-safe.
class log_replay {
public:
  /// `owner` is who may have written the log: the same cluster and node, in
  /// this or an earlier incarnation.
  explicit log_replay(codec::log_owner owner);

  /// Carries out a block whose sectors are all good. `pages` is the whole
  /// block.
  result<void> add(const block_header& header,
                   std::span<const std::byte> pages);

  /// After the last block: if entries are missing, `salvage` cuts each set
  /// before the first of them; else that is corruption. Returns the cuts: they
  /// are to be recorded.
  result<std::vector<codec::set_cut>> finish(bool salvage);

  // -- observers, after finish() ----------------------------------------------

  std::map<set_id, replication::recovered_state> states() const;
  const codec::segment_head& head() const {
    return head_;
  }
  log_index take_index() {
    return std::move(index_);
  }

private:
  result<void> add_records(const block_header& header,
                           std::span<const std::byte> pages);
  result<void> add_part(const block_header& header,
                        std::span<const std::byte> pages);
  result<void> add_record(const codec::log_record& record,
                          std::span<const record_place> places);
  result<void> carry_out(const codec::segment_head& x,
                         std::span<const record_place> places);
  result<void> carry_out(const codec::set_state& x,
                         std::span<const record_place> places);
  result<void> carry_out(const codec::set_change& x,
                         std::span<const record_place> places);
  result<void> carry_out(const codec::moved_entries& x,
                         std::span<const record_place> places);
  result<void> carry_out(const codec::set_removal& x,
                         std::span<const record_place> places);
  result<void> carry_out(const codec::set_cut& x,
                         std::span<const record_place> places);

  codec::log_owner owner_;
  codec::segment_head head_;
  log_index index_;
  std::map<set_id, entry_facts> facts_;
  /// A record that goes on in the next block, and where its parts are.
  std::vector<std::byte> part_bytes_;
  std::vector<record_place> part_places_;
};

} // namespace cohort::storage
