#include "machine/kv/key_trie.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace cohort::kv {

namespace {

/// Of up to leaf_entries_max records each: about 100 us.
constexpr int leaves_freed_at_once = 16;

/// Roots that are looked at, if they are empty.
constexpr int roots_passed_at_once = 4096;

} // namespace

key_trie::key_trie() : roots_(std::size_t{1} << slot_bits) {}

key_trie::~key_trie() {
  for (auto& root : roots_)
    destroy(root);
}

void key_trie::destroy(link& at) {
  if (at.below) {
    for (auto& child : at.below->children)
      destroy(child);
    delete at.below;
  }
  delete at.here;
  at = {};
}

std::size_t key_trie::index_in(const leaf& in, std::uint64_t position,
                               std::string_view key) {
  const auto at = std::partition_point(
    in.entries.begin(), in.entries.end(), [position, key](const entry& x) {
      return x.position != position ? x.position < position
                                    : x.what.key() < key;
    });
  return static_cast<std::size_t>(at - in.entries.begin());
}

bool key_trie::is_at(const leaf& in, std::size_t i, std::uint64_t position,
                     std::string_view key) {
  return i < in.entries.size() && in.entries[i].position == position
         && in.entries[i].what.key() == key;
}

key_trie::place key_trie::descend(std::uint64_t position) const {
  place result{&roots_[position >> hash_bits], hash_bits};
  while (result.at->below) {
    result.bits -= level_bits;
    result.at = &result.at->below->children[child_of(position, result.bits)];
  }
  return result;
}

const record_ref* key_trie::find(std::uint64_t position,
                                 std::string_view key) const {
  const auto* in = descend(position).at->here;
  if (!in)
    return nullptr;
  const auto i = index_in(*in, position, key);
  return is_at(*in, i, position, key) ? &in->entries[i].what : nullptr;
}

/// Makes a leaf an inner node with what was in it spread over its children.
void key_trie::split(link& at, unsigned bits) {
  const std::unique_ptr<leaf> old{std::exchange(at.here, nullptr)};
  at.below = new inner;
  for (auto& x : old->entries) {
    auto& child = at.below->children[child_of(x.position, bits - level_bits)];
    if (!child.here) {
      child.here = new leaf;
      ++at.below->used;
    }
    child.here->entries.push_back(std::move(x));
  }
}

record_ref key_trie::put(std::uint64_t position, record_ref x) {
  inner* above = nullptr;
  auto* at = &roots_[position >> hash_bits];
  for (auto bits = hash_bits;;) {
    if (at->below) {
      bits -= level_bits;
      above = at->below;
      at = &above->children[child_of(position, bits)];
      continue;
    }
    if (!at->here) {
      at->here = new leaf;
      if (above)
        ++above->used;
    }
    auto& entries = at->here->entries;
    const auto i = index_in(*at->here, position, x.key());
    if (is_at(*at->here, i, position, x.key()))
      return std::exchange(entries[i].what, std::move(x));
    if (entries.size() >= leaf_entries_max && bits >= split_bits_min) {
      split(*at, bits);
      continue;
    }
    entries.insert(entries.begin() + static_cast<std::ptrdiff_t>(i),
                   entry{position, std::move(x)});
    return {};
  }
}

record_ref key_trie::take(std::uint64_t position, std::string_view key) {
  auto* in = descend(position).at->here;
  if (!in)
    return {};
  const auto i = index_in(*in, position, key);
  if (!is_at(*in, i, position, key))
    return {};
  auto result = std::move(in->entries[i].what);
  in->entries.erase(in->entries.begin() + static_cast<std::ptrdiff_t>(i));
  if (in->entries.empty())
    prune(position);
  return result;
}

/// Removes the leaf on the way to a position, and what is empty above it.
void key_trie::prune(std::uint64_t position) {
  std::array<link*, levels_max + 1> way{};
  std::size_t depth = 0;
  auto* at = &roots_[position >> hash_bits];
  for (auto bits = hash_bits; at->below;) {
    way[depth++] = at;
    bits -= level_bits;
    at = &at->below->children[child_of(position, bits)];
  }
  delete at->here;
  *at = {};
  while (depth > 0 && --way[depth - 1]->below->used == 0) {
    --depth;
    delete way[depth]->below;
    *way[depth] = {};
  }
}

std::span<const key_trie::entry>
key_trie::at_or_after(std::uint64_t from) const {
  while (from < position_end) {
    const auto end = descend(from);
    if (const auto* in = end.at->here) {
      const auto i = index_in(*in, from, {});
      if (i < in->entries.size())
        return std::span{in->entries}.subspan(i);
    }
    from = (from | ((std::uint64_t{1} << end.bits) - 1)) + 1;
  }
  return {};
}

bool key_trie::free_some() {
  int leaves = 0;
  int passed = 0;
  while (freed_roots_ < roots_.size()) {
    if (roots_[freed_roots_].empty()) {
      ++freed_roots_;
      if (++passed == roots_passed_at_once)
        return true;
      continue;
    }
    if (++leaves > leaves_freed_at_once)
      return true;
    const auto slot = static_cast<std::uint64_t>(freed_roots_) << hash_bits;
    const auto first = at_or_after(slot);
    prune(first.front().position);
  }
  return false;
}

} // namespace cohort::kv
