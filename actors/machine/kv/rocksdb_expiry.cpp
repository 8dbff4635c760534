// The index of expiries (K4).
#include "machine/kv/rocksdb_tables.hpp"

#include "core/check.hpp"

#include <algorithm>

namespace cohort::kv::rocks {

void rocksdb_store::index(std::int64_t expires_ms, std::uint64_t position,
                          std::string_view key) {
  make_expiry_key(value_, state_.generation, expires_ms, position, key);
  check(changes_.Put(value_, {}), "a change");
  expiry_added(expires_ms);
}

void rocksdb_store::unindex(std::int64_t expires_ms, std::uint64_t position,
                            std::string_view key) {
  make_expiry_key(value_, state_.generation, expires_ms, position, key);
  check(changes_.Delete(value_), "a change");
  if (expiry_.known && expiry_.soonest_ms == expires_ms)
    expiry_.known = false;
}

void rocksdb_store::expiry_added(std::int64_t expires_ms) {
  expiry_.floor_ms = std::min(expiry_.floor_ms, expires_ms);
  if (expiry_.known
      && (!expiry_.soonest_ms || expires_ms < *expiry_.soonest_ms))
    expiry_.soonest_ms = expires_ms;
}

/// Looks it up at most once after the soonest was removed.
std::optional<std::int64_t> rocksdb_store::soonest_expiry() const {
  if (expiry_.known)
    return expiry_.soonest_ms;
  const auto index = iterate(expiry_kind);
  std::string from;
  make_expiry_seek(from, state_.generation, expiry_.floor_ms);
  index.at->Seek(from);
  check(index.at->status(), "expiries");
  expiry_.known = true;
  expiry_.soonest_ms =
    index.at->Valid() ? parse_expiry(to_view(index.at->key())) : std::nullopt;
  expiry_.floor_ms = expiry_.soonest_ms.value_or(expiry_.floor_ms);
  return expiry_.soonest_ms;
}

/// The first `count_max` keys of the index that are due.
std::vector<std::string> rocksdb_store::due_keys(std::int64_t at_ms,
                                                 std::size_t count_max) {
  std::vector<std::string> result;
  const auto index = iterate(expiry_kind);
  auto& at = *index.at;
  make_expiry_seek(key_, state_.generation, expiry_.floor_ms);
  for (at.Seek(key_); at.Valid() && result.size() < count_max; at.Next()) {
    const auto expires_ms = parse_expiry(to_view(at.key()));
    if (!expires_ms || *expires_ms > at_ms)
      break;
    result.push_back(at.key().ToString());
  }
  check(at.status(), "expiries");
  return result;
}

std::size_t rocksdb_store::erase_due(std::int64_t at_ms,
                                     std::size_t count_max) {
  COHORT_CHECK(batch_open_);
  const auto soonest = soonest_expiry();
  if (!soonest || *soonest > at_ms)
    return 0;
  const auto due = due_keys(at_ms, count_max);
  for (const auto& expiry_key : due) {
    make_data_key_of(key_, expiry_key);
    const auto at = parse_data_key(key_);
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
