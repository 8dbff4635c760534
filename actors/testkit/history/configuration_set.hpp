// What the search may still believe: sets of configurations. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cohort::history {

/// Equally long rows of words, each at most once, in the order of insertion: a
/// hash table with open addressing over one array, since a search fills and
/// clears such sets millions of times.
class configuration_set {
public:
  explicit configuration_set(std::size_t width = 1) : width_(width) {}

  std::size_t size() const {
    return words_.size() / width_;
  }
  bool empty() const {
    return words_.empty();
  }
  std::size_t width() const {
    return width_;
  }

  /// Valid until the next insertion. Rows may be changed in place as long as
  /// they stay different; after that, nothing can be inserted before clear().
  std::span<std::uint64_t> operator[](std::size_t i) {
    return {words_.data() + i * width_, width_};
  }
  std::span<const std::uint64_t> operator[](std::size_t i) const {
    return {words_.data() + i * width_, width_};
  }

  /// Returns whether it was new. Precondition: row.size() == width(), and the
  /// row does not lie in this set.
  bool insert(std::span<const std::uint64_t> row);

  void clear();

  /// Inserts `count` words of zero into each row, in front of the word `at`.
  void widen(std::size_t at, std::size_t count);

private:
  bool holds_few(std::span<const std::uint64_t> row) const;
  void rehash();
  void place(std::uint32_t number);

  std::size_t width_;
  std::vector<std::uint64_t> words_;
  std::vector<std::uint32_t> slots_; // row number + 1, or 0; a power of two
  bool hashed_ = false;              // slots_ has all rows
};

} // namespace cohort::history
