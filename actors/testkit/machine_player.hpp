// Drives a state machine as an applier does, without one.
#pragma once

#include "core/rng.hpp"
#include "machine/state_machine.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::testkit {

/// Commands of one entry of the log.
using command_batch = std::vector<std::string>;

/// What such commands, or questions, travel as.
using batch_encoder = std::function<bytes(const command_batch&)>;

/// As machine::simple_machine, and whoever uses runtime::set_client, has it.
bytes encoded_list(const command_batch& commands);

/// One machine at a place in a log. The entry's number decides its context, so
/// that all players of one log pass the same. What is left to whoever drives a
/// machine is drawn: how a batch is cut into calls, how large chunks are.
///
/// For one thread. Throws std::runtime_error where a machine does what an
/// applier could not go on with.
class machine_player {
public:
  machine_player(std::unique_ptr<machine::state_machine> machine,
                 batch_encoder encode, std::uint64_t seed);

  /// The next entry; returns its replies. Throws if the batch is refused.
  std::vector<std::string> apply(const command_batch& batch);

  /// Does deferred work until the machine answers. Throws if it never does, if
  /// it gives not one answer, and if it waits for a later log time: that of the
  /// last entry is all there is.
  std::string ask(const std::string& question);

  /// The whole state.
  std::string snapshot();

  /// A cut of now; `meanwhile` is called between its chunks.
  std::string snapshot(const std::function<void()>& meanwhile);

  /// Takes the place and the state of another player.
  result<void> restore(std::string_view saved, std::uint64_t applied);

  /// Begins to, and gives up.
  void restore_in_part(std::string_view saved);

  std::uint64_t applied() const {
    return applied_;
  }
  machine::state_machine& machine() {
    return *machine_;
  }

private:
  machine::apply_context context() const;
  bool write_some(machine::snapshot_sink& to, std::string_view& rest,
                  result<void>& outcome);

  std::unique_ptr<machine::state_machine> machine_;
  batch_encoder encode_;
  rng random_;
  std::uint64_t applied_ = 0;
};

} // namespace cohort::testkit
