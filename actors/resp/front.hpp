// Redis clients at one end, a replica set at the other. Pure.
#pragma once

#include "codec/kv_codec.hpp"
#include "codec/node_messages.hpp"
#include "machine/session_sender.hpp"
#include "resp/client.hpp"
#include "resp/front_options.hpp"
#include "resp/translator.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cohort::resp {

/// What the shell does for a front, in this order.
struct front_output {
  struct client_write {
    client_id client = 0;
    std::string bytes;
    bool close = false; ///< once the bytes are written
  };

  std::vector<machine::outgoing_request> requests;
  std::vector<client_write> writes;
  std::vector<client_id> halt;   ///< read no more from these
  std::vector<client_id> resume; ///< go on
  /// Answer with reported().
  bool wants_report = false;
  /// Answer with cluster_reported().
  bool wants_cluster_report = false;
  /// An operator: form the cluster without these nodes.
  std::optional<std::vector<std::string>> form_without;
  /// Some clients have more to be served: call go_on() after the others had
  /// their turn.
  bool unfinished = false;
};

/// What the front needs to know of the replica of its node, for INFO.
struct front_report {
  bool hosts_replica = false;
  replica_status status;
};

/// Speaks the Redis protocol with clients, and with the set's primary through a
/// session of its own: collects the commands of one turn of the loop, over all
/// connections, into one batch; keeps replies in the order of requests (K3);
/// resends after a change of primary, and says aloud what is unknown (K1, K2).
///
/// Time comes in as milliseconds of a monotonic clock. Not thread-safe.
class front {
public:
  explicit front(const front_options& options);

  // -- connections ------------------------------------------------------------
  void opened(client_id id, std::string address, std::int64_t now_ms);
  void received(client_id id, std::string_view data, std::int64_t now_ms);
  void closed(client_id id);
  /// All that arrived in one turn was passed on.
  void end_of_turn(std::int64_t now_ms);
  /// Serves those that had to wait so that others had a turn.
  void go_on(std::int64_t now_ms);

  // -- the set ----------------------------------------------------------------
  void primary_is(node_id primary, std::int64_t now_ms);
  void reconnected(node_id node, const std::string& name, std::int64_t now_ms);
  void replied(const client_reply& reply, std::int64_t now_ms);
  void reported(const front_report& report, std::int64_t wall_ms);
  void cluster_reported(const std::string& text);
  void tick(std::int64_t now_ms, std::int64_t wall_ms);

  /// Why the node cannot serve yet; empty: it can. Commands that need the set
  /// are refused meanwhile.
  void not_ready(std::string why) {
    not_ready_ = std::move(why);
  }

  front_output drain();

  std::size_t client_count() const {
    return clients_.size();
  }

  /// Where requests go.
  node_id primary() const {
    return sender_.primary();
  }

  /// Whether something is on its way to the set, or waits for a primary.
  bool waits_for_set() const {
    return !requests_.empty();
  }

private:
  /// Where a reply goes.
  struct reply_ref {
    enum class kind : std::uint8_t { client, watch, walk };

    client_id to = 0;
    reply_queue::place place = 0;
    kind what = kind::client;
  };
  struct request {
    std::vector<reply_ref> writes;
    std::vector<reply_ref> queries;
    bytes asked;        ///< the queries, should they be asked again
    bool again = false; ///< they are asked again
    bool raw = false;   ///< of a client's own session, or WAIT

    /// Reads that are not tied to the order of commands.
    bool lone() const {
      return !raw && writes.empty();
    }

    std::uint64_t sequence = 0;
    session_id session;
  };
  struct report_wait {
    client_id to = 0;
    std::int64_t deadline_ms = 0;
    command_id what{};
    std::vector<std::string> sections;
  };

  using args = std::span<const std::string_view>;

  // -- requests (front.cpp) ---------------------------------------------------
  void serve(client& c);
  std::size_t consume(client& c, std::string_view input);
  bool handle(client& c, args words);
  static bool is_alone(const translation& t);
  static bool is_logged(const client& c, const translation& t);
  bool must_wait(const client& c, const translation& t) const;
  void begin_batch();
  void place_query(const client& c);
  void enqueue_write(client& c, const kv::command& what);
  void enqueue_query(client& c, const kv::command& what, reply_ref::kind kind);
  void enqueue_in_transaction(client& c, const translation& t);
  void start_walk(client& c, const kv::command& what);
  bool batch_is_empty() const;
  std::size_t batch_bytes() const;
  void submit_batch();
  void consider_batch();
  void consider_clog();
  void clear_clog();
  bool is_stuck(const client& c) const;
  void wake(client& c);

  // -- replies (front_replies.cpp) --------------------------------------------
  void answer(client& c, std::string_view reply);
  void answer_error(client& c, std::string_view text);
  void complete(const reply_ref& ref, std::string_view reply);
  void complete_wait(client& c, std::string_view reply);
  reply_queue::place reserve(client& c, null_style style = null_style::string);
  void start_waiting(client& c, wait_kind kind);
  void release(client& c);
  void finish(const machine::finished_work& work);
  void finish_batch(const request& of, const machine::finished_work& work);
  void answer_batch(const request& of, const machine::finished_work& work);
  void finish_raw(const request& of, const machine::finished_work& work);
  void count_out(const request& of, const machine::finished_work& work);
  void answer_queries(const request& of, const packed_replies& replies);
  void ask_again(const request& of, const std::vector<std::uint32_t>& which);
  void take_watch(client& c, const reply_ref& ref, std::string_view reply);
  void take_walk(client& c, const reply_ref& ref, std::string_view reply);
  void take_finished();
  void touch(client& c);
  std::string unknown_text(const session_id& session,
                           std::uint64_t sequence) const;
  client* find(client_id id);

  // -- local commands ---------------------------------------------------------
  void handle_local(client& c, const command_info& info, args words);
  void handle_plain(client& c, const command_info& info, args words);
  bool local_reply(client& c, const command_info& info, args words,
                   std::string& out);
  // front_transactions.cpp
  void multi(client& c);
  void exec(client& c);
  void discard(client& c);
  void spoil(client& c);
  void queue(client& c, const kv::command& what);
  void queue_reply(client& c, std::string_view reply);
  void watch(client& c, args words);
  // front_connection.cpp
  void hello(client& c, args words);
  void hello_reply(client& c);
  void auth(args words, std::string& out);
  void reset(client& c);
  // front_client.cpp
  void client_admin(args words, reply_writer& reply);
  void client_command(client& c, args words, std::string& out);
  void client_reply_mode(client& c, args words, std::string& out);
  void client_set_info(client& c, args words, std::string& out);
  std::string client_line(const client& c) const;
  // front_server.cpp
  void config(args words, std::string& out);
  void await_report(client& c, command_id what, args words);
  void give_up_reports();
  std::string info_text(const front_report& report, std::int64_t wall_ms,
                        const std::vector<std::string>& sections) const;
  std::string server_text(std::int64_t wall_ms) const;
  std::string replication_text(const front_report& report) const;
  std::string master_text(const replica_status& status) const;
  std::string slave_text(const replica_status& status) const;
  client_endpoint endpoint_of(node_id node) const;
  void role_reply(const front_report& report, std::string& out) const;
  // front_sessions.cpp
  void wait(client& c, args words);
  void cohort_session(client& c, args words);
  void cohort_do(client& c, args words);
  void cohort_form(client& c, args words);
  void submit_raw(client& c, std::variant<work_request, wait_request> body,
                  std::int64_t patience_ms, const session_id& session,
                  std::uint64_t sequence, wait_kind kind);

  front_options options_;
  translator translator_;
  machine::session_sender sender_;
  std::unordered_map<client_id, std::unique_ptr<client>> clients_;
  std::vector<client_id> dirty_;
  std::int64_t now_ms_ = 0;
  std::int64_t wall_ms_ = 0;
  std::string not_ready_ = "the node is starting";

  // The batch being collected.
  codec::kv_batch_builder commands_;
  codec::kv_batch_builder queries_;
  std::vector<std::uint32_t> query_after_;
  request refs_;
  bool after_own_writes_ = false;
  bool after_lone_reads_ = false; ///< some read, of its client
  std::int64_t batch_since_ms_ = 0;

  std::unordered_map<std::uint64_t, request> requests_;
  bool clogged_ = false;
  std::deque<client_id> blocked_;   ///< have input that a clog holds up
  std::vector<client_id> unserved_; ///< have input that others come before
  std::vector<client_id> waiting_for_earlier_; ///< see wait_kind::earlier
  std::deque<report_wait> report_waits_;
  epoch_t epoch_; ///< last seen in a reply
  std::map<node_id, std::string> node_names_;
  std::uint64_t commands_processed_ = 0;
  std::uint64_t connections_received_ = 0;
  std::optional<std::int64_t> started_ms_;
  front_output out_;
};

} // namespace cohort::resp
