#include "testkit/seed_hunt.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

namespace cohort::testkit {

namespace {

class hunters {
public:
  hunters(const seed_hunt_options& options, const seed_run& run)
    : options_(options),
      run_(run) {}

  std::vector<bad_seed> all() {
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < options_.jobs; ++i)
      others.emplace_back([this] { work(); });
    work();
    for (auto& x : others)
      x.join();
    std::sort(bad_.begin(), bad_.end(),
              [](const auto& x, const auto& y) { return x.seed < y.seed; });
    return std::move(bad_);
  }

private:
  void work() {
    while (!enough_) {
      const auto i = next_++;
      if (i >= options_.count)
        return;
      auto outcome = run_one(options_.first + i);
      if (!outcome.why.empty())
        note(std::move(outcome));
    }
  }

  bad_seed run_one(std::uint64_t seed) const {
    try {
      auto outcome = run_(seed);
      outcome.seed = seed;
      return outcome;
    } catch (const std::exception& e) {
      return {seed, e.what(), {}};
    }
  }

  void note(bad_seed x) {
    const std::lock_guard guard{mutex_};
    bad_.push_back(std::move(x));
    enough_ = bad_.size() >= options_.bad_max;
  }

  const seed_hunt_options& options_;
  const seed_run& run_;
  std::atomic<std::uint64_t> next_{0};
  std::atomic<bool> enough_{false};
  std::mutex mutex_;
  std::vector<bad_seed> bad_;
};

} // namespace

std::vector<bad_seed> hunt(const seed_hunt_options& options,
                           const seed_run& run) {
  return hunters{options, run}.all();
}

} // namespace cohort::testkit
