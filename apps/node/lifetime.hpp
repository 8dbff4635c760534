// How long a daemon runs, and how it ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

namespace cohort::daemon {

/// What the process tells who started it.
namespace exit_code {
inline constexpr int stopped = 0; ///< as it was told to
inline constexpr int failed = 1;  ///< it could not start, or broke
inline constexpr int usage = 2;   ///< a wrong command line or topology file
inline constexpr int signal_base = 128; ///< plus the signal that cut it short
} // namespace exit_code

/// Waits for SIGTERM or SIGINT, or for the word that the service is broken. A
/// second signal ends the process at once.
///
/// To be made before any other thread, since it blocks the signals for all of
/// them; SIGPIPE is ignored from then on. One per process.
class lifetime {
public:
  lifetime();
  ~lifetime();

  lifetime(const lifetime&) = delete;
  lifetime& operator=(const lifetime&) = delete;

  /// The service has stopped by itself: why. From any thread; the first reason
  /// counts.
  void broke(const std::string& why);

  /// Returns the exit code. `stop` runs once if a signal asks for it, on a
  /// thread of its own; `say` gets what people should know.
  int wait(const std::function<void()>& stop,
           const std::function<void(const std::string&)>& say);

private:
  int next();
  void notice();
  std::optional<std::string> reason() const;
  int stop_gracefully(const std::function<void()>& stop);

  int signals_ = -1;
  int notices_ = -1;
  mutable std::mutex mutex_;
  std::optional<std::string> reason_;
};

/// Allows as many open files as the system lets this process have. Returns how
/// many.
std::size_t raise_open_files();

/// A number that nobody can guess.
std::uint64_t random_seed();

} // namespace cohort::daemon
