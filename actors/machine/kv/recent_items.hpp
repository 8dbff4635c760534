// What is known of keys without asking the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace cohort::kv::rocks {

/// What a change must know of the item it replaces.
struct item_facts {
  std::int64_t expires_ms = 0;
  std::uint32_t value_bytes = 0;
};

/// The facts of items that were changed lately, so that changing them again
/// reads nothing. A table of fixed size: a key has a few places to choose from,
/// and takes one from another key if all are taken. What is in it is true; what
/// is not may still exist.
class recent_items {
public:
  /// Precondition: `places` is a power of two, at least places_per_set.
  explicit recent_items(std::size_t places)
    : mask_(places / places_per_set - 1),
      tags_(places),
      places_(std::make_unique<place[]>(places)) {}

  static constexpr std::size_t places_per_set = 4;

  /// nullptr: not known. Valid until the next change.
  const item_facts* find(std::uint32_t generation, std::uint64_t position,
                         std::string_view key) const {
    const auto i = index_of(generation, position, key);
    return i == nowhere ? nullptr : &places_[i].facts;
  }

  void keep(std::uint32_t generation, std::uint64_t position,
            std::string_view key, const item_facts& facts) {
    if (key.size() > key_bytes_max)
      return;
    auto i = index_of(generation, position, key);
    if (i != nowhere) {
      places_[i].facts = facts;
      return;
    }
    i = free_place(first_of(position));
    tags_[i] = tag_of(position);
    auto& x = places_[i];
    x.generation = generation;
    x.facts = facts;
    x.size = static_cast<std::uint8_t>(key.size());
    key.copy(x.key, key.size());
  }

  void forget(std::uint32_t generation, std::uint64_t position,
              std::string_view key) {
    const auto i = index_of(generation, position, key);
    if (i != nowhere)
      tags_[i] = free_tag;
  }

private:
  /// Longer keys are not kept.
  static constexpr std::size_t key_bytes_max = 31;
  static constexpr std::size_t nowhere = ~std::size_t{0};
  static constexpr std::uint16_t free_tag = 0;

  struct place {
    item_facts facts;
    std::uint32_t generation = 0;
    std::uint8_t size = 0;
    char key[key_bytes_max] = {};

    bool is(std::uint32_t its_generation, std::string_view its_key) const {
      return generation == its_generation
             && std::string_view{key, size} == its_key;
    }
  };

  /// Tells most other keys apart without a look at their places.
  static std::uint16_t tag_of(std::uint64_t position) {
    return static_cast<std::uint16_t>(position >> 32 | 1);
  }

  std::size_t first_of(std::uint64_t position) const {
    return (position & mask_) * places_per_set;
  }

  std::size_t index_of(std::uint32_t generation, std::uint64_t position,
                       std::string_view key) const {
    const auto first = first_of(position);
    for (auto i = first; i < first + places_per_set; ++i)
      if (tags_[i] == tag_of(position) && places_[i].is(generation, key))
        return i;
    return nowhere;
  }

  /// In turn, if all are taken.
  std::size_t free_place(std::size_t first) {
    for (auto i = first; i < first + places_per_set; ++i)
      if (tags_[i] == free_tag)
        return i;
    return first + turn_++ % places_per_set;
  }

  std::size_t mask_;
  std::size_t turn_ = 0;
  std::vector<std::uint16_t> tags_; ///< by place
  std::unique_ptr<place[]> places_;
};

} // namespace cohort::kv::rocks
