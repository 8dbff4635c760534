#include "machine/kv/memory_generation.hpp"

namespace cohort::kv {

namespace {

/// What the order by expiry costs for a key, about.
constexpr std::size_t expiry_bytes = 64;

/// What the trie costs for a key, about.
constexpr std::size_t place_bytes = 32;

constexpr int expiries_freed_at_once = 500;

std::size_t bytes_of(const record_ref& x) {
  return x.bytes() + place_bytes + (x.expires_ms() == never ? 0 : expiry_bytes);
}

} // namespace

record_ref generation::put(std::uint64_t position, record_ref x) {
  bytes_ += bytes_of(x);
  ++size_;
  if (x.expires_ms() != never)
    expiries_.emplace(x.expires_ms(), x);
  auto old = keys_.put(position, std::move(x));
  if (old)
    forget(old);
  return old;
}

record_ref generation::take(std::uint64_t position, std::string_view key) {
  auto old = keys_.take(position, key);
  if (old)
    forget(old);
  return old;
}

void generation::forget(const record_ref& x) {
  bytes_ -= bytes_of(x);
  --size_;
  if (x.expires_ms() != never)
    expiries_.erase({x.expires_ms(), x});
}

bool generation::free_some() {
  for (int i = 0; i < expiries_freed_at_once && !expiries_.empty(); ++i)
    expiries_.erase(expiries_.begin());
  return !expiries_.empty() || keys_.free_some();
}

} // namespace cohort::kv
