#include "testkit/history/configuration_set.hpp"

#include "core/check.hpp"

#include <algorithm>

namespace cohort::history {

namespace {

/// Up to this size, looking at all rows is faster than hashing.
constexpr std::size_t few = 8;

std::uint64_t hash_of(std::span<const std::uint64_t> row) {
  std::uint64_t h = 0x9e3779b97f4a7c15;
  for (auto word : row) {
    h = (h ^ word) * 0xbf58476d1ce4e5b9;
    h ^= h >> 29;
  }
  return h;
}

bool same(std::span<const std::uint64_t> x, std::span<const std::uint64_t> y) {
  return std::equal(x.begin(), x.end(), y.begin());
}

} // namespace

bool configuration_set::holds_few(std::span<const std::uint64_t> row) const {
  for (std::size_t i = 0; i < size(); ++i)
    if (same((*this)[i], row))
      return true;
  return false;
}

void configuration_set::place(std::uint32_t number) {
  const auto mask = slots_.size() - 1;
  auto slot = hash_of((*this)[number]) & mask;
  while (slots_[slot] != 0)
    slot = (slot + 1) & mask;
  slots_[slot] = number + 1;
}

void configuration_set::rehash() {
  hashed_ = true;
  slots_.assign(std::max<std::size_t>(64, 4 * size()), 0);
  while ((slots_.size() & (slots_.size() - 1)) != 0)
    slots_.resize((slots_.size() | (slots_.size() - 1)) + 1);
  for (std::uint32_t i = 0; i < size(); ++i)
    place(i);
}

bool configuration_set::insert(std::span<const std::uint64_t> row) {
  COHORT_CHECK(row.size() == width_);
  const auto count = size();
  if (count < few) {
    if (holds_few(row))
      return false;
    words_.insert(words_.end(), row.begin(), row.end());
    return true;
  }
  if (!hashed_ || 2 * count >= slots_.size())
    rehash();
  const auto mask = slots_.size() - 1;
  for (auto slot = hash_of(row) & mask; slots_[slot] != 0;
       slot = (slot + 1) & mask)
    if (same((*this)[slots_[slot] - 1], row))
      return false;
  words_.insert(words_.end(), row.begin(), row.end());
  place(static_cast<std::uint32_t>(count));
  return true;
}

void configuration_set::clear() {
  words_.clear();
  hashed_ = false;
}

void configuration_set::widen(std::size_t at, std::size_t count) {
  std::vector<std::uint64_t> wider;
  wider.reserve(size() * (width_ + count));
  for (std::size_t i = 0; i < size(); ++i) {
    const auto row = (*this)[i];
    const auto middle = row.begin() + static_cast<std::ptrdiff_t>(at);
    wider.insert(wider.end(), row.begin(), middle);
    wider.insert(wider.end(), count, 0);
    wider.insert(wider.end(), middle, row.end());
  }
  clear();
  words_ = std::move(wider);
  width_ += count;
}

} // namespace cohort::history
