// A TCP connection that never blocks.
#pragma once

#include "bench/options.hpp"
#include "core/result.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace cohort::bench {

/// Owns one socket. Moves, does not copy.
class socket {
public:
  socket() = default;
  ~socket() {
    close();
  }
  socket(socket&& other) noexcept;
  socket& operator=(socket&& other) noexcept;

  /// Begins to connect. The outcome is known once the socket is writable.
  static result<socket> connect(const endpoint& to);

  int descriptor() const {
    return descriptor_;
  }
  bool is_open() const {
    return descriptor_ >= 0;
  }

  /// How connecting ended. Precondition: the socket became writable.
  result<void> connected() const;

  /// Sends what fits now, and returns how much that was.
  result<std::size_t> send(std::string_view data) const;

  /// What is there: empty if nothing is, errc::closed if nothing will be.
  result<std::string_view> receive(std::span<char> buffer) const;

  void close();

private:
  explicit socket(int descriptor) : descriptor_(descriptor) {}

  int descriptor_ = -1;
};

} // namespace cohort::bench
