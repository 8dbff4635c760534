#include "machine/kv/rocksdb_store.hpp"

#include "core/check.hpp"
#include "machine/kv/key_order.hpp"
#include "machine/kv/rocksdb_tables.hpp"

#include <chrono>
#include <utility>

namespace cohort::kv::rocks {

namespace {

/// A batch that grew beyond this gives its memory back.
constexpr std::size_t batch_bytes_kept = std::size_t{1} << 20;

/// 6 MiB of them.
constexpr std::size_t recent_places = std::size_t{1} << 17;

rocksdb::WriteBatchWithIndex new_changes() {
  return rocksdb::WriteBatchWithIndex{rocksdb::BytewiseComparator(), 0, true};
}

} // namespace

rocksdb_store::rocksdb_store(std::shared_ptr<engine> opened, std::uint64_t seed)
  : engine_(std::move(opened)),
    seed_(seed),
    recent_(recent_places),
    changes_(new_changes()) {}

/// A flush that is under way ends with the database, if a snapshot does not
/// keep that open; nobody is told of it any more.
rocksdb_store::~rocksdb_store() {
  if (freeing_.valid())
    freeing_.wait();
  const auto events = engine_->events;
  found_.Reset();
  old_.Reset();
  engine_.reset();
  events->end_flush(error{errc::closed, "the keys on disk were closed"});
}

void rocksdb_store::check(const rocksdb::Status& status,
                          const char* what) const {
  if (!status.ok())
    engine_->events->fail(to_error(what, status));
}

// -- reading ------------------------------------------------------------------

/// Whether `data_key` is there, with the changes of the open batch.
bool rocksdb_store::look_up(std::string_view data_key,
                            rocksdb::PinnableSlice& to) const {
  to.Reset();
  auto& db = *engine_->db;
  const bool changed = batch_open_ && changes_.GetWriteBatch()->Count() > 0;
  const auto status =
    changed ? changes_.GetFromBatchAndDB(&db, {}, to_slice(data_key), &to)
            : db.Get({}, db.DefaultColumnFamily(), to_slice(data_key), &to);
  if (status.ok() && to.size() >= item_head_bytes)
    return true;
  if (!status.IsNotFound())
    check(status.ok() ? rocksdb::Status::Corruption("an item is cut off")
                      : status,
          "reading");
  return false;
}

std::optional<item> rocksdb_store::get(std::string_view key) {
  make_data_key(key_, state_.generation, position_of(seed_, key), key);
  if (!look_up(key_, found_))
    return std::nullopt;
  return parse_item(to_view(found_));
}

bounded_iterator rocksdb_store::iterate(char kind) const {
  bounded_iterator result;
  result.end_key =
    std::make_unique<std::string>(end_key(kind, state_.generation));
  result.end = std::make_unique<rocksdb::Slice>(to_slice(*result.end_key));
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = result.end.get();
  auto* base = engine_->db->NewIterator(options);
  if (batch_open_ && changes_.GetWriteBatch()->Count() > 0)
    base = changes_.NewIteratorWithBase(engine_->db->DefaultColumnFamily(),
                                        base, &options);
  result.at.reset(base);
  return result;
}

void rocksdb_store::walk(std::uint64_t from, const visitor& visit) {
  const auto content = iterate(data_kind);
  auto& at = *content.at;
  make_data_key(key_, state_.generation, from, {});
  for (at.Seek(to_slice(key_)); at.Valid(); at.Next()) {
    const auto key = parse_data_key(to_view(at.key()));
    const auto what = parse_item(to_view(at.value()));
    if (!key || key->generation != state_.generation)
      break;
    if (!what)
      return check(rocksdb::Status::Corruption("an item is cut off"), "a walk");
    if (!visit({key->position, key->key, *what}))
      return;
  }
  check(at.status(), "a walk");
}

// -- changing -----------------------------------------------------------------

void rocksdb_store::begin_batch(std::int64_t log_time_ms) {
  COHORT_CHECK(!batch_open_ && log_time_ms >= state_.log_time_ms);
  batch_open_ = true;
  state_.log_time_ms = log_time_ms;
}

/// Log time alone is not worth a write: a flush writes it.
void rocksdb_store::end_batch() {
  COHORT_CHECK(batch_open_);
  auto& changes = *changes_.GetWriteBatch();
  if (changed_)
    write(changes);
  batch_open_ = changed_ = false;
  if (changes.GetDataSize() > batch_bytes_kept)
    changes_ = new_changes();
  else
    changes_.Clear();
}

/// Adds the state as of this batch and writes it.
void rocksdb_store::write(rocksdb::WriteBatch& changes) {
  ++state_.batch;
  check(changes.Put(to_slice(state_key), encode(state_)), "a batch");
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  options.memtable_insert_hint_per_batch = true;
  unflushed_bytes_ += changes.GetDataSize();
  check(engine_->db->Write(options, &changes), "a batch");
}

/// What is known of the item before it changes; nothing: there is none.
std::optional<item_facts> rocksdb_store::facts_of(std::uint64_t position,
                                                  std::string_view key) {
  if (const auto* known = recent_.find(state_.generation, position, key))
    return *known;
  if (!look_up(key_, old_))
    return std::nullopt;
  const auto old = parse_item(to_view(old_));
  return item_facts{old->expires_ms,
                    static_cast<std::uint32_t>(old->value.size())};
}

void rocksdb_store::put(std::string_view key, const item& x) {
  COHORT_CHECK(batch_open_ && x.changed != 0);
  const auto position = position_of(seed_, key);
  const item_facts now{x.expires_ms,
                       static_cast<std::uint32_t>(x.value.size())};
  make_data_key(key_, state_.generation, position, key);
  make_item(value_, x);
  const auto old = facts_of(position, key);
  check(changes_.Put(key_, value_), "a change");
  changed_ = true;
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
  make_data_key(key_, state_.generation, position, key);
  const auto old = facts_of(position, key);
  if (old)
    remove(position, key, *old);
  return old.has_value();
}

/// Removes the item under key_.
void rocksdb_store::remove(std::uint64_t position, std::string_view key,
                           const item_facts& old) {
  check(changes_.Delete(key_), "a change");
  changed_ = true;
  --state_.count;
  state_.bytes -= item_weight(key.size(), old.value_bytes);
  recent_.forget(state_.generation, position, key);
  if (old.expires_ms != never)
    unindex(old.expires_ms, position, key);
}

void rocksdb_store::clear() {
  COHORT_CHECK(batch_open_);
  state_.generation = ++newest_generation_;
  state_.count = 0;
  state_.bytes = 0;
  expiry_ = {};
  changed_ = true;
}

void rocksdb_store::switch_to(const saved_state& restored,
                              std::optional<std::int64_t> soonest) {
  const auto batch = state_.batch;
  state_ = restored;
  state_.batch = batch;
  expiry_ = {};
  if (soonest)
    expiry_added(*soonest);
  rocksdb::WriteBatch nothing_else;
  write(nothing_else);
}

// -- garbage ------------------------------------------------------------------

/// Old generations are freed by a thread of their own, because it syncs. Not
/// before the disk knows the new one.
bool rocksdb_store::work() {
  const auto live = engine_->events->durable_generation();
  const bool busy = freeing_.valid()
                    && freeing_.wait_for(std::chrono::seconds{0})
                         != std::future_status::ready;
  if (live <= freed_before_ || busy)
    return false;
  freeing_ = std::async(std::launch::async,
                        [at = engine_, first = freed_before_, live] {
                          at->free_generations(first, live);
                        });
  freed_before_ = live;
  return false;
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
