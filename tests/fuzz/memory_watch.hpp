// How much memory a decoder takes.
#pragma once

#include <cstddef>

namespace cohort::fuzz {

/// Watches what is allocated while it lives, by all threads. One at a time.
class memory_watch {
public:
  memory_watch();
  ~memory_watch();
  memory_watch(const memory_watch&) = delete;
  memory_watch& operator=(const memory_watch&) = delete;

  /// The most bytes that were allocated, and not freed, at a time. What was
  /// allocated before does not count.
  std::size_t peak() const;
};

} // namespace cohort::fuzz
