// Memory that direct access can use.
#pragma once

#include "storage/file_system.hpp"

#include <cstddef>
#include <memory>
#include <new>
#include <span>

namespace cohort::storage {

/// Bytes that begin at a page boundary. Not initialized: who writes them to a
/// disk fills them first. Moves, never copies.
class aligned_buffer {
public:
  aligned_buffer() = default;

  explicit aligned_buffer(std::size_t size)
    : data_(static_cast<std::byte*>(
      ::operator new (size, std::align_val_t{page_bytes}))),
      size_(size) {}

  std::byte* data() {
    return data_.get();
  }
  const std::byte* data() const {
    return data_.get();
  }
  std::size_t size() const {
    return size_;
  }
  std::span<std::byte> span() {
    return {data_.get(), size_};
  }
  std::span<const std::byte> span() const {
    return {data_.get(), size_};
  }

  /// Makes room for `size` bytes. What was there is lost if it has to grow.
  void reserve(std::size_t size) {
    if (size > size_)
      *this = aligned_buffer{size};
  }

private:
  struct release {
    void operator()(std::byte* data) const {
      ::operator delete (data, std::align_val_t{page_bytes});
    }
  };

  std::unique_ptr<std::byte, release> data_;
  std::size_t size_ = 0;
};

} // namespace cohort::storage
