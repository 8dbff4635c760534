// What RocksDB does not have yet.
#pragma once

#include "machine/kv/garbage.hpp"
#include "machine/kv/key_trie.hpp"
#include "machine/kv/rocksdb_keys.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace cohort::kv::rocks {

/// The item that hides one below it: no change of a set's keys is named 0.
inline constexpr item removed{};

inline bool removes(const item& x) {
  return x.changed == 0;
}

/// Changes to one generation since the last flush: they hide what lies below
/// them. Only ever added to, so that a flush may read one that is complete from
/// another thread.
class overlay : public garbage {
public:
  explicit overlay(generation_t generation) : generation_(generation) {}

  generation_t generation() const {
    return generation_;
  }
  /// Items and `removed` marks.
  const key_trie& items() const {
    return items_;
  }
  /// Keys of the expiry index: added, or removed.
  const std::map<std::string, bool>& expiries() const {
    return expiries_;
  }
  /// Of everything in it, about.
  std::size_t bytes() const {
    return bytes_;
  }

  /// Returns what it replaces here.
  record_ref put(std::uint64_t position, record_ref x);
  void put_expiry(std::string_view expiry_key, bool added);

  bool free_some() override;

private:
  generation_t generation_;
  key_trie items_;
  std::map<std::string, bool> expiries_;
  std::size_t bytes_ = 0;
};

} // namespace cohort::kv::rocks
