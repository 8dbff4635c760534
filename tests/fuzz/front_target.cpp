// What clients send to a node, up to the replies that they read, with a set
// that works at the other end.
#include "fuzz/bytes_source.hpp"
#include "fuzz/fuzz_target.hpp"
#include "fuzz/kv_checks.hpp"
#include "machine/replicated_machine.hpp"
#include "resp/front.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <set>

namespace cohort::fuzz::front_fuzz {

namespace {

using namespace resp;

constexpr node_id first_node{11};
constexpr term_t only_term{3};
constexpr std::int64_t wall_ms = 1'700'000'000'000;
constexpr unsigned clients = 3;
/// Longer talks show nothing new.
constexpr int steps_max = 200;

packed_replies pack(const machine::reply_list& from) {
  packed_replies result;
  result.data = bytes::of(from.data());
  for (const auto end : from.ends())
    result.ends.push_back(static_cast<std::uint32_t>(end));
  return result;
}

/// A primary without backups, with the real machine.
class primary {
public:
  client_reply serve(const client_request& request) {
    client_reply reply;
    if (const auto* work = std::get_if<work_request>(&request.body))
      reply = serve_work(*work);
    reply.id = request.id;
    return reply;
  }

  std::int64_t now_ms = wall_ms;

private:
  client_reply serve_work(const work_request& work) {
    if (!work.queries.empty())
      expect(machine_.user().check(work.queries).ok(),
             "a front asks what the machine knows");
    machine::work_result done;
    client_reply reply;
    if (work.command.empty()) {
      auto outcome = machine_.query(work, now_ms, done);
      for (int i = 0; outcome != machine::query_outcome::done; ++i) {
        expect(i < 1'000, "a query has an answer");
        if (outcome == machine::query_outcome::time_must_advance)
          machine_.apply(next_entry(replication::entry_kind::empty), nullptr);
        else
          machine_.user().work();
        outcome = machine_.query(work, now_ms, done);
      }
    } else {
      auto x = next_entry(replication::entry_kind::command);
      x.payload = work.command;
      done = machine_.apply(x, &work);
      reply.at = {epoch_t{5}, only_term, x.index};
    }
    reply.outcome = done.outcome;
    reply.replies = pack(done.replies);
    reply.lost = done.lost;
    reply.query_replies = pack(done.query_replies);
    return reply;
  }

  replication::entry next_entry(replication::entry_kind kind) {
    replication::entry x;
    x.index = ++last_;
    x.term = only_term;
    x.kind = kind;
    x.log_time_ms = now_ms;
    return x;
  }

  machine::replicated_machine machine_{make_kv(), {}};
  index_t last_;
};

front_options options() {
  front_options result;
  result.set = set_id{1};
  result.set_name = "main";
  result.cluster_name = "shop";
  result.node_name = "n1";
  result.version = "0.1";
  result.endpoints = {{"n1", {"10.0.0.1", 7001}}};
  result.pending_bytes_max = 4'096;
  result.clients_max = clients;
  return result;
}

/// What surrounds a front.
class world {
public:
  world() : tested_(options()) {
    tested_.not_ready("");
    tested_.reconnected(first_node, "n1", now_ms_);
    tested_.primary_is(first_node, now_ms_);
  }

  void step(bytes_source& from) {
    const auto what = from.byte();
    auto& id = seats_[what / 8 % clients];
    switch (what % 8) {
      case 0:
        tested_.end_of_turn(now_ms_);
        break;
      case 1:
        serve(what >= 128);
        break;
      case 2:
        pass_time(from.number() % 10'000);
        break;
      case 3:
        lose(what);
        break;
      case 4:
        if (id != 0)
          tested_.closed(id);
        halted_.erase(id);
        id = 0;
        break;
      default:
        say(id, from.text());
        break;
    }
    carry_out();
  }

  /// Lets all be answered. Then nobody waits, and what each client read was
  /// whole replies.
  bool settle() {
    for (int i = 0; i < 1'000; ++i) {
      serve(false);
      pass_time(100);
      if (sent_.empty() && i > 100 && !tested_.waits_for_set())
        break;
    }
    expect(!tested_.waits_for_set(), "all that is asked is answered");
    expect(halted_.empty(), "nobody is stopped for ever");
    for (const auto& [id, text] : output_)
      check_replies(text);
    return !output_.empty();
  }

private:
  static void check_replies(std::string_view text) {
    while (!text.empty()) {
      const auto size = reply_size(text);
      expect(size.has_value(), "a client reads whole replies");
      text.remove_prefix(*size);
    }
  }

  void say(client_id& id, std::string_view text) {
    if (id == 0) {
      id = ++last_id_;
      tested_.opened(id, "1.2.3.4:" + std::to_string(id), now_ms_);
    }
    if (!halted_.contains(id))
      tested_.received(id, text, now_ms_);
  }

  void serve(bool newest_first) {
    while (!sent_.empty()) {
      const auto request = newest_first ? sent_.back() : sent_.front();
      newest_first ? sent_.pop_back() : sent_.pop_front();
      tested_.replied(primary_.serve(request.request), now_ms_);
      carry_out();
    }
  }

  /// Requests get lost on their way, or their answers do.
  void lose(std::uint8_t what) {
    for (const auto& x : std::exchange(sent_, {}))
      if (what >= 128)
        primary_.serve(x.request);
    tested_.primary_is(nobody, now_ms_);
    tested_.reconnected(first_node, "n1", now_ms_);
    tested_.primary_is(first_node, now_ms_);
  }

  void pass_time(std::uint64_t ms) {
    now_ms_ += static_cast<std::int64_t>(ms);
    primary_.now_ms = wall_ms + now_ms_;
    tested_.end_of_turn(now_ms_);
    tested_.tick(now_ms_, wall_ms + now_ms_);
    carry_out();
  }

  void carry_out() {
    for (;;) {
      auto out = tested_.drain();
      for (auto& x : out.requests)
        sent_.push_back(std::move(x));
      for (auto& x : out.writes)
        write(x);
      for (const auto id : out.halt)
        expect(halted_.insert(id).second, "who is stopped was not");
      for (const auto id : out.resume)
        expect(halted_.erase(id) == 1, "who goes on was stopped");
      if (out.wants_report)
        tested_.reported({}, wall_ms + now_ms_);
      if (out.wants_cluster_report)
        tested_.cluster_reported("a report");
      if (out.unfinished)
        tested_.go_on(now_ms_);
      if (!out.wants_report && !out.wants_cluster_report && !out.unfinished)
        return;
    }
  }

  void write(const front_output::client_write& x) {
    output_[x.client] += x.bytes;
    const auto seat = std::find(seats_.begin(), seats_.end(), x.client);
    if (!x.close || seat == seats_.end())
      return;
    *seat = 0;
    halted_.erase(x.client);
    tested_.closed(x.client);
  }

  front tested_;
  primary primary_;
  std::int64_t now_ms_ = 1'000;
  std::deque<machine::outgoing_request> sent_;
  std::array<client_id, clients> seats_{}; ///< 0: nobody is connected
  client_id last_id_ = 0;
  std::set<client_id> halted_;
  std::map<client_id, std::string> output_;
};

} // namespace

COHORT_FUZZ_TARGET(front) {
  bytes_source from{input};
  world x;
  for (int i = 0; i < steps_max && !from.empty(); ++i)
    x.step(from);
  return x.settle();
}

} // namespace cohort::fuzz::front_fuzz
