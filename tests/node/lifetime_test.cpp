#include "node/lifetime.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <future>
#include <set>
#include <vector>

using namespace cohort::daemon;

namespace {

/// Runs `body` in a process of its own, since signals are for whole processes.
/// Returns its exit code; that of a signal is negative.
int exit_code_of(const std::function<int(lifetime&)>& body) {
  const auto child = ::fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    lifetime life;
    std::_Exit(body(life));
  }
  int status = 0;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void ignore(const std::string&) {
  // nop
}

} // namespace

BOOST_AUTO_TEST_SUITE(lifetime_suite)

BOOST_AUTO_TEST_CASE(a_signal_stops_gracefully) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const auto code = exit_code_of([signal](lifetime& life) {
      ::kill(::getpid(), signal);
      bool stopped = false;
      const auto result = life.wait([&] { stopped = true; }, ignore);
      return stopped ? result : 99;
    });
    BOOST_TEST(code == exit_code::stopped);
  }
}

BOOST_AUTO_TEST_CASE(a_second_signal_ends_at_once) {
  const auto code = exit_code_of([](lifetime& life) {
    ::kill(::getpid(), SIGINT);
    return life.wait(
      [] {
        ::kill(::getpid(), SIGTERM);
        std::promise<void>{}.get_future().wait();
      },
      ignore);
  });
  BOOST_TEST(code == exit_code::signal_base + SIGTERM);
}

BOOST_AUTO_TEST_CASE(what_breaks_is_a_failure_and_is_explained) {
  const auto code = exit_code_of([](lifetime& life) {
    life.broke("the disk is gone");
    life.broke("and so is the rest");
    std::string said;
    const auto result = life.wait([] { std::_Exit(98); },
                                  [&](const auto& text) { said += text; });
    return said == "stopped: the disk is gone" ? result : 99;
  });
  BOOST_TEST(code == exit_code::failed);
}

BOOST_AUTO_TEST_CASE(what_breaks_while_it_stops_is_a_failure) {
  const auto code = exit_code_of([](lifetime& life) {
    ::kill(::getpid(), SIGTERM);
    return life.wait([&] { life.broke("the disk is gone"); }, ignore);
  });
  BOOST_TEST(code == exit_code::failed);
}

BOOST_AUTO_TEST_CASE(a_lost_reader_is_no_reason_to_die) {
  const auto code = exit_code_of([](lifetime&) {
    ::raise(SIGPIPE);
    return 7;
  });
  BOOST_TEST(code == 7);
}

BOOST_AUTO_TEST_CASE(open_files_are_raised_to_the_limit) {
  const auto code = exit_code_of([](lifetime&) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 64;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    return raise_open_files() == limit.rlim_max ? 7 : 99;
  });
  BOOST_TEST(code == 7);
}

BOOST_AUTO_TEST_CASE(seeds_differ) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 8; ++i)
    seen.insert(random_seed());
  BOOST_TEST(seen.size() == 8u);
}

BOOST_AUTO_TEST_SUITE_END()
