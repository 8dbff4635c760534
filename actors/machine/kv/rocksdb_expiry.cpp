// The index of expiries (K4).
#include "machine/kv/rocksdb_tables.hpp"

#include "core/check.hpp"

#include <algorithm>

namespace cohort::kv::rocks {

void rocksdb_store::index(std::int64_t expires_ms, std::uint64_t position,
                          std::string_view key) {
  make_expiry_key(key_, state_.generation, expires_ms, position, key);
  changes_->put_expiry(key_, true);
  expiry_added(expires_ms);
}

void rocksdb_store::unindex(std::int64_t expires_ms, std::uint64_t position,
                            std::string_view key) {
  make_expiry_key(key_, state_.generation, expires_ms, position, key);
  changes_->put_expiry(key_, false);
  if (expiry_.known && expiry_.soonest_ms == expires_ms)
    expiry_.known = false;
}

void rocksdb_store::expiry_added(std::int64_t expires_ms) {
  expiry_.floor_ms = std::min(expiry_.floor_ms, expires_ms);
  if (expiry_.known
      && (!expiry_.soonest_ms || expires_ms < *expiry_.soonest_ms))
    expiry_.soonest_ms = expires_ms;
}

/// From the floor on, with what hides others.
cursor_ptr rocksdb_store::walk_expiries() const {
  make_expiry_seek(key_, state_.generation, expiry_.floor_ms);
  std::vector<cursor_ptr> layers;
  layers.push_back(make_expiry_cursor(*changes_, key_));
  if (flushed_hides_disk())
    layers.push_back(make_expiry_cursor(*flushed_, key_));
  layers.push_back(
    make_disk_cursor(*engine_->db, expiry_kind, state_.generation, key_));
  return make_merged_cursor(std::move(layers));
}

/// Looks it up at most once after the soonest was removed.
std::optional<std::int64_t> rocksdb_store::soonest_expiry() const {
  if (expiry_.known)
    return expiry_.soonest_ms;
  const auto at = walk_expiries();
  while (at->valid() && at->hides())
    at->next();
  check(at->status(), "expiries");
  expiry_.known = true;
  expiry_.soonest_ms = at->valid() ? parse_expiry(at->key()) : std::nullopt;
  expiry_.floor_ms = expiry_.soonest_ms.value_or(expiry_.floor_ms);
  return expiry_.soonest_ms;
}

/// The first `count_max` keys of the index that are due.
std::vector<std::string> rocksdb_store::due_keys(std::int64_t at_ms,
                                                 std::size_t count_max) {
  std::vector<std::string> result;
  const auto at = walk_expiries();
  for (; at->valid() && result.size() < count_max; at->next()) {
    if (at->hides())
      continue;
    const auto expires_ms = parse_expiry(at->key());
    if (!expires_ms || *expires_ms > at_ms)
      break;
    result.emplace_back(at->key());
  }
  check(at->status(), "expiries");
  return result;
}

std::size_t rocksdb_store::erase_due(std::int64_t at_ms,
                                     std::size_t count_max) {
  COHORT_CHECK(batch_open_);
  const auto soonest = soonest_expiry();
  if (!soonest || *soonest > at_ms)
    return 0;
  const auto due = due_keys(at_ms, count_max);
  std::string data_key;
  for (const auto& expiry_key : due) {
    make_data_key_of(data_key, expiry_key);
    const auto at = parse_data_key(data_key);
    const auto old = at ? facts_of(at->position, at->key) : std::nullopt;
    if (!old) {
      check(rocksdb::Status::Corruption("an expiry without a key"), "expiries");
      return 0;
    }
    remove(at->position, at->key, *old);
  }
  if (!due.empty()) {
    expiry_.known = false;
    expiry_.floor_ms = *parse_expiry(due.back());
  }
  return due.size();
}

} // namespace cohort::kv::rocks
