// The log of a node: one for all its sets (D1).
#pragma once

#include "codec/record_codec.hpp"
#include "core/result.hpp"
#include "replication/output.hpp"
#include "replication/replica.hpp"
#include "storage/block.hpp"
#include "storage/chunk_reader.hpp"
#include "storage/file_system.hpp"
#include "storage/log_index.hpp"
#include "storage/log_options.hpp"
#include "storage/log_recovery.hpp"
#include "storage/log_tail.hpp"
#include "storage/segment_pool.hpp"

#include <atomic>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cohort::storage {

/// What one replica wants durable.
struct set_write {
  set_id set;
  replication::write_request request;
};

struct open_request {
  std::string directory; ///< is there; holds nothing but the log
  codec::log_owner owner;
  log_options options;
  recovery_mode mode = recovery_mode::strict;
  /// The log was created by an earlier open(): if it is gone, say so instead of
  /// beginning anew.
  bool must_exist = false;
};

struct opened_log;

/// Writes what replicas want durable, in one block and one sync for all that
/// came together, and reads entries back. docs/STORAGE_FORMAT.md has the format
/// and what survives what.
///
/// Threads: one writer at a time calls write(), remove_set(), cover_tail() and
/// reclaim(). read(), prepare_spare() and the observers may be called from any
/// thread at any time.
///
/// Errors: no_space is an answer: nothing of the call counts, and later calls
/// work again once there is space. (Like a crash, it may leave a part of what
/// was asked for on the disk; the same request can be repeated.) io_failed is
/// final: what the disk holds is no longer known, so this and every later call
/// fails, and only opening the log again says what is there (D6).
///
/// Bounds: memory holds no entries, but 48 bytes per record with live entries
/// and 24 bytes per segment; blocks are built in block_bytes_max, and in as
/// much again while a segment is begun.
class node_log {
public:
  /// Recovers the log of `request.directory`, or makes one. When it returns,
  /// the new boot counter and, after an ambiguous tail, what is suspect are
  /// durable.
  ///
  /// Errors: busy if the directory is in use; wrong_cluster; unsupported;
  /// corrupt, with the file, the offset and the remedy; no_space; io_failed.
  static result<opened_log> open(file_system& files,
                                 const open_request& request);

  ~node_log();

  node_log(const node_log&) = delete;
  node_log& operator=(const node_log&) = delete;

  // -- for the one writer -----------------------------------------------------

  /// Makes all of `writes` durable, in their order. A set may occur repeatedly.
  ///
  /// Errors: also too_large, for more sets or a larger payload than the log can
  /// hold; nothing is written then.
  /// Precondition: in each request, entries are consecutive, above the base,
  /// and leave no gap behind what the log has. A base with keep_tail is a
  /// position of the set's log: what is above it belongs to what was up to it.
  result<void> write(std::span<const set_write> writes);

  /// Forgets a set. Nothing happens if the log does not know it.
  result<void> remove_set(set_id set);

  /// Covers what was written last by an empty block, so that damage to it can
  /// be told from a torn write (D3). To be called when nothing was written for
  /// a while. Writes nothing if the tail is covered.
  result<void> cover_tail();

  /// Frees the oldest segment, a step at a time: copies up to
  /// options.reclaim_bytes_max of live entries forward (D5). False: nothing is
  /// left to do. To be called when there is time; write() does it itself where
  /// it would have to answer no_space otherwise.
  result<bool> reclaim();

  /// Whether reclaim() has something to do.
  bool reclaim_due() const;

  // -- for any thread ---------------------------------------------------------

  /// Entries [first, last], as many as have a weight of at most `bytes_max`,
  /// but at least one; fewer, down to one, if they end before `last`. not_found
  /// if the first is not in the log (any more).
  result<std::vector<replication::entry>>
  read(set_id set, index_t first, index_t last, std::size_t bytes_max) const;

  /// Makes a segment, so that write() does not have to. Writes segment_bytes.
  result<void> prepare_spare();

  /// Whether prepare_spare() should be called.
  bool spare_wanted() const {
    return pool_.wants_more();
  }

  /// Where a set's log begins and ends; nothing if it is not known.
  struct extent {
    index_t first; ///< the lowest index that can be read
    index_t last;
    std::uint64_t disk_bytes = 0;
    /// The oldest segment needed for it: which sets hold the log.
    std::uint64_t oldest_life = 0;
  };
  std::optional<extent> extent_of(set_id set) const;

  struct usage {
    std::size_t segments = 0; ///< in use
    std::size_t spares = 0;   ///< the reserved ones included
    std::uint64_t segment_bytes = 0;
    std::uint64_t live_bytes = 0; ///< of records with entries still needed
    std::size_t sets = 0;
    std::size_t chunks = 0;
    std::uint64_t oldest_life = 0;
    std::uint64_t newest_life = 0;
    std::uint64_t durable_block = 0;
    std::uint64_t bytes_written = 0; ///< since it was opened
    std::uint64_t bytes_moved = 0;   ///< copied forward since then
  };
  usage current_usage() const;

  std::uint64_t boot_counter() const {
    return boot_counter_;
  }

private:
  /// A segment in use.
  struct segment {
    std::string name;
    std::uint64_t size = 0;
    mutable std::shared_ptr<const file> reader; ///< opened at the first read
  };

  /// Two writers at a time are a bug that ruins the log: found at once.
  class sole_writer {
  public:
    explicit sole_writer(node_log& log);
    ~sole_writer();
    sole_writer(const sole_writer&) = delete;
    sole_writer& operator=(const sole_writer&) = delete;

  private:
    node_log& log_;
  };

  /// A record in the block that is being built.
  struct pending_record {
    log_effect effect;
    std::uint32_t offset = 0;
    std::uint32_t bytes = 0;
  };

  /// What a call of write() needs.
  struct demand {
    std::uint64_t pages = 0; ///< an upper bound
    std::size_t new_sets = 0;
    bool essential = true; ///< may use the reserved segments
  };

  node_log(file_system& files, const open_request& request,
           recovered_log& recovered, std::unique_ptr<directory_lock> lock);

  static constexpr auto no_life = std::numeric_limits<std::uint64_t>::max();

  // -- opening (node_log_open.cpp) --------------------------------------------
  result<void> start(recovered_log& recovered);
  result<void> fill_reserve();
  void mark_suspects(recovered_log& recovered);
  result<bool> resume(const recovered_log& recovered);
  result<void> write_boot_blocks(bool resumed);

  // -- writing (node_log.cpp) -------------------------------------------------
  result<void> check_usable() const;
  result<demand> measure(std::span<const set_write> writes) const;
  void check_request(const set_write& x) const;
  result<void> add(const set_write& x);
  std::size_t
  entries_for_record(std::span<const replication::entry> entries) const;
  result<void> add_record(log_effect effect,
                          const codec::encoded_record& record);
  result<void> add_large_record(log_effect effect,
                                const codec::encoded_record& record);
  result<block_header> write_block(const log_tail::traits& traits);
  result<void> flush();
  result<void> commit();
  result<void> abandon(const error& why);
  void publish(const log_effect& effect, std::span<const record_place> parts);

  // -- segments (node_log_segments.cpp) ---------------------------------------
  result<void> make_room(const demand& x);
  std::uint64_t segments_for(const demand& x) const;
  result<void> ensure_spares(std::uint64_t count, bool essential);
  result<void> begin_segment();
  std::size_t build_opening(block_builder& to);
  result<void> after_sync();
  result<bool> reclaim_step(bool forced);
  bool oldest_is_due(bool forced) const;
  result<void> empty_oldest();
  result<void> move_chunks(set_id set, std::span<const chunk> chunks);
  result<void> move_entries(set_id set,
                            std::span<const replication::entry> left);
  std::uint64_t used_bytes() const;

  // -- reading (node_log_read.cpp) --------------------------------------------
  result<std::vector<located_chunk>>
  locate(set_id set, index_t first, index_t last, std::size_t bytes_max) const;
  bool still_there(set_id set, const chunk& x) const;

  file_system& files_;
  std::string directory_;
  codec::log_owner owner_;
  log_options options_;
  std::unique_ptr<directory_lock> lock_;
  bool unknown_sets_suspect_ = false;
  std::uint64_t boot_counter_ = 0;

  // The writer's.
  log_tail tail_;
  block_builder block_;
  codec::record_encoder encoder_;
  std::vector<pending_record> pending_;
  /// Of a large record that is written but for its end: the segment where it
  /// begins. The index does not know of it yet.
  std::uint64_t unfinished_from_ = no_life;
  /// Not needed any more; free once a durable block says so.
  std::map<std::uint64_t, segment> retired_;
  /// For the opening that follows a salvage.
  std::vector<codec::set_cut> cuts_;
  std::uint64_t moved_bytes_ = 0;
  /// The newest segment when the last pass of reclaiming began, and what died
  /// since or is padding: the next one gains no more than that.
  std::uint64_t pass_end_ = 0;
  std::uint64_t died_bytes_ = 0;

  segment_pool pool_;
  std::atomic<bool> failed_{false};
  std::atomic<bool> written_to_{false}; ///< by a writer at this moment

  /// Guards the index, the segments and the counters against readers; only the
  /// writer changes them.
  mutable std::mutex mutex_;
  log_index index_;
  std::map<std::uint64_t, segment> segments_; ///< in use, by life
  usage counters_;
};

/// What open() found.
struct opened_log {
  std::unique_ptr<node_log> log;
  std::map<set_id, replication::recovered_state> sets;
  std::uint64_t boot_counter = 0;
  tail_verdict verdict = tail_verdict::clean;
  std::string reason; ///< for the trace; empty if the verdict is clean
  /// A set that is not in `sets` starts as suspect, also after later restarts.
  bool unknown_sets_suspect = false;
};

} // namespace cohort::storage
