// Runs the clients.
#pragma once

#include "bench/client.hpp"
#include "bench/options.hpp"
#include "bench/tally.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

namespace cohort::bench {

/// One run of a closed loop: one thread, one epoll, all clients. Latencies are
/// taken when this thread sees a reply, so they include its own queue: with
/// many clients on a busy processor, it measures itself too.
class generator {
public:
  /// `on_open` is called as the measured window opens.
  generator(const options& opts, std::function<void()> on_open);
  ~generator();
  generator(const generator&) = delete;
  generator& operator=(const generator&) = delete;

  /// Returns when the window is over, or all operations completed.
  /// Precondition: not called before.
  result<void> run();

  const tally& results() const {
    return results_;
  }

  /// Processor time that this process used in the measured window.
  std::int64_t own_cpu_ns() const {
    return own_cpu_ns_;
  }

private:
  result<void> prepare();
  void wait_for_events();
  void fire_reminders();
  /// Opens and closes the window when it is time. False: the run is over.
  bool advance();
  bool by_count() const {
    return opts_.work.limit > 0;
  }

  options opts_;
  std::function<void()> on_open_;
  tally results_;
  workload work_;
  timers<reminder> later_;
  std::vector<char> buffer_;
  int epoll_ = -1;
  std::deque<client> clients_;
  std::int64_t deadline_ns_ = 0; ///< of the warm-up, then of the window
  std::int64_t own_cpu_ns_ = 0;
};

} // namespace cohort::bench
