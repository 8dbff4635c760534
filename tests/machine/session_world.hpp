// A set and its gateways in one seeded world, for judging sessions (K1): a list
// of entries stands for the log, everything between is lost, repeated and
// reordered.
#pragma once

#include "core/rng.hpp"
#include "machine/session_sender.hpp"

#include "counting_machine.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cohort::machine::tests {

/// What may go wrong in a world.
struct world_options {
  std::uint64_t steps = 400;
  std::int64_t clock_jump_ms = 0; ///< of a new primary's clock, at most
  bool sessions_expire = false;   ///< log time jumps within a term
  std::size_t sessions_max = 100;
};

/// One gateway and what it was told of each command it submitted.
struct world_gateway {
  world_gateway(const sender_options& options, std::string its_name)
    : sender(options),
      name(std::move(its_name)) {}

  session_sender sender;
  std::string name;
  std::uint64_t commands = 0; ///< submitted; numbered from 1
  /// By the id of the work: the numbers of its commands, and its queries.
  struct submitted {
    std::uint64_t first = 0;
    std::uint32_t count = 0;
    std::vector<std::uint32_t> query_after;
    /// Commands that had been answered when a query was submitted.
    std::uint64_t must_see = 0;
    /// Commands that had been submitted then.
    std::uint64_t commands_before = 0;
  };
  std::map<std::uint64_t, submitted> open;
  std::map<std::uint64_t, work_fate> fates; ///< by the number of a command
  std::uint64_t newest_done = 0;
  /// By the commands submitted before a query: what it saw.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> seen_after;
};

/// Runs one seed; throws a Boost.Test failure naming it when a promise is
/// broken.
class session_world {
public:
  session_world(std::uint64_t seed, const world_options& options);

  void run();

  /// How often something interesting happened, to tell a test that tests.
  struct tally {
    std::size_t done = 0;
    std::size_t unknown = 0;
    std::size_t not_taken = 0;
    std::size_t replayed = 0; ///< answered from the table
    std::size_t expired = 0;
    std::size_t gaps = 0;
    std::size_t lost_entries = 0;
  };
  const tally& counts() const {
    return counts_;
  }

private:
  struct request_message {
    std::size_t gateway;
    node_id to;
    client_request request;
    bool repeated = false;
  };
  struct reply_message {
    std::size_t gateway;
    client_reply reply;
  };
  /// An entry of the primary that is not committed yet, and who waits for it.
  struct proposal {
    replication::entry entry;
    bool awaited = false;
    std::size_t gateway = 0;
    std::uint64_t request = 0;
    work_request work;
  };

  bool chance(std::uint64_t percent) {
    return random_.below(100) < percent;
  }
  void step();
  void submit(world_gateway& from);
  void submit_query(world_gateway& from);
  void deliver_request();
  void deliver_reply();
  void serve(const request_message& x);
  void refuse(const request_message& x, client_outcome outcome);
  void propose(const request_message& x, const work_request& work);
  void answer_queries(const request_message& x, const work_request& work);
  void commit_one();
  void change_primary();
  void snapshot_backup();
  void collect();
  void judge(world_gateway& from, const finished_work& x);
  void judge_queries(const world_gateway::submitted& x, world_gateway& from,
                     const client_reply& reply);
  void judge_own_writes(const world_gateway& from) const;
  void judge_order();
  void drain();
  void judge_all();
  void apply(const replication::entry& x, const proposal* asked);
  replication::entry new_entry(replication::entry_kind kind, bytes payload);
  std::int64_t clock_ms() const {
    return now_ms_ + skew_ms_;
  }
  std::string command_name(const world_gateway& from, std::uint64_t n) const;

  rng random_;
  world_options options_;
  session_limits limits_;
  std::int64_t now_ms_ = 0;
  std::int64_t skew_ms_ = 0;
  bool calm_ = false; ///< nothing goes wrong any more
  node_id primary_{1};
  term_t term_{1};
  std::int64_t last_log_time_ms_ = 0;
  std::vector<replication::entry> log_; ///< committed
  std::vector<proposal> tail_;
  std::unique_ptr<counting_replica> set_;
  std::unique_ptr<counting_replica> backup_; ///< applies later
  std::vector<std::unique_ptr<world_gateway>> gateways_;
  std::vector<request_message> requests_;
  std::vector<reply_message> replies_;
  std::map<std::string, std::string> true_replies_;
  std::map<std::string, std::uint64_t> newest_run_; ///< by gateway
  std::size_t judged_ = 0; ///< commands that ran and were looked at
  tally counts_;
};

} // namespace cohort::machine::tests
