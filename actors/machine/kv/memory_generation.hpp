// The keys of the memory engine, from one FLUSHALL to the next.
#pragma once

#include "machine/kv/garbage.hpp"
#include "machine/kv/key_trie.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>
#include <utility>

namespace cohort::kv {

/// Keys, and in which order they expire.
class generation : public garbage {
public:
  const key_trie& keys() const {
    return keys_;
  }
  std::uint64_t size() const {
    return size_;
  }
  std::size_t bytes() const {
    return bytes_;
  }

  /// Returns what it replaces.
  record_ref put(std::uint64_t position, record_ref x);

  /// Removes and returns it, if it is there.
  record_ref take(std::uint64_t position, std::string_view key);

  /// The key that expires first; nullptr: none expires.
  const record_ref* soonest() const {
    return expiries_.empty() ? nullptr : &expiries_.begin()->second;
  }

  bool free_some() override;

private:
  void forget(const record_ref& x);

  key_trie keys_;
  /// By time; records of the same time in any order.
  std::set<std::pair<std::int64_t, record_ref>> expiries_;
  std::uint64_t size_ = 0;
  std::size_t bytes_ = 0;
};

} // namespace cohort::kv
