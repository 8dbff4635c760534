#include "machine/kv/rocksdb_store.hpp"

#include "core/check.hpp"
#include "machine/kv/key_order.hpp"
#include "machine/kv/rocksdb_tables.hpp"

#include <chrono>
#include <utility>

namespace cohort::kv::rocks {

namespace {

/// So much is freed in place, so that many FLUSHALL in one batch do not pile
/// up.
constexpr std::size_t bytes_freed_at_once = std::size_t{64} << 10;

/// 15 MiB of them.
constexpr std::size_t recent_places = std::size_t{1} << 18;

item_facts facts(const item& x) {
  return {x.expires_ms, static_cast<std::uint32_t>(x.value.size())};
}

/// Of what an overlay has; nothing: it was removed.
std::optional<item_facts> facts(const record_ref& x) {
  const auto what = x.what();
  return removes(what) ? std::nullopt : std::optional{facts(what)};
}

} // namespace

rocksdb_store::rocksdb_store(std::shared_ptr<engine> opened, std::uint64_t seed)
  : engine_(std::move(opened)),
    seed_(seed),
    changes_(std::make_shared<overlay>(state_.generation)),
    recent_(recent_places) {}

/// The database is closed with the store, if a snapshot does not keep it open.
rocksdb_store::~rocksdb_store() {
  engine_->events->close();
  if (flush_.valid())
    flush_.wait();
  if (freeing_.valid())
    freeing_.wait();
}

void rocksdb_store::check(const rocksdb::Status& status,
                          const char* what) const {
  if (!status.ok())
    engine_->events->fail(to_error(what, status));
}

// -- reading ------------------------------------------------------------------

/// nullptr: ask the disk.
const record_ref* rocksdb_store::find_in_memory(std::uint64_t position,
                                                std::string_view key) const {
  const auto* found = changes_->items().find(position, key);
  if (!found && flushed_ && flushed_->generation() == state_.generation)
    found = flushed_->items().find(position, key);
  return found;
}

std::optional<item> rocksdb_store::find_on_disk(std::uint64_t position,
                                                std::string_view key,
                                                rocksdb::PinnableSlice& to) {
  make_data_key(key_, state_.generation, position, key);
  to.Reset();
  auto& db = *engine_->db;
  const auto status = db.Get({}, db.DefaultColumnFamily(), key_, &to);
  if (status.IsNotFound())
    return std::nullopt;
  check(status, "reading");
  auto result = status.ok() ? parse_item(to_view(to)) : std::nullopt;
  if (!result)
    check(rocksdb::Status::Corruption("an item is cut off"), "reading");
  return result;
}

std::optional<item> rocksdb_store::get(std::string_view key) {
  const auto position = position_of(seed_, key);
  const auto* found = find_in_memory(position, key);
  if (!found)
    return find_on_disk(position, key, found_);
  const auto what = found->what();
  return removes(what) ? std::nullopt : std::optional{what};
}

/// A flush that ends meanwhile does no harm: what it wrote is then seen twice,
/// and is the same.
cursor_ptr rocksdb_store::walk_data(std::uint64_t from) const {
  std::vector<cursor_ptr> layers;
  layers.push_back(make_item_cursor(*changes_, from));
  if (flushed_hides_disk())
    layers.push_back(make_item_cursor(*flushed_, from));
  make_data_key(key_, state_.generation, from, {});
  layers.push_back(
    make_disk_cursor(*engine_->db, data_kind, state_.generation, key_));
  return make_merged_cursor(std::move(layers));
}

void rocksdb_store::walk(std::uint64_t from, const visitor& visit) {
  if (from >= position_end)
    return;
  const auto at = walk_data(from);
  for (; at->valid(); at->next()) {
    if (at->hides())
      continue;
    const auto key = parse_data_key(at->key());
    const auto what = at->what();
    if (!key || !what)
      return check(rocksdb::Status::Corruption("an item is cut off"), "a walk");
    if (!visit({key->position, key->key, *what}))
      return;
  }
  check(at->status(), "a walk");
}

// -- changing -----------------------------------------------------------------

void rocksdb_store::begin_batch(std::int64_t log_time_ms) {
  COHORT_CHECK(!batch_open_ && log_time_ms >= state_.log_time_ms);
  batch_open_ = true;
  state_.log_time_ms = log_time_ms;
}

void rocksdb_store::end_batch() {
  COHORT_CHECK(batch_open_);
  batch_open_ = false;
  if (changes_->bytes() > engine_->unflushed_bytes_max)
    engine_->events->fail({errc::io_failed,
                           "the keys on disk: more changes than may gather "
                           "before a flush"});
}

/// What is known below the changes; nothing: there is none.
std::optional<item_facts> rocksdb_store::facts_below(std::uint64_t position,
                                                     std::string_view key) {
  if (const auto* known = recent_.find(state_.generation, position, key))
    return *known;
  if (flushed_ && flushed_->generation() == state_.generation)
    if (const auto* found = flushed_->items().find(position, key))
      return facts(*found);
  const auto old = find_on_disk(position, key, old_);
  return old ? std::optional{facts(*old)} : std::nullopt;
}

std::optional<item_facts> rocksdb_store::facts_of(std::uint64_t position,
                                                  std::string_view key) {
  const auto* found = changes_->items().find(position, key);
  return found ? facts(*found) : facts_below(position, key);
}

/// Returns what it replaces in the overlay.
record_ref rocksdb_store::change(std::uint64_t position, record_ref x) {
  const auto key = x.key();
  auto old = changes_->put(position, std::move(x));
  if (snapshot_is_open())
    cut_->changed(changes_->items(), position, key, old);
  return old;
}

void rocksdb_store::put(std::string_view key, const item& x) {
  COHORT_CHECK(batch_open_ && x.changed != 0);
  const auto position = position_of(seed_, key);
  const auto now = facts(x);
  record_ref added{key, x};
  key = added.key();
  const auto hidden = change(position, std::move(added));
  const auto old = hidden ? facts(hidden) : facts_below(position, key);
  if (old)
    state_.bytes -= item_weight(key.size(), old->value_bytes);
  else
    ++state_.count;
  state_.bytes += item_weight(key.size(), now.value_bytes);
  recent_.keep(state_.generation, position, key, now);
  const auto indexed_ms = old ? old->expires_ms : never;
  if (indexed_ms == now.expires_ms)
    return;
  if (indexed_ms != never)
    unindex(indexed_ms, position, key);
  if (now.expires_ms != never)
    index(now.expires_ms, position, key);
}

bool rocksdb_store::erase(std::string_view key) {
  COHORT_CHECK(batch_open_);
  const auto position = position_of(seed_, key);
  const auto old = facts_of(position, key);
  if (old)
    remove(position, key, *old);
  return old.has_value();
}

void rocksdb_store::remove(std::uint64_t position, std::string_view key,
                           const item_facts& old) {
  record_ref mark{key, removed};
  key = mark.key();
  change(position, std::move(mark));
  --state_.count;
  state_.bytes -= item_weight(key.size(), old.value_bytes);
  recent_.forget(state_.generation, position, key);
  if (old.expires_ms != never)
    unindex(old.expires_ms, position, key);
}

void rocksdb_store::clear() {
  COHORT_CHECK(batch_open_);
  state_.count = 0;
  state_.bytes = 0;
  start_generation(++newest_generation_);
}

void rocksdb_store::start_generation(generation_t x) {
  state_.generation = x;
  auto old = std::exchange(changes_, std::make_shared<overlay>(x));
  if (old->bytes() > bytes_freed_at_once || old.use_count() > 1)
    garbage_.add(std::move(old));
  expiry_ = {};
}

void rocksdb_store::switch_to(const saved_state& restored,
                              std::optional<std::int64_t> soonest) {
  const auto flush = state_.flush;
  state_ = restored;
  state_.flush = flush;
  start_generation(restored.generation);
  if (soonest)
    expiry_added(*soonest);
}

// -- garbage ------------------------------------------------------------------

/// Old generations are freed by a thread of their own, because it syncs. Not
/// before the disk knows the new one. What an open snapshot needs stays.
bool rocksdb_store::work() {
  if (cut_ && !snapshot_is_open())
    garbage_.add(std::move(cut_));
  if (flushed_ && !flush_is_under_way())
    garbage_.add(std::move(flushed_));
  const auto live = engine_->events->durable_generation();
  const bool busy = freeing_.valid()
                    && freeing_.wait_for(std::chrono::seconds{0})
                         != std::future_status::ready;
  if (live > freed_before_ && !busy) {
    freeing_ = std::async(std::launch::async,
                          [at = engine_, first = freed_before_, live] {
                            at->free_generations(first, live);
                          });
    freed_before_ = live;
  }
  return garbage_.free_some();
}

} // namespace cohort::kv::rocks

namespace cohort::kv {

result<std::unique_ptr<kv_store>>
open_rocksdb_store(const std::string& directory, std::uint64_t seed,
                   const rocksdb_options& options) {
  auto opened = rocks::open_engine(directory, options);
  if (!opened)
    return opened.err();
  auto store = std::make_unique<rocks::rocksdb_store>(std::move(*opened), seed);
  if (auto recovered = store->recover(); !recovered)
    return recovered.err();
  return std::unique_ptr<kv_store>{std::move(store)};
}

} // namespace cohort::kv
