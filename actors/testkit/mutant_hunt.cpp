#include "testkit/mutant_hunt.hpp"

#include "core/check.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <map>
#include <memory>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cohort::testkit {

namespace {

using std::chrono::steady_clock;

/// Sanitizers take address space as if it cost nothing.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool memory_can_be_bounded = false;
#else
constexpr bool memory_can_be_bounded = true;
#endif

[[noreturn]] void fail(const char* what) {
  throw std::system_error{errno, std::generic_category(), what};
}

/// How a hunter ends that was not broken by its prey.
enum class hunter_exit : int { lives = 0, killed = 1 };

/// What a hunter writes while it runs, so that it can be read when it is dead.
struct hunter_notes {
  std::uint64_t seeds = 0; ///< begun, of all instruments
  std::size_t instrument = 0;
  std::uint64_t its_seeds = 0; ///< begun, of this one
  std::array<char, 2000> why{};
};

/// Memory that two processes share.
class shared_notes {
public:
  shared_notes()
    : at_(static_cast<hunter_notes*>(
      ::mmap(nullptr, sizeof(hunter_notes), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    if (at_ == MAP_FAILED)
      fail("mmap");
    new (at_) hunter_notes;
  }
  ~shared_notes() {
    ::munmap(at_, sizeof(hunter_notes));
  }
  shared_notes(const shared_notes&) = delete;
  shared_notes& operator=(const shared_notes&) = delete;

  hunter_notes* operator->() const {
    return at_;
  }

private:
  hunter_notes* at_;
};

// -- the process of a mutant --------------------------------------------------

/// Runs the instruments by turns until one finds something.
class hunter {
public:
  hunter(const mutant_hunt_options& options,
         std::span<const mutant_instrument> instruments,
         const shared_notes& notes)
    : options_(options),
      instruments_(instruments),
      notes_(notes),
      done_(instruments.size(), 0) {}

  [[noreturn]] void run(mutant x) {
    confine();
    options_.choose(x);
    ::_exit(static_cast<int>(hunt()));
  }

private:
  /// What a mutant says is of no interest, what it takes is bounded, and what
  /// it starts can be ended with it.
  void confine() const {
    ::setpgid(0, 0);
    const auto nowhere = ::open("/dev/null", O_WRONLY);
    if (nowhere >= 0) {
      ::dup2(nowhere, STDOUT_FILENO);
      ::dup2(nowhere, STDERR_FILENO);
    }
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    const rlimit memory{options_.memory_bytes_max, options_.memory_bytes_max};
    if (memory_can_be_bounded)
      ::setrlimit(RLIMIT_AS, &memory);
    // Who called may handle these in a way that keeps this process alive.
    for (const auto x : {SIGABRT, SIGALRM, SIGBUS, SIGFPE, SIGILL, SIGSEGV})
      std::signal(x, SIG_DFL);
  }

  hunter_exit hunt() {
    const auto deadline = steady_clock::now() + options_.patience;
    for (bool more = true; more;) {
      more = false;
      for (std::size_t i = 0; i < instruments_.size(); ++i) {
        const auto& x = instruments_[i];
        const auto end = std::min(x.seeds_max, done_[i] + x.seeds_per_turn);
        for (; done_[i] < end; ++done_[i])
          if (steady_clock::now() >= deadline)
            return hunter_exit::lives;
          else if (finds(i))
            return hunter_exit::killed;
        more = more || done_[i] < x.seeds_max;
      }
    }
    return hunter_exit::lives;
  }

  bool finds(std::size_t instrument) {
    ++notes_->seeds;
    notes_->instrument = instrument;
    notes_->its_seeds = done_[instrument] + 1;
    const auto& x = instruments_[instrument];
    ::alarm(static_cast<unsigned>(x.seed_patience.count()));
    try {
      const auto why = x.run(x.first_seed + done_[instrument]);
      if (why)
        note(*why);
      return why.has_value();
    } catch (const std::exception& e) {
      note(e.what());
    }
    return true;
  }

  void note(std::string_view why) const {
    const auto size = std::min(why.size(), notes_->why.size() - 1);
    std::copy_n(why.begin(), size, notes_->why.begin());
  }

  const mutant_hunt_options& options_;
  std::span<const mutant_instrument> instruments_;
  const shared_notes& notes_;
  std::vector<std::uint64_t> done_; ///< seeds, by instrument
};

// -- the process of all -------------------------------------------------------

/// A process that hunts one mutant.
struct started_hunter {
  mutant prey;
  pid_t pid;
  std::unique_ptr<shared_notes> notes;
};

class hunt_leader {
public:
  hunt_leader(const mutant_hunt_options& options,
              std::span<const mutant_instrument> instruments)
    : options_(options),
      instruments_(instruments) {}

  std::vector<mutant_verdict> run() {
    send_out({mutant::none}, 1);
    if (verdicts_.at(mutant::none).killed())
      return {verdicts_.at(mutant::none)};
    auto others = options_.targets;
    std::erase(others, mutant::none);
    send_out(others, options_.jobs);
    std::vector<mutant_verdict> result{verdicts_.at(mutant::none)};
    for (const auto x : others)
      result.push_back(verdicts_.at(x));
    return result;
  }

private:
  void send_out(const std::vector<mutant>& preys, std::size_t jobs) {
    for (const auto x : preys) {
      while (running_.size() >= jobs)
        await_one();
      start(x);
    }
    while (!running_.empty())
      await_one();
  }

  void start(mutant prey) {
    auto notes = std::make_unique<shared_notes>();
    const auto pid = ::fork();
    if (pid < 0)
      fail("fork");
    if (pid == 0)
      hunter{options_, instruments_, *notes}.run(prey);
    running_.push_back({prey, pid, std::move(notes)});
  }

  void await_one() {
    siginfo_t ended{};
    while (::waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT) != 0)
      if (errno != EINTR)
        fail("waitid");
    const auto at =
      std::find_if(running_.begin(), running_.end(),
                   [&](const auto& x) { return x.pid == ended.si_pid; });
    COHORT_CHECK(at != running_.end());
    finish(at);
  }

  void finish(std::vector<started_hunter>::iterator at) {
    ::kill(-at->pid, SIGKILL); // what it started, if anything still runs
    int status = 0;
    if (::waitpid(at->pid, &status, 0) != at->pid)
      fail("waitpid");
    const auto verdict = judge(*at, status);
    running_.erase(at);
    verdicts_[verdict.what] = verdict;
    if (options_.told)
      options_.told(verdict);
  }

  mutant_verdict judge(const started_hunter& x, int status) const {
    const auto& notes = *x.notes;
    if (WIFEXITED(status)
        && WEXITSTATUS(status) == static_cast<int>(hunter_exit::lives))
      return {x.prey, {}, notes->seeds, {}};
    const auto& by = instruments_[notes->instrument];
    return {x.prey, by.name, notes->its_seeds,
            WIFSIGNALED(status) ? name_of_end(WTERMSIG(status), by)
                                : std::string{notes->why.data()}};
  }

  static std::string name_of_end(int signal, const mutant_instrument& by) {
    if (signal == SIGALRM)
      return "did not end within " + std::to_string(by.seed_patience.count())
             + " s";
    return std::string{"crashed: "} + ::strsignal(signal);
  }

  const mutant_hunt_options& options_;
  std::span<const mutant_instrument> instruments_;
  std::vector<started_hunter> running_;
  std::map<mutant, mutant_verdict> verdicts_;
};

} // namespace

std::vector<mutant_verdict>
hunt_mutants(const mutant_hunt_options& options,
             std::span<const mutant_instrument> instruments) {
  COHORT_CHECK(options.choose && options.jobs > 0 && !instruments.empty());
  return hunt_leader{options, instruments}.run();
}

} // namespace cohort::testkit
