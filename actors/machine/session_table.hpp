// What a set remembers of its clients, so that every command runs once (K1).
#pragma once

#include "codec/client_messages.hpp"
#include "machine/state_machine.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace cohort::machine {

struct session_limits {
  /// Commands of one session whose replies may be asked for again.
  std::uint64_t window = 8192;
  /// A longer reply is kept only as "applied".
  std::size_t kept_reply_bytes_max = 4096;
  /// All that the table keeps. A reply beyond is kept only as "applied", too.
  std::size_t kept_bytes_max = std::size_t{64} << 20;
  /// A session that is idle longer, in log time, expires.
  std::int64_t idle_ms_max = std::int64_t{60} * 60 * 1000;
  /// One more session makes the one that was idle longest expire.
  std::size_t sessions_max = 10'000;
};

/// How much of a batch may run.
struct admission {
  enum class verdict : std::uint8_t {
    run,     ///< the commands [first_to_run, count)
    expired, ///< the session is not known
    gap,     ///< a sequence is missing before the batch
    beyond,  ///< over the window
  };

  verdict what = verdict::run;
  std::uint32_t first_to_run = 0;
};

/// The sessions of a set. Part of the replicated state: changed by entries
/// only, the same on every replica, part of every snapshot.
class session_table {
public:
  explicit session_table(const session_limits& limits) : limits_(limits) {}

  void open(const session_id& id, std::int64_t log_time_ms);
  void close(const session_id& id);

  /// The first entry of a term: a new primary's clock expires nobody.
  void renew_all(std::int64_t log_time_ms);

  /// A batch is about to be applied: moves its session's mark, and says what of
  /// it runs.
  admission admit(const session_batch& batch, std::int64_t log_time_ms);

  /// The reply to a sequence that was applied before; nullptr if it is at or
  /// below the mark, or was not kept.
  const std::string* reply_to(const session_id& id,
                              std::uint64_t sequence) const;

  /// Records the reply to the sequence above the highest applied. Precondition:
  /// the session is known.
  void record(const session_id& id, std::string_view reply);

  /// Nothing if the session is not known.
  const session_state* find(const session_id& id) const;

  const std::map<session_id, session_state>& all() const {
    return sessions_;
  }

  /// Of all replies.
  std::size_t kept_bytes() const {
    return kept_bytes_;
  }

  /// For restoring a snapshot.
  void replace(std::map<session_id, session_state> from);

private:
  using sessions = std::map<session_id, session_state>;

  void expire(std::int64_t log_time_ms);
  sessions::iterator erase(sessions::iterator at);
  void forget(session_state& x, std::uint64_t up_to);

  session_limits limits_;
  sessions sessions_;
  /// A function of what is kept, so the same on every replica.
  std::size_t kept_bytes_ = 0;
  /// No session can expire before this log time.
  std::int64_t next_expiry_ms_ = 0;
};

} // namespace cohort::machine
