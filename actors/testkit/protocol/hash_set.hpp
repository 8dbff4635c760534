// A set of hashes: eight bytes each and a little more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace cohort::testkit::protocol {

/// Values are spread already: they are their own hashes. Open addressing, at
/// most three quarters full.
class hash_set {
public:
  hash_set() : slots_(1024, 0) {}

  /// Whether it is new. 0 counts as 1.
  bool insert(std::uint64_t x) {
    x += x == 0;
    auto& slot = find(x);
    if (slot == x)
      return false;
    slot = x;
    if (4 * ++size_ > 3 * slots_.size())
      grow();
    return true;
  }

  std::size_t size() const {
    return size_;
  }

private:
  std::uint64_t& find(std::uint64_t x) {
    auto i = x & (slots_.size() - 1);
    while (slots_[i] != 0 && slots_[i] != x)
      i = (i + 1) & (slots_.size() - 1);
    return slots_[i];
  }

  void grow() {
    auto old = std::exchange(slots_,
                             std::vector<std::uint64_t>(2 * slots_.size(), 0));
    for (const auto x : old)
      if (x != 0)
        find(x) = x;
  }

  std::vector<std::uint64_t> slots_; ///< 0: free; their number: a power of two
  std::size_t size_ = 0;
};

} // namespace cohort::testkit::protocol
