// Records in the order of keys, in memory.
#pragma once

#include "machine/kv/key_order.hpp"
#include "machine/kv/record.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace cohort::kv {

/// A tree over the bits of positions: one root per slot, then four bits a
/// level, then a small sorted leaf. A leaf that is full splits alone, so
/// nothing ever has to be rehashed, however many keys there are and however
/// unevenly they lie in the slots.
class key_trie {
public:
  struct entry {
    std::uint64_t position = 0;
    record_ref what;
  };

  key_trie();
  ~key_trie();
  key_trie(const key_trie&) = delete;
  key_trie& operator=(const key_trie&) = delete;

  /// nullptr: it is not there. Valid until the next change.
  const record_ref* find(std::uint64_t position, std::string_view key) const;

  /// Returns what it replaces.
  record_ref put(std::uint64_t position, record_ref x);

  /// Removes and returns it.
  record_ref take(std::uint64_t position, std::string_view key);

  /// The first entries at positions >= `from`, in order, as far as they lie
  /// together, and never a part of a position. Empty: there are none.
  std::span<const entry> at_or_after(std::uint64_t from) const;

  /// Frees a few leaves, when nobody needs the entries any more. False: all is
  /// free.
  bool free_some();

private:
  static constexpr unsigned level_bits = 4;
  static constexpr unsigned fan_out = 1u << level_bits;
  /// Below this many bits a leaf grows without bound: such keys collide.
  static constexpr unsigned split_bits_min = level_bits;
  static constexpr std::size_t leaf_entries_max = 32;
  static constexpr unsigned levels_max = hash_bits / level_bits;

  struct leaf {
    std::vector<entry> entries;
  };
  struct inner;

  /// At most one of them is set.
  struct link {
    inner* below = nullptr;
    leaf* here = nullptr;

    bool empty() const {
      return !below && !here;
    }
  };
  struct inner {
    std::array<link, fan_out> children;
    unsigned used = 0;
  };

  /// Where the way down to a position ends.
  struct place {
    const link* at = nullptr;
    unsigned bits = hash_bits; ///< of the position that are below it
  };

  static unsigned child_of(std::uint64_t position, unsigned bits) {
    return static_cast<unsigned>(position >> bits) & (fan_out - 1);
  }
  static std::size_t index_in(const leaf& in, std::uint64_t position,
                              std::string_view key);
  static bool is_at(const leaf& in, std::size_t i, std::uint64_t position,
                    std::string_view key);
  static void split(link& at, unsigned bits);
  static void destroy(link& at);

  place descend(std::uint64_t position) const;
  void prune(std::uint64_t position);

  std::vector<link> roots_;
  std::size_t freed_roots_ = 0;
};

} // namespace cohort::kv
