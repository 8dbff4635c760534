#include "testkit/history/partition.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_map>

namespace cohort::history {

namespace {

/// Keys and what joins them: a forest with halved paths (Tarjan).
class joined_keys {
public:
  std::uint32_t root_of(key_id key) {
    const auto next = static_cast<std::uint32_t>(parents_.size());
    const auto [it, added] = numbers_.try_emplace(key, next);
    if (added)
      parents_.push_back(next);
    auto x = it->second;
    while (parents_[x] != x)
      x = parents_[x] = parents_[parents_[x]];
    return x;
  }

  void join(key_id x, key_id y) {
    const auto a = root_of(x);
    const auto b = root_of(y);
    parents_[std::max(a, b)] = std::min(a, b);
  }

  std::size_t size() const {
    return parents_.size();
  }

private:
  std::unordered_map<key_id, std::uint32_t> numbers_;
  std::vector<std::uint32_t> parents_;
};

} // namespace

std::vector<component> partition(std::span<const operation> operations) {
  std::vector<std::uint32_t> order(operations.size());
  std::iota(order.begin(), order.end(), 0u);
  std::erase_if(order, [&](std::uint32_t i) {
    return operations[i].ended == outcome::failed;
  });
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t x, std::uint32_t y) {
                     return operations[x].called < operations[y].called;
                   });
  joined_keys keys;
  for (auto i : order)
    for (const auto& x : operations[i].accesses)
      keys.join(operations[i].accesses.front().key, x.key);
  constexpr auto none = ~std::uint32_t{0};
  std::vector<std::uint32_t> numbers(keys.size(), none);
  std::vector<component> result;
  for (auto i : order) {
    auto& number = numbers[keys.root_of(operations[i].accesses.front().key)];
    if (number == none) {
      number = static_cast<std::uint32_t>(result.size());
      result.emplace_back();
    }
    result[number].push_back(i);
  }
  return result;
}

} // namespace cohort::history
