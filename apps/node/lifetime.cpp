#include "node/lifetime.hpp"

#include "core/check.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <thread>

namespace cohort::daemon {

namespace {

sigset_t ending_signals() {
  sigset_t result;
  sigemptyset(&result);
  sigaddset(&result, SIGTERM);
  sigaddset(&result, SIGINT);
  return result;
}

const char* name_of(int signal) {
  return signal == SIGTERM ? "SIGTERM" : "SIGINT";
}

} // namespace

lifetime::lifetime() {
  const auto ending = ending_signals();
  COHORT_CHECK(::pthread_sigmask(SIG_BLOCK, &ending, nullptr) == 0);
  COHORT_CHECK(std::signal(SIGPIPE, SIG_IGN) != SIG_ERR);
  signals_ = ::signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
  notices_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  COHORT_CHECK(signals_ >= 0 && notices_ >= 0);
}

lifetime::~lifetime() {
  ::close(signals_);
  ::close(notices_);
}

void lifetime::broke(const std::string& why) {
  {
    const std::lock_guard guard{mutex_};
    if (!reason_)
      reason_ = why;
  }
  notice();
}

void lifetime::notice() {
  const std::uint64_t one = 1;
  COHORT_CHECK(::write(notices_, &one, sizeof one) == sizeof one);
}

std::optional<std::string> lifetime::reason() const {
  const std::lock_guard guard{mutex_};
  return reason_;
}

/// Waits for a signal, or for a notice. Returns the signal, or 0.
int lifetime::next() {
  pollfd watched[2] = {{signals_, POLLIN, 0}, {notices_, POLLIN, 0}};
  while (::poll(watched, 2, -1) < 0)
    COHORT_CHECK(errno == EINTR);
  signalfd_siginfo info{};
  if (::read(signals_, &info, sizeof info) == sizeof info)
    return static_cast<int>(info.ssi_signo);
  std::uint64_t count = 0;
  COHORT_CHECK(::read(notices_, &count, sizeof count) == sizeof count);
  return 0;
}

int lifetime::wait(const std::function<void()>& stop,
                   const std::function<void(const std::string&)>& say) {
  for (;;) {
    if (const auto signal = next(); signal != 0) {
      say(std::string{name_of(signal)}
          + ": stopping; a second one ends the process at once");
      const auto code = stop_gracefully(stop);
      if (const auto why = reason())
        say("stopped while stopping: " + *why);
      return code;
    }
    if (const auto why = reason()) {
      say("stopped: " + *why);
      return exit_code::failed;
    }
  }
}

int lifetime::stop_gracefully(const std::function<void()>& stop) {
  std::atomic<bool> done = false;
  std::thread stopper{[this, &stop, &done] {
    stop();
    done = true;
    notice();
  }};
  while (!done)
    if (const auto signal = next(); signal != 0)
      std::_Exit(exit_code::signal_base + signal);
  stopper.join();
  return reason() ? exit_code::failed : exit_code::stopped;
}

std::size_t raise_open_files() {
  rlimit limit{};
  COHORT_CHECK(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max;
  // Not allowed to: then it stays as it was.
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
    COHORT_CHECK(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  return limit.rlim_cur;
}

std::uint64_t random_seed() {
  std::uint64_t result = 0;
  COHORT_CHECK(::getrandom(&result, sizeof result, 0)
               == static_cast<ssize_t>(sizeof result));
  return result;
}

} // namespace cohort::daemon
