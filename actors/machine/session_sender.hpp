// A gateway's side of its session (K1): numbers, resends, gives up.
#pragma once

#include "codec/client_messages.hpp"
#include "core/ids.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace cohort::machine {

/// Commands and queries of one turn of a gateway, in one request.
struct work_batch {
  std::uint32_t count = 0; ///< commands
  bytes commands;          ///< for the state machine; empty if count is 0
  bytes queries;
  std::vector<std::uint32_t> query_after;

  std::size_t weight() const {
    return commands.size() + queries.size() + 64;
  }
};

/// How a piece of work ended for whoever submitted it.
enum class work_fate : std::uint8_t {
  done,      ///< `reply` has the replies
  unknown,   ///< may or may not have had an effect, once at most (M1, K2)
  not_taken, ///< certainly without effect, and never will have one
  refused,   ///< certainly without effect; `reply.message` says why
};

struct finished_work {
  std::uint64_t id = 0; ///< as returned by submit()
  work_fate fate = work_fate::done;
  client_reply reply;
  session_id session; ///< for `unknown`: what to ask about
  std::uint64_t first_sequence = 0;
};

struct outgoing_request {
  node_id to;
  client_request request;
};

struct sender_options {
  std::int64_t patience_ms = 5000; ///< then the fate is unknown (K1)
  /// Requests on their way at the same time; more wait and form larger ones.
  std::size_t requests_in_flight_max = 4;
  std::size_t bytes_in_flight_max = std::size_t{8} << 20;
  /// Sequences above the mark; not more than the sessions' window.
  std::uint64_t window = 8192;
  /// After so long without commands, a new session is opened first: the old one
  /// may have expired.
  std::int64_t session_idle_ms = std::int64_t{30} * 60 * 1000;
  /// After a refusal. Doubled, up to 10 times of it, while nodes name each
  /// other as the primary.
  std::int64_t retry_ms = 20;
  /// Ids of requests count from here: tells gateways of one node apart.
  std::uint64_t first_id = 0;
};

/// Sends work to a set's primary, whoever that is at the moment, under one
/// session: in order, resent under the same numbers after a change of primary
/// until its deadline, so that it takes effect once (K1).
///
/// Pure: time comes in as milliseconds of a monotonic clock. Not thread-safe.
class session_sender {
public:
  explicit session_sender(const sender_options& options)
    : options_(options),
      last_id_(options.first_id) {}

  /// Whether work submitted now would leave at once, or would have a session
  /// opened for it at once. Otherwise it is better to
  /// collect more first.
  bool ready() const;

  /// Work that was submitted and did not end yet, in bytes.
  std::size_t pending_bytes() const {
    return queued_bytes_ + in_flight_bytes_;
  }

  /// Takes work over. `after_own_writes`: its queries must see what was
  /// submitted before.
  std::uint64_t submit(work_batch work, bool after_own_writes,
                       std::int64_t now_ms);

  /// Takes a request over that is not of this session, such as one of a client
  /// with a session of its own. It is resent while it certainly had no effect.
  std::uint64_t submit_raw(std::variant<work_request, wait_request> body,
                           std::int64_t patience_ms, std::int64_t now_ms);

  void primary_is(node_id primary, std::int64_t now_ms);

  /// The way to `node` is new: what was on it may be lost.
  void reconnected(node_id node, std::int64_t now_ms);

  void received(const client_reply& reply, std::int64_t now_ms);
  void tick(std::int64_t now_ms);

  /// What is to be sent, in this order.
  std::vector<outgoing_request> take_outgoing();

  /// What ended, in the order of submission as far as it ended in order.
  std::vector<finished_work> take_finished();

  const session_id& session() const {
    return session_;
  }
  node_id primary() const {
    return primary_;
  }

private:
  enum class kind : std::uint8_t { work, raw, open };

  struct item {
    std::uint64_t id = 0;
    kind what = kind::work;
    std::int64_t patience_ms = 0;
    std::int64_t deadline_ms = 0;
    std::size_t weight = 0;
    work_batch work; ///< until it is numbered
    bool after_own_writes = false;
    client_request request; ///< once it is numbered
    session_batch batch;    ///< the commands in it, encoded when they are sent
    std::uint32_t count = 0;
    std::uint32_t attempts = 0; ///< to send it

    /// Asks how far copies are, which takes as long as the client likes: it
    /// does not count among the requests in flight.
    bool waits_for_copies() const;

    /// An earlier attempt may have had an effect, whatever the last one says.
    bool in_doubt() const;
  };

  std::uint64_t enqueue(item x, std::int64_t now_ms);
  void pump(std::int64_t now_ms);
  bool has_room() const;
  bool may_send(const item& x) const;
  void number(item& x);
  void open_session(std::int64_t now_ms);
  void send(item& x);
  void resend_all();
  void resend_later(std::int64_t delay_ms, std::int64_t now_ms);
  void follow(node_id primary, std::int64_t now_ms);
  void redirected(node_id to, std::int64_t now_ms);
  std::int64_t redirect_delay_ms() const;
  void finish(std::deque<item>::iterator at, work_fate fate,
              client_reply reply);
  void session_opened(const client_reply& reply);
  void session_refused(const client_reply& reply);
  void session_lost(std::int64_t now_ms);
  std::uint64_t mark() const;
  std::deque<item>::iterator find_in_flight(std::uint64_t id);

  sender_options options_;
  session_id session_;
  bool opening_ = false;
  node_id primary_;
  std::uint64_t last_id_ = 0;
  std::uint64_t last_sequence_ = 0;
  std::int64_t last_command_ms_ = 0;
  std::optional<std::int64_t> resend_at_ms_;
  std::uint32_t redirects_ = 0; ///< in a row, none of which helped
  std::deque<item> queued_;
  std::deque<item> in_flight_; ///< numbered; in the order they were sent first
  std::size_t queued_bytes_ = 0;
  std::size_t in_flight_bytes_ = 0;
  std::size_t waits_in_flight_ = 0;
  std::vector<outgoing_request> outgoing_;
  std::vector<finished_work> finished_;
};

} // namespace cohort::machine
