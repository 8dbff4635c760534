#include "bench/generator.hpp"

#include "bench/protocols.hpp"
#include "core/check.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace cohort::bench {

namespace {

constexpr std::size_t read_bytes_max = std::size_t{256} << 10;
constexpr int events_max = 256;

std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// User and system time of this process.
std::int64_t cpu_ns() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto to_ns = [](const timeval& x) {
    return (std::int64_t{x.tv_sec} * 1'000'000 + x.tv_usec) * 1'000;
  };
  return to_ns(used.ru_utime) + to_ns(used.ru_stime);
}

/// Milliseconds until `due_ns`, rounded up so that it is due afterwards.
int milliseconds_until(std::int64_t due_ns) {
  const auto left_ns = std::max<std::int64_t>(due_ns - now_ns(), 0);
  return static_cast<int>(
    std::min<std::int64_t>((left_ns + 999'999) / 1'000'000, 60'000));
}

} // namespace

generator::generator(const options& opts, std::function<void()> on_open)
  : opts_(opts),
    on_open_(std::move(on_open)),
    work_(opts.work),
    buffer_(read_bytes_max) {}

generator::~generator() {
  if (epoll_ >= 0)
    close(epoll_);
}

result<void> generator::run() {
  if (auto ready = prepare(); !ready)
    return ready;
  deadline_ns_ = now_ns() + (by_count() ? 0 : opts_.warm_up_ns);
  for (auto& x : clients_)
    x.connect(now_ns());
  while (advance()) {
    wait_for_events();
    fire_reminders();
  }
  return {};
}

result<void> generator::prepare() {
  COHORT_CHECK(epoll_ < 0);
  if (auto can = supported(opts_.protocol); !can)
    return can;
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0)
    return {errc::io_failed, std::string{"epoll: "} + std::strerror(errno)};
  const client::environment shared{opts_,  work_,   results_,
                                   later_, buffer_, epoll_};
  for (std::size_t i = 0; i < opts_.clients; ++i)
    clients_.emplace_back(i, shared);
  return {};
}

void generator::wait_for_events() {
  // By count, the deadline has passed long ago when the window is open.
  auto due_ns = later_.next_ns().value_or(INT64_MAX);
  if (!by_count())
    due_ns = std::min(due_ns, deadline_ns_);
  std::array<epoll_event, events_max> events;
  const auto count = epoll_wait(epoll_, events.data(), events_max,
                                milliseconds_until(due_ns));
  COHORT_CHECK(count >= 0 || errno == EINTR);
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    clients_[event.data.u64].on_ready(event.events, now_ns());
  }
}

void generator::fire_reminders() {
  while (const auto due = later_.take_due(now_ns()))
    clients_[due->client].on_reminder(*due, now_ns());
}

bool generator::advance() {
  const auto now = now_ns();
  if (!results_.is_open() && now >= deadline_ns_) {
    results_.open(now);
    own_cpu_ns_ = -cpu_ns();
    deadline_ns_ = now + opts_.window_ns;
    on_open_();
    return true;
  }
  const bool over = by_count() ? results_.operations_ever() >= opts_.work.limit
                               : now >= deadline_ns_;
  if (!results_.is_open() || !over)
    return true;
  results_.close(now);
  own_cpu_ns_ += cpu_ns();
  return false;
}

} // namespace cohort::bench
