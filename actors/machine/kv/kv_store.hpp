// Where the kv machine keeps keys: the engine below the semantics of Redis.
#pragma once

#include "core/ids.hpp"
#include "core/result.hpp"
#include "machine/state_machine.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::kv {

/// When a key with an expiry that never comes expires.
inline constexpr std::int64_t never = 0;

/// What is kept under a key.
struct item {
  std::string_view value;
  /// Due at this log time, milliseconds since 1970; `never`: stays.
  std::int64_t expires_ms = never;
  /// Names the last change of the key: no two changes of a set's keys have the
  /// same, nor is it ever 0. The machine gives it, the engine only keeps it.
  std::uint64_t changed = 0;

  /// Gone at log time `at_ms` (K4).
  bool due(std::int64_t at_ms) const {
    return expires_ms != never && expires_ms <= at_ms;
  }
};

/// Keys and their items, in memory or on disk.
///
/// The contract, which every engine keeps:
///
/// - Order. Keys lie in the order (position, key), where the position is that
///   of key_order.hpp: cluster slot, then a hash keyed by seed(). It is the
///   order of walks and of snapshots, so that a SCAN cursor means the same on
///   every engine and every replica (K5).
/// - Expiry. An engine never decides by itself that a key is gone: get() and
///   walk() give out keys that are due, and size() counts them, until
///   erase_due() or erase() removed them. The machine hides what is due at log
///   time, so when it is removed is not visible and may differ by replica.
/// - Batches. Changes happen between begin_batch() and end_batch() only. Reads
///   inside a batch see the batch's changes. Everything between them belongs to
///   one apply(), and a persistent engine makes it one atomic write.
/// - Views. What get() gives out lives until the next call of the engine;
///   arguments may point into it, but for that of another get().
/// - Generations. clear() takes constant time: what was there becomes garbage
///   that work() frees in slices.
/// - Snapshots. At most one source is open; it gives the state at its begin, in
///   the format of snapshot_format.hpp, which is the same for all engines,
///   without the keys that were due then. Changes go on meanwhile. A sink takes
///   that format, whichever engine wrote it, and leaves the old state alone
///   until finish().
/// - Bounds. No call works longer than 200 us, but for large values and
/// batches.
/// - Failure. Memory engines do not fail. A persistent engine whose disk failed
///   says so by failed() from then on; what else it answers means nothing, but
///   it neither throws nor crashes.
///
/// Used by one thread at a time, but see begin_flush().
class kv_store {
public:
  virtual ~kv_store() = default;

  /// The key of the order's hash. The same on every replica of a set.
  virtual std::uint64_t seed() const = 0;

  /// That of the last batch: a part of the state, and kept with it.
  virtual std::int64_t log_time_ms() const = 0;

  // -- reading ----------------------------------------------------------------

  virtual std::optional<item> get(std::string_view key) = 0;

  /// All keys, those that are due too.
  virtual std::uint64_t size() const = 0;

  /// A key at its place in the order.
  struct placed {
    std::uint64_t position = 0;
    std::string_view key;
    item what;
  };

  /// False ends the walk. The engine must not be called from here.
  using visitor = std::function<bool(const placed&)>;

  /// Visits the keys at positions >= `from` in order, until `visit` returns
  /// false.
  virtual void walk(std::uint64_t from, const visitor& visit) = 0;

  // -- changing ---------------------------------------------------------------

  /// Precondition: no batch is open; `log_time_ms` is not below the last.
  virtual void begin_batch(std::int64_t log_time_ms) = 0;
  virtual void end_batch() = 0;

  /// Adds or replaces. Precondition: x.changed != 0.
  virtual void put(std::string_view key, const item& x) = 0;

  /// Whether it was there.
  virtual bool erase(std::string_view key) = 0;

  /// Removes every key.
  virtual void clear() = 0;

  // -- expiry -----------------------------------------------------------------

  /// The smallest expires_ms of all keys that have one.
  virtual std::optional<std::int64_t> soonest_expiry() const = 0;

  /// Removes up to `count_max` keys that are due at `at_ms`, the soonest first.
  /// Returns how many; less than count_max: no key is due any more. Inside of a
  /// batch, like every change.
  virtual std::size_t erase_due(std::int64_t at_ms, std::size_t count_max) = 0;

  // -- snapshots --------------------------------------------------------------

  /// As machine::state_machine's.
  virtual std::unique_ptr<machine::snapshot_source> begin_snapshot() = 0;

  /// A snapshot of another seed is refused. finish() takes log_time_ms() over.
  virtual std::unique_ptr<machine::snapshot_sink> begin_restore() = 0;

  /// Of keys, values and what holds them.
  virtual std::size_t approximate_bytes() const = 0;

  // -- housekeeping -----------------------------------------------------------

  /// Does a slice (at most 200 us) of deferred work. False: nothing is left.
  virtual bool work() = 0;

  // -- engines on disk: as machine::state_machine's ---------------------------

  virtual result<void> failed() const {
    return {};
  }
  virtual bool persistent() const {
    return false;
  }
  virtual machine::durable_state recovered() const {
    return {};
  }

  /// `done` may be called from any thread. Precondition: persistent(), and none
  /// is under way.
  virtual void begin_flush(index_t applied, term_t term, std::string attachment,
                           std::function<void(result<void>)> done);

  virtual std::size_t unflushed_bytes() const {
    return 0;
  }
};

/// Keeps everything in memory.
std::unique_ptr<kv_store> make_memory_store(std::uint64_t seed);

} // namespace cohort::kv
