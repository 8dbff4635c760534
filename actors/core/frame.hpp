// The one message type that crosses actors and nodes.
#pragma once

#include "core/bytes.hpp"
#include "core/check.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace cohort {

/// Words under construction; becomes a frame and can then no longer be written.
class frame_buffer {
public:
  /// The words are not initialized.
  explicit frame_buffer(std::size_t word_count)
    : words_(std::make_shared_for_overwrite<std::uint64_t[]>(word_count)),
      word_count_(word_count) {}

  std::uint64_t* words() {
    return words_.get();
  }
  char* data() {
    return reinterpret_cast<char*>(words_.get());
  }
  std::size_t word_count() const {
    return word_count_;
  }
  std::size_t size() const {
    return word_count_ * sizeof(std::uint64_t);
  }

private:
  friend class frame;

  std::shared_ptr<std::uint64_t[]> words_;
  std::size_t word_count_;
};

/// One encoded Cap'n Proto message: an immutable, word-aligned array that all
/// who hold it share. Sending it inside the process copies a pointer. Payload
/// bytes of a decoded message alias it, and keep it alive.
class frame {
public:
  frame() = default;

  explicit frame(frame_buffer&& buffer)
    : words_(std::move(buffer.words_)),
      word_count_(buffer.word_count_) {}

  const std::uint64_t* words() const {
    return words_.get();
  }
  const char* data() const {
    return reinterpret_cast<const char*>(words_.get());
  }
  std::size_t word_count() const {
    return word_count_;
  }
  std::size_t size() const {
    return word_count_ * sizeof(std::uint64_t);
  }
  bool empty() const {
    return word_count_ == 0;
  }

  /// A range that lies inside this frame and keeps it alive.
  bytes alias(const void* data, std::size_t size) const {
    return {words_, data, size};
  }

private:
  std::shared_ptr<const std::uint64_t[]> words_;
  std::size_t word_count_ = 0;
};

} // namespace cohort
