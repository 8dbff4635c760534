// A dumb engine of keys, and random scripts that any engine must follow like it
// does.
#pragma once

#include "core/rng.hpp"
#include "machine/kv/kv_store.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::kv::tests {

/// Of the stores that are tested.
inline constexpr std::uint64_t seed = 42;

/// What a key is expected to hold.
struct kept_item {
  std::string value;
  std::int64_t expires_ms = never;
  std::uint64_t changed = 0;

  bool operator==(const kept_item&) const = default;
};

/// A store's whole state, in its order.
struct store_oracle {
  std::map<std::pair<std::uint64_t, std::string>, kept_item> items;
  std::int64_t log_time_ms = 0;

  std::optional<std::int64_t> soonest_expiry() const;
  std::size_t erase_due(std::int64_t at_ms, std::size_t count_max);
};

/// Changes a store and its oracle alike, by batches of random changes, and
/// compares all that both answer on the way. Small numbers of keys, so that
/// they meet often.
class store_script {
public:
  store_script(std::uint64_t run, std::size_t keys)
    : random_(run),
      keys_(keys) {}

  void batch(kv_store& store, store_oracle& oracle);

  rng& random() {
    return random_;
  }

private:
  void change(kv_store& store, store_oracle& oracle);
  void put(kv_store& store, store_oracle& oracle);
  void erase_due(kv_store& store, store_oracle& oracle);
  std::string some_key();

  rng random_;
  std::size_t keys_;
  std::uint64_t changes_ = 0;
};

/// All that can be asked about the whole state.
void check_same(kv_store& store, const store_oracle& oracle);

/// Reads a snapshot to its end, in chunks of about `bytes_max`.
std::string read_snapshot(machine::snapshot_source& source,
                          std::size_t bytes_max);

/// A snapshot of what the store holds now.
std::string snapshot_of(kv_store& store, std::size_t chunk_bytes = 500);

/// What a snapshot of `oracle` must be, by the format alone.
std::string expected_snapshot(const store_oracle& oracle);

/// Restores `content`, in pieces of `piece` bytes.
result<void> restore(kv_store& store, std::string_view content,
                     std::size_t piece);

} // namespace cohort::kv::tests
