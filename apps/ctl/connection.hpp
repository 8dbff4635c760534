// A connection to one node, for one question at a time.
#pragma once

#include "core/result.hpp"
#include "runtime/topology.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace cohort::ctl {

/// What a node answered.
struct answer {
  bool refused = false; ///< an error reply; `text` says why
  std::string text;
};

/// A blocking client of the Redis protocol with a deadline. Not thread-safe.
class connection {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Errors: not_found if the name cannot be resolved, closed or timed_out if
  /// nobody answers there.
  static result<connection> open(const runtime::endpoint& to,
                                 time_point deadline);

  connection(connection&& other) noexcept;
  connection& operator=(connection&&) = delete;
  ~connection();

  /// Sends a command and waits for its answer: a text, a number or an error.
  /// After an error, what became of the command is not known.
  result<answer> ask(const std::vector<std::string>& words,
                     time_point deadline);

private:
  explicit connection(int socket) : socket_(socket) {}

  result<void> send_all(const std::string& bytes, time_point deadline);
  result<void> receive_some(time_point deadline);
  result<std::string> read_line(time_point deadline);
  result<std::string> read_exactly(std::size_t n, time_point deadline);

  int socket_;
  std::string input_; ///< received and not used
};

} // namespace cohort::ctl
