// A program's own way to a replicated set: commands and questions as text,
// answers as futures.
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "machine/session_sender.hpp"
#include "runtime/node.hpp"

#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <string>

namespace cohort::runtime {

/// Reaches the set of a node, from inside its process, wherever the set's
/// primary is. Each command takes effect once, also over a change of primary
/// (K1); each question sees everything that was answered before it was asked.
///
/// Errors: timed_out: the outcome of a command is unknown, once at most; busy:
/// certainly without effect, also when the bound on pending bytes is reached;
/// invalid or no_space: certainly without effect, and why; closed: the client
/// or its node is gone, and the outcome unknown.
///
/// Thread-safe. For machines that are derived from simple_machine. Must not
/// outlive the actor system.
class set_client {
public:
  struct options {
    machine::sender_options sending;
    std::size_t pending_bytes_max = std::size_t{16} << 20;
    /// As a gateway of its node, where nobody else has it; 0: one that nobody
    /// else in this process has.
    std::uint16_t number = 0;
  };

  set_client(caf::actor_system& system, const node& at,
             std::shared_ptr<const clock> time, const options& opts);
  set_client(caf::actor_system& system, const node& at,
             std::shared_ptr<const clock> time)
    : set_client(system, at, std::move(time), options{}) {}

  ~set_client();

  set_client(const set_client&) = delete;
  set_client& operator=(const set_client&) = delete;

  std::future<result<std::string>> execute(std::string command);
  std::future<result<std::string>> query(std::string question);

private:
  caf::actor actor_;
  caf::actor node_;
  std::uint16_t number_ = 0;
};

} // namespace cohort::runtime
