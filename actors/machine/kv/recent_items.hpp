// What is known of keys without asking the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace cohort::kv::rocks {

/// What a change must know of the item it replaces.
struct item_facts {
  std::int64_t expires_ms = 0;
  std::uint32_t value_bytes = 0;
};

/// The facts of items that were changed lately, so that changing them again
/// reads nothing. A table of fixed size: a key has one place, and takes it from
/// the key that had it. What is in it is true; what is not may still exist.
class recent_items {
public:
  /// Precondition: `places` is a power of two.
  explicit recent_items(std::size_t places)
    : mask_(places - 1),
      places_(std::make_unique<place[]>(places)) {}

  /// nullptr: not known. Valid until the next change.
  const item_facts* find(std::uint32_t generation, std::uint64_t position,
                         std::string_view key) const {
    const auto& x = places_[position & mask_];
    return x.is(generation, key) ? &x.facts : nullptr;
  }

  void keep(std::uint32_t generation, std::uint64_t position,
            std::string_view key, const item_facts& facts) {
    if (key.size() > key_bytes_max)
      return;
    auto& x = places_[position & mask_];
    x.generation = generation;
    x.facts = facts;
    x.size = static_cast<std::uint8_t>(key.size());
    key.copy(x.key, key.size());
  }

  void forget(std::uint32_t generation, std::uint64_t position,
              std::string_view key) {
    auto& x = places_[position & mask_];
    if (x.is(generation, key))
      x.generation = nothing;
  }

private:
  /// Longer keys are not kept.
  static constexpr std::size_t key_bytes_max = 31;
  static constexpr std::uint32_t nothing = 0; ///< no generation

  struct place {
    item_facts facts;
    std::uint32_t generation = nothing;
    std::uint8_t size = 0;
    char key[key_bytes_max] = {};

    bool is(std::uint32_t its_generation, std::string_view its_key) const {
      return generation == its_generation
             && std::string_view{key, size} == its_key;
    }
  };

  std::size_t mask_;
  std::unique_ptr<place[]> places_;
};

} // namespace cohort::kv::rocks
