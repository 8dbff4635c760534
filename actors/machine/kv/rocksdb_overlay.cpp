#include "machine/kv/rocksdb_overlay.hpp"

#include <utility>

namespace cohort::kv::rocks {

namespace {

/// What the trie and the index cost for a key, about.
constexpr std::size_t place_bytes = 32;
constexpr std::size_t expiry_bytes = 96;

constexpr int expiries_freed_at_once = 500;

} // namespace

record_ref overlay::put(std::uint64_t position, record_ref x) {
  bytes_ += x.bytes() + place_bytes;
  auto old = items_.put(position, std::move(x));
  if (old)
    bytes_ -= old.bytes() + place_bytes;
  return old;
}

void overlay::put_expiry(std::string_view expiry_key, bool added) {
  const auto [at, is_new] = expiries_.insert_or_assign(std::string{expiry_key},
                                                       added);
  if (is_new)
    bytes_ += expiry_key.size() + expiry_bytes;
}

bool overlay::free_some() {
  for (int i = 0; i < expiries_freed_at_once && !expiries_.empty(); ++i)
    expiries_.erase(expiries_.begin());
  return !expiries_.empty() || items_.free_some();
}

} // namespace cohort::kv::rocks
