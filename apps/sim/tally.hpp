// Named counts of many runs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::sim {

/// In the order in which the names came first. Not thread-safe.
class tally {
public:
  void add(std::string_view name, std::uint64_t count) {
    for (auto& [known, sum] : counts_)
      if (known == name) {
        sum += count;
        return;
      }
    counts_.emplace_back(name, count);
  }

  const std::vector<std::pair<std::string, std::uint64_t>>& counts() const {
    return counts_;
  }

private:
  std::vector<std::pair<std::string, std::uint64_t>> counts_;
};

} // namespace cohort::sim
