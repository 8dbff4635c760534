// Whether a state machine keeps the promises that replication relies on.
#pragma once

#include "core/rng.hpp"
#include "machine/state_machine.hpp"
#include "testkit/machine_player.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cohort::testkit {

/// A machine to be checked, and what to feed it with.
struct machine_contract {
  /// A new one in its first state.
  std::function<std::unique_ptr<machine::state_machine>()> make;
  /// Draws a command, also such as the machine refuses. A machine whose
  /// commands refer to each other needs few names in them.
  std::function<std::string(rng&)> command;
  /// Draws a question that reads the state. None: nothing is asked.
  std::function<std::string(rng&)> question;
  /// What commands and questions travel as, if not as a list.
  batch_encoder encode = encoded_list;
  /// Snapshots that earlier releases wrote under the same version().
  std::vector<std::string> saved_before;

  std::uint64_t first_seed = 1;
  std::uint64_t seeds = 20;
  std::size_t commands_max = 200; ///< of one seed
};

/// A promise that was not kept.
struct broken_contract {
  std::string rule; ///< what must hold
  std::string what; ///< what was seen instead
  std::uint64_t seed = 0;
  std::vector<std::string> commands; ///< as few as were found to show it
};

std::string to_string(const broken_contract& x);

/// Checks what machine/state_machine.hpp says, with commands that seeds draw:
///
/// - the same commands in the same contexts give the same replies, the same
///   answers and the same snapshot, however they are cut into calls;
/// - a snapshot is the state of its moment, while commands go on, and a machine
///   that restored it, whatever it held before, goes on like the first one;
/// - a restore that is given up, or refused, leaves the old state;
/// - questions change nothing, and have the same answer again;
/// - check() tells the number of commands, and what it refuses is never
///   applied; each command has one reply; nothing throws;
/// - version() stays, and what was saved under it can be restored, and is saved
///   as the same bytes again.
///
/// Not checked: flushes of engines that keep their state on disk, and time.
/// Deterministic, as far as the machine is. Returns the first broken promise.
std::optional<broken_contract> check_contract(const machine_contract& x);

} // namespace cohort::testkit
