// Frees what large things leave behind, a slice at a time.
#pragma once

#include "machine/kv/garbage.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>

namespace cohort::kv {

/// Used by one thread at a time, like whatever is thrown on it.
class garbage_heap {
public:
  /// Freed once nobody else holds it.
  void add(std::shared_ptr<garbage> x) {
    if (x)
      discarded_.push_back(std::move(x));
  }

  /// Frees a slice. False: there is nothing that can be freed now.
  bool free_some() {
    const auto free = std::find_if(
      discarded_.begin(), discarded_.end(),
      [](const std::shared_ptr<garbage>& x) { return x.use_count() == 1; });
    if (free == discarded_.end())
      return false;
    if (!(*free)->free_some())
      discarded_.erase(free);
    return true;
  }

private:
  std::deque<std::shared_ptr<garbage>> discarded_;
};

} // namespace cohort::kv
