// A state machine with its sessions: what an applier applies entries to.
#pragma once

#include "codec/client_messages.hpp"
#include "machine/session_table.hpp"
#include "machine/state_machine.hpp"
#include "replication/entry.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::machine {

/// Answers a query between commands that ran already, in an earlier attempt:
/// the state at its place is gone. Clients ask again by themselves (K2).
inline constexpr std::string_view place_is_gone =
  "-TRYAGAIN the state at this place of the pipeline is gone\r\n";

/// What came of one entry, for whoever asked for it.
struct work_result {
  client_outcome outcome = client_outcome::done;
  reply_list replies; ///< to its commands
  /// Of those that ran in an earlier attempt: which replies were not kept.
  std::vector<std::uint32_t> lost;
  reply_list query_replies; ///< to the queries that rode with it
};

/// Applies entries: sessions decide what runs (K1), the machine runs it, and
/// queries that ride with an entry are answered at their place (K3).
///
/// Deterministic like the machine. Used by one thread at a time.
class replicated_machine {
public:
  replicated_machine(std::unique_ptr<state_machine> user,
                     const session_limits& limits);

  /// Applies the next entry. `riding`: what this replica, as the primary, was
  /// asked together with it; nullptr elsewhere.
  work_result apply(const replication::entry& x, const work_request* riding);

  /// Answers queries that came without commands; see state_machine::query for
  /// `now_ms`. done with outcome gap: the session has not got that far.
  query_outcome query(const work_request& work, std::int64_t now_ms,
                      work_result& result);

  /// How far it is.
  index_t applied() const {
    return applied_;
  }
  term_t applied_term() const {
    return applied_term_;
  }
  std::int64_t log_time_ms() const {
    return log_time_ms_;
  }

  state_machine& user() {
    return *user_;
  }

  /// Sessions as bytes, for a snapshot.
  std::string sessions() const;

  /// A snapshot was restored into user(): takes over its place and sessions.
  result<void> restored(const replication::log_base& base,
                        std::string_view sessions);

private:
  void apply_batch(const apply_context& context, const session_batch& batch,
                   const work_request* riding, work_result& result);
  void run(const apply_context& context, const session_batch& batch,
           std::uint32_t first, const work_request* riding,
           work_result& result);
  void answer_from_table(const session_batch& batch, std::uint32_t count,
                         work_result& result) const;

  std::unique_ptr<state_machine> user_;
  session_table sessions_;
  index_t applied_;
  term_t applied_term_;
  std::int64_t log_time_ms_ = 0;
};

} // namespace cohort::machine
