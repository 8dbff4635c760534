// A server of RESP on loopback, for tests.
#pragma once

#include "bench/options.hpp"

#include <atomic>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

namespace cohort::bench {

/// Answers every command of one given length with +OK, but for the faults that
/// it is asked for. Runs in a thread of its own from start to destruction.
class fake_redis {
public:
  struct options {
    std::size_t command_bytes = 0; ///< all commands are as long as this
    std::size_t errors = 0;        ///< answer so many commands with -BUSY first
    /// Close each of the first `lost` connections at its first command.
    std::size_t lost = 0;
  };

  explicit fake_redis(const options& x);
  /// Joins the thread.
  ~fake_redis();
  fake_redis(const fake_redis&) = delete;
  fake_redis& operator=(const fake_redis&) = delete;

  endpoint where() const {
    return where_;
  }

  /// How many commands were answered with +OK.
  std::size_t answered() const {
    return answered_;
  }

private:
  struct connection {
    int descriptor;
    std::string input;
  };

  void serve();
  void accept_one();
  /// False: the connection is to be closed.
  bool serve_one(connection& x);

  options options_;
  endpoint where_; // before the listener, which fills it in
  int listener_ = -1;
  int stop_ = -1; ///< an event: the destructor was called
  std::vector<connection> connections_;
  std::atomic<std::size_t> answered_ = 0;
  std::thread thread_;
};

/// A port on loopback that refuses connections for as long as this lives.
class refusing_port {
public:
  refusing_port();
  ~refusing_port();
  refusing_port(const refusing_port&) = delete;
  refusing_port& operator=(const refusing_port&) = delete;

  endpoint where() const {
    return where_;
  }

private:
  endpoint where_; // before the descriptor, whose making fills it in
  int descriptor_ = -1;
};

} // namespace cohort::bench
