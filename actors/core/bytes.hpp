// Byte ranges that share ownership of what they point into.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohort {

/// A read-only range of bytes together with a share in the memory it lies in:
/// a frame, a block read from disk, a string. Copying shares, it never copies
/// bytes. Threads may hold copies of one range at the same time, since nobody
/// writes through it.
class bytes {
public:
  bytes() = default;

  /// Precondition: `owner` keeps [data, data + size) alive and unchanged.
  bytes(std::shared_ptr<const void> owner, const void* data, std::size_t size)
    : owner_(std::move(owner)),
      data_(static_cast<const char*>(data)),
      size_(size) {}

  /// Takes the characters of `text` over.
  static bytes of(std::string text) {
    auto owner = std::make_shared<const std::string>(std::move(text));
    const auto* data = owner->data();
    const auto size = owner->size();
    return {std::move(owner), data, size};
  }

  const char* data() const {
    return data_;
  }
  std::size_t size() const {
    return size_;
  }
  bool empty() const {
    return size_ == 0;
  }
  std::string_view view() const {
    return {data_, size_};
  }
  std::span<const std::byte> span() const {
    return std::as_bytes(std::span{data_, size_});
  }

  /// Precondition: offset + count <= size().
  bytes slice(std::size_t offset, std::size_t count) const {
    return {owner_, data_ + offset, count};
  }

  /// Compares contents.
  friend bool operator==(const bytes& x, const bytes& y) {
    return x.view() == y.view();
  }

private:
  std::shared_ptr<const void> owner_;
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

} // namespace cohort
