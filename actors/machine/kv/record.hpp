// A key with its item in memory, immutable and shared.
#pragma once

#include "machine/kv/kv_store.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

namespace cohort::kv {

/// Shares one record: a key and its item in a single allocation. Whoever holds
/// one keeps it alive, so a snapshot holds what it has yet to write while the
/// store goes on. All holders are used by one thread at a time.
class record_ref {
public:
  record_ref() = default;
  record_ref(std::string_view key, const item& x);
  record_ref(const record_ref& other) : to_(other.to_) {
    if (to_)
      ++to_->holders;
  }
  record_ref(record_ref&& other) noexcept
    : to_(std::exchange(other.to_, nullptr)) {}
  record_ref& operator=(record_ref other) noexcept {
    std::swap(to_, other.to_);
    return *this;
  }
  ~record_ref() {
    if (to_ && --to_->holders == 0)
      destroy();
  }

  explicit operator bool() const {
    return to_ != nullptr;
  }

  // Precondition of the following: it holds a record.

  std::string_view key() const {
    return {text(), to_->key_size};
  }
  item what() const {
    return {
      {text() + to_->key_size, to_->value_size}, to_->expires_ms, to_->changed};
  }
  std::int64_t expires_ms() const {
    return to_->expires_ms;
  }

  /// Its size with what the allocator adds, about.
  std::size_t bytes() const {
    return sizeof(head) + to_->key_size + to_->value_size + 16;
  }

  /// By identity; any order.
  friend bool operator<(const record_ref& x, const record_ref& y) {
    return std::less<>{}(x.to_, y.to_);
  }

private:
  /// The bytes of the key and of the value follow.
  struct head {
    std::int64_t expires_ms;
    std::uint64_t changed;
    std::uint32_t key_size;
    std::uint32_t value_size;
    std::uint32_t holders;
  };

  const char* text() const {
    return reinterpret_cast<const char*>(to_ + 1);
  }

  void destroy();

  head* to_ = nullptr;
};

} // namespace cohort::kv
