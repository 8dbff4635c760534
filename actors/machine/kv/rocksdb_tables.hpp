// The store over RocksDB: what its sources share.
#pragma once

#include "machine/kv/garbage_heap.hpp"
#include "machine/kv/recent_items.hpp"
#include "machine/kv/rocksdb_cursor.hpp"
#include "machine/kv/rocksdb_engine.hpp"
#include "machine/kv/rocksdb_keys.hpp"
#include "machine/kv/rocksdb_overlay.hpp"
#include "machine/kv/rocksdb_store.hpp"
#include "machine/kv/snapshot_format.hpp"
#include "machine/kv/trie_cut.hpp"

#include <rocksdb/slice.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::kv::rocks {

/// What open_rocksdb_store() gives out; see there and kv_store.hpp.
class rocksdb_store final : public kv_store {
public:
  rocksdb_store(std::shared_ptr<engine> opened, std::uint64_t seed);
  ~rocksdb_store() override;

  /// Reads what the last flush left, or makes a new store durable.
  result<void> recover();

  // -- kv_store ---------------------------------------------------------------
  std::uint64_t seed() const override {
    return seed_;
  }
  std::int64_t log_time_ms() const override {
    return state_.log_time_ms;
  }
  std::optional<item> get(std::string_view key) override;
  std::uint64_t size() const override {
    return state_.count;
  }
  void walk(std::uint64_t from, const visitor& visit) override;
  void begin_batch(std::int64_t log_time_ms) override;
  void end_batch() override;
  void put(std::string_view key, const item& x) override;
  bool erase(std::string_view key) override;
  void clear() override;
  std::optional<std::int64_t> soonest_expiry() const override;
  std::size_t erase_due(std::int64_t at_ms, std::size_t count_max) override;
  std::unique_ptr<machine::snapshot_source> begin_snapshot() override;
  std::unique_ptr<machine::snapshot_sink> begin_restore() override;
  std::size_t approximate_bytes() const override {
    return state_.bytes;
  }
  bool work() override;
  result<void> failed() const override {
    return engine_->events->failed();
  }
  bool persistent() const override {
    return true;
  }
  machine::durable_state recovered() const override {
    return recovered_;
  }
  void begin_flush(index_t applied, term_t term, std::string attachment,
                   std::function<void(result<void>)> done) override;
  std::size_t unflushed_bytes() const override {
    return changes_->bytes();
  }

  // -- for restores -----------------------------------------------------------

  /// Its files are in the database: takes it over as one batch.
  void switch_to(const saved_state& restored,
                 std::optional<std::int64_t> soonest);

private:
  // -- opening ----------------------------------------------------------------
  result<void> create();
  result<void> recover_state(std::string_view format);
  bool read(std::string_view key, std::string& to) const;
  void forget_unfinished();

  // -- reading ----------------------------------------------------------------
  void check(const rocksdb::Status& status, const char* what) const;
  const record_ref* find_in_memory(std::uint64_t position,
                                   std::string_view key) const;
  std::optional<item> find_on_disk(std::uint64_t position, std::string_view key,
                                   rocksdb::PinnableSlice& to);
  bool flush_is_under_way() const {
    return flush_.valid() && !flush_ended_.load(std::memory_order_acquire);
  }
  bool flushed_hides_disk() const {
    return flush_is_under_way() && flushed_->generation() == state_.generation;
  }
  cursor_ptr walk_data(std::uint64_t from) const;
  cursor_ptr walk_expiries() const;

  // -- changing ---------------------------------------------------------------
  void start_generation(generation_t x);
  std::optional<item_facts> facts_below(std::uint64_t position,
                                        std::string_view key);
  std::optional<item_facts> facts_of(std::uint64_t position,
                                     std::string_view key);
  record_ref change(std::uint64_t position, record_ref x);
  void remove(std::uint64_t position, std::string_view key,
              const item_facts& old);
  void index(std::int64_t expires_ms, std::uint64_t position,
             std::string_view key);
  void unindex(std::int64_t expires_ms, std::uint64_t position,
               std::string_view key);
  void expiry_added(std::int64_t expires_ms);
  std::vector<std::string> due_keys(std::int64_t at_ms, std::size_t count_max);

  bool snapshot_is_open() const {
    return cut_ && cut_.use_count() > 1;
  }

  /// Where the soonest expiry is. Nothing in the index lies before `floor_ms`,
  /// so that looking for it passes none of those that were removed.
  struct expiry_state {
    bool known = true;
    std::optional<std::int64_t> soonest_ms;
    std::int64_t floor_ms = std::numeric_limits<std::int64_t>::min();
  };

  std::shared_ptr<engine> engine_;
  std::uint64_t seed_;
  saved_state state_; ///< as of now; on disk as of the last flush
  machine::durable_state recovered_;
  generation_t newest_generation_ = 1; ///< none above was ever used
  generation_t freed_before_ = 1;      ///< garbage below is gone
  std::future<void> freeing_;
  bool batch_open_ = false;

  std::shared_ptr<overlay> changes_; ///< since the last flush began
  std::shared_ptr<overlay> flushed_; ///< by the last flush, until work()
  std::future<void> flush_;          ///< the last one
  std::atomic<bool> flush_ended_ = true;

  recent_items recent_;
  mutable expiry_state expiry_;
  /// Of `changes_`, the last one; its source holds it while it is open.
  std::shared_ptr<trie_cut> cut_;
  garbage_heap garbage_;
  rocksdb::PinnableSlice found_; ///< what get() gave out
  rocksdb::PinnableSlice old_;
  mutable std::string key_; ///< of the call under way
};

/// What a snapshot reads from. `flushed` is kept while the content refers to
/// it, the engine while it is open.
struct snapshot_content {
  std::shared_ptr<engine> from;
  std::shared_ptr<const overlay> flushed;
  cursor_ptr items;
};

std::unique_ptr<machine::snapshot_source>
make_source(snapshot_content content, const snapshot_header& header);

/// Restores into `generation`, then lets `store` switch to it.
std::unique_ptr<machine::snapshot_sink> make_sink(rocksdb_store& store,
                                                  std::shared_ptr<engine> to,
                                                  generation_t generation);

} // namespace cohort::kv::rocks
