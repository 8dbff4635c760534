// What clients saw: the operations of a history, as plain values. Pure.
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace cohort::history {

/// A key holds one value. Text keys and values are numbered by whoever records
/// the history.
using key_id = std::uint64_t;
using value_t = std::int64_t;
/// Any clock that all clients of one history share and that never goes back.
using time_point = std::uint64_t;

/// Behind all times: when an operation without an answer ends.
inline constexpr time_point never = ~time_point{0};

enum class action : std::uint8_t {
  read,   ///< gave `result`
  write,  ///< sets the key to `argument`
  add,    ///< adds `argument`, modulo 2^64, and gave the new value, `result`
  expect, ///< a condition: the key has the value `argument`
};

/// One key's part in an operation.
struct access {
  action what{};
  key_id key = 0;
  value_t argument = 0;
  value_t result = 0; ///< of a completed operation only
};

enum class outcome : std::uint8_t {
  completed, ///< took effect between its call and its return
  refused,   ///< returned, without effect: some condition did not hold
  unknown,   ///< timed out: takes effect at any time after its call, or never
  failed,    ///< never took and never takes effect
};

/// A read, write or increment is an operation with one access; compare-and-set
/// is a condition and a write of the same key; a transaction is any list. All
/// of it happens at one moment: first the conditions are tested, on the values
/// from before the operation, then the others are carried out in their order.
struct operation {
  std::uint64_t client = 0; ///< for people
  time_point called = 0;
  time_point returned = 0; ///< read only if completed or refused
  outcome ended = outcome::completed;
  std::vector<access> accesses;
};

access read(key_id key, value_t result);
access write(key_id key, value_t argument);
access add(key_id key, value_t argument, value_t result);
access expect(key_id key, value_t argument);

/// When an operation has taken effect at the latest.
time_point end_of(const operation& op);

/// Whether it can change a key.
bool changes(const operation& op);

/// "client 3: key 7 read 5 at [10, 20]".
std::string to_string(const operation& op);

/// `invalid`: an operation returns before its call, touches no key, or was
/// refused without a condition.
result<void> validate(std::span<const operation> operations);

} // namespace cohort::history
