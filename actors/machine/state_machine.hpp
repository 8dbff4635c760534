// What a set replicates: a deterministic machine that turns committed commands
// into state and replies.
#pragma once

#include "core/bytes.hpp"
#include "core/ids.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::machine {

/// Where in the log, and when, a command is applied. Every replica passes the
/// same values for the same command.
struct apply_context {
  index_t index;
  term_t term;
  std::int64_t log_time_ms = 0; ///< never goes back (K4)
};

/// Collects replies, in order. A reply is opaque to everything but the machine
/// and whoever speaks to its clients.
class reply_list {
public:
  /// Append the bytes of the current reply here, then call finish().
  std::string& out() {
    return data_;
  }

  void finish() {
    ends_.push_back(data_.size());
  }

  void add(std::string_view reply) {
    data_.append(reply);
    finish();
  }

  std::size_t size() const {
    return ends_.size();
  }

  /// Precondition: i < size().
  std::string_view operator[](std::size_t i) const {
    const auto begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view{data_}.substr(begin, ends_[i] - begin);
  }

  const std::string& data() const {
    return data_;
  }

  /// Where each reply ends in data().
  const std::vector<std::size_t>& ends() const {
    return ends_;
  }

  void clear() {
    data_.clear();
    ends_.clear();
  }

private:
  std::string data_;
  std::vector<std::size_t> ends_;
};

/// A consistent cut of a machine, read in chunks while the machine goes on.
class snapshot_source {
public:
  virtual ~snapshot_source() = default;

  /// Appends the next chunk to `chunk`: about `bytes_max` bytes, and never more
  /// work than fits into a slice of 200 us. False: the cut is read completely.
  virtual bool next(std::string& chunk, std::size_t bytes_max) = 0;
};

/// Receives the chunks of a snapshot_source, cut anywhere, and makes them the
/// machine's state.
class snapshot_sink {
public:
  virtual ~snapshot_sink() = default;

  virtual result<void> write(std::string_view chunk) = 0;

  /// The last chunk was written: switches to the new state.
  virtual result<void> finish() = 0;
};

/// What an engine that keeps its state on disk had made durable.
struct durable_state {
  index_t applied;
  term_t term;
  std::string attachment; ///< as given to begin_flush()
};

enum class query_outcome : std::uint8_t {
  done,
  /// The answer depends on whether a key has expired by now: let log time
  /// advance to now, then ask again (K4).
  time_must_advance,
  /// The answer needs deferred work: call work() until it returns false, then
  /// ask again.
  work_must_be_done,
};

/// The state machine of one replica. Deterministic: the same commands in the
/// same contexts give the same state and the same replies, on every replica and
/// in every release that speaks the same version().
///
/// Called from one thread at a time (the applier's).
class state_machine {
public:
  virtual ~state_machine() = default;

  /// Of the meaning of commands and of the snapshot format.
  virtual std::uint32_t version() const = 0;

  /// Refuses a batch that this machine cannot read, before it is proposed.
  /// Returns the number of commands in it.
  virtual result<std::uint32_t> check(const bytes& batch) const = 0;

  /// Applies the commands [first, last) of a batch and adds one reply for each.
  /// A command that fails answers so; it never throws.
  virtual void apply(const apply_context& context, const bytes& batch,
                     std::uint32_t first, std::uint32_t last,
                     reply_list& replies) = 0;

  /// Log time moved on without a command.
  virtual void advance_time(const apply_context& context) = 0;

  /// Evaluates the reads [first, last) of a batch of queries and adds one reply
  /// for each; none unless the outcome is `done`. `now_ms` is what log time
  /// would be if an entry were appended now; 0 accepts the present log time.
  virtual query_outcome query(const bytes& queries, std::uint32_t first,
                              std::uint32_t last, std::int64_t now_ms,
                              reply_list& replies) = 0;

  /// Whether the disk under an engine still works. Once it does not, replies
  /// mean nothing and must not leave: ask after each call and stop the node
  /// (D6).
  virtual result<void> failed() const {
    return {};
  }

  /// Whether log time should be moved soon, so that what is due can go (K4).
  virtual bool time_is_due(std::int64_t now_ms) const = 0;

  /// A cut of the state as of now. At most one is open at a time.
  virtual std::unique_ptr<snapshot_source> begin_snapshot() = 0;

  /// Replaces the whole state. Nothing else is called until it is finished or
  /// destroyed; destroyed unfinished, the old state stays.
  virtual std::unique_ptr<snapshot_sink> begin_restore() = 0;

  // -- engines that keep their state on disk ----------------------------------

  /// Whether the machine keeps its own state over restarts.
  virtual bool persistent() const {
    return false;
  }

  /// What was durable when the machine was opened.
  virtual durable_state recovered() const {
    return {};
  }

  /// Starts making everything applied so far durable, atomically with
  /// `attachment`. `done` is called once, from any thread. At most one at a
  /// time.
  virtual void begin_flush(index_t applied, term_t term, std::string attachment,
                           std::function<void(result<void>)> done);

  /// Bytes that the next flush would write: when to start one.
  virtual std::size_t unflushed_bytes() const {
    return 0;
  }

  /// Approximate size of the whole state, for deciding when a snapshot is due.
  virtual std::size_t approximate_bytes() const = 0;

  // -- housekeeping -----------------------------------------------------------

  /// Does a slice (at most 200 us) of deferred work, such as freeing a flushed
  /// table. False: nothing is left.
  virtual bool work() {
    return false;
  }
};

} // namespace cohort::machine
