// Redis keys and strings as a state machine.
#pragma once

#include "machine/kv/kv_store.hpp"
#include "machine/state_machine.hpp"

#include <memory>

namespace cohort::kv {

/// A machine that takes the batches of codec/kv_codec.hpp and answers in RESP3,
/// as Redis 7 does, over the given engine.
///
/// Expiry (K4): a key is gone from the moment log time reaches its expiry. What
/// is due is hidden at once and removed from the engine in slices, by later
/// batches and by work(). What depends on all keys (DBSIZE, SCAN, RANDOMKEY)
/// first lets the removal finish, so replies depend on log time alone.
///
/// WATCH (K5): a change is named by the index of its entry and by the place of
/// its command in the batch, so no change of the set is ever named twice.
std::unique_ptr<machine::state_machine>
make_kv_machine(std::unique_ptr<kv_store> store);

} // namespace cohort::kv
