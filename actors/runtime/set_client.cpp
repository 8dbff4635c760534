#include "runtime/set_client.hpp"

#include "codec/peer_codec.hpp"
#include "core/fault_point.hpp"
#include "core/mutant.hpp"
#include "machine/replicated_machine.hpp"
#include "runtime/messages.hpp"
#include "runtime/shell.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <utility>
#include <vector>

namespace cohort::runtime {

namespace {

using answer_ptr = std::shared_ptr<std::promise<result<std::string>>>;

/// One command or question.
struct client_job {
  bool question = false;
  std::string text;
  answer_ptr answer;
};

/// Ends the actor of a client.
struct end_client {};

/// How often a client looks for what must be sent again, or is too late.
constexpr std::chrono::milliseconds tick_interval{10};

} // namespace

} // namespace cohort::runtime

COHORT_LOCAL_MESSAGE(client_job)
COHORT_LOCAL_MESSAGE(end_client)

namespace cohort::runtime {

namespace {

struct client_setup {
  set_id set;
  caf::actor hub; ///< known once the gateway is attached
  std::shared_ptr<const clock> time;
  set_client::options options;
};

bytes to_bytes(const frame& f) {
  return f.alias(f.data(), f.size());
}

/// The replies to commands that ran in an earlier attempt may not be kept.
result<std::string> reply_to(const client_reply& x, std::uint32_t command) {
  if (command < x.replies.size()
      && (!std::binary_search(x.lost.begin(), x.lost.end(), command)
          || mutated(mutant::lost_reply_is_empty)))
    return std::string{x.replies[command]};
  return error{errc::timed_out, "the reply is not kept any more"};
}

result<std::string> answer_to(const client_reply& x, std::uint32_t question) {
  if (question < x.query_replies.size())
    return std::string{x.query_replies[question]};
  return error{errc::timed_out, "the answer is not there"};
}

result<std::string> outcome_of(const machine::finished_work& work,
                               bool question, std::uint32_t at) {
  switch (work.fate) {
    case machine::work_fate::done:
      return question ? answer_to(work.reply, at) : reply_to(work.reply, at);
    case machine::work_fate::unknown:
      return error{errc::timed_out,
                   "no answer before the deadline: the outcome is unknown"};
    case machine::work_fate::not_taken:
      return error{errc::busy, "the set has no primary: nothing was done"};
    case machine::work_fate::refused:
      break;
  }
  return error{work.reply.outcome == client_outcome::disk_full ? errc::no_space
                                                               : errc::invalid,
               work.reply.message};
}

class client_actor : public shell {
public:
  client_actor(caf::scheduled_actor* self, client_setup setup)
    : shell(self),
      setup_(std::move(setup)),
      sender_(setup_.options.sending) {}

  ~client_actor() override {
    for (auto& [id, jobs] : sent_)
      close_all(jobs);
    close_all(waiting_);
  }

  caf::behavior behavior() override {
    return {
      [this](client_job& x) { take(std::move(x)); },
      [this](const inbound& x) { on_reply(x); },
      [this](const tick&) { on_tick(); },
      [this](const role_changed& x) {
        primary_known_ = x.change.primary != nobody;
        sender_.primary_is(x.change.primary, now_ms());
        carry_out();
      },
      [this](const peer_up& x) {
        sender_.reconnected(x.node, now_ms());
        carry_out();
      },
      [](const peer_down&) {},
      [this](const set_ready& x) {
        self_node_ = x.self;
        hosted_ = static_cast<bool>(x.replica);
        voters_ = x.voters;
        setup_.hub = x.hub;
        sender_.reconnected(x.self, now_ms());
        carry_out();
      },
      [](const not_ready&) {},
      [this](const end_client&) { self()->quit(); },
    };
  }

private:
  std::int64_t now_ms() const {
    return setup_.time->monotonic_ns() / 1'000'000;
  }

  static void close_all(std::vector<client_job>& jobs) {
    for (auto& x : jobs)
      x.answer->set_value(error{errc::closed, "the client is gone"});
    jobs.clear();
  }

  void take(client_job job) {
    if (sender_.pending_bytes() + waiting_bytes_
        > setup_.options.pending_bytes_max)
      return job.answer->set_value(
        error{errc::busy, "too much is waiting for its answer already"});
    wait(std::move(job));
    carry_out();
  }

  void wait(client_job job) {
    waiting_bytes_ += job.text.size();
    waiting_.push_back(std::move(job));
  }

  void on_tick() {
    ticking_ = false;
    seek_primary();
    sender_.tick(now_ms());
    if (strikes(fault_point::client_sends_again))
      sender_.reconnected(sender_.primary(), now_ms());
    carry_out();
  }

  /// While something waits: an idle client wakes nobody.
  void keep_ticking() {
    const bool waits = !sent_.empty() || !waiting_.empty();
    if (waits && !std::exchange(ticking_, true))
      send_self_after(tick_interval, tick{});
  }

  void on_reply(const inbound& x) {
    const auto decoded = codec::decode_peer(x.content);
    if (!decoded)
      return;
    if (const auto* reply = std::get_if<client_reply>(&decoded->body))
      sender_.received(*reply, now_ms());
    carry_out();
  }

  /// A node without a replica learns of the primary from any member.
  void seek_primary() {
    if (!hosted_ && !primary_known_ && !voters_.empty() && !sent_.empty())
      sender_.primary_is(voters_[next_voter_++ % voters_.size()], now_ms());
  }

  /// What waits leaves as one batch once there is room, or a deadline to set.
  void submit_waiting() {
    if (waiting_.empty() || (!sender_.ready() && !sent_.empty()))
      return;
    machine::work_batch work;
    std::vector<std::string> commands;
    std::vector<std::string> questions;
    for (auto& x : waiting_)
      if (x.question) {
        work.query_after.push_back(static_cast<std::uint32_t>(commands.size()));
        questions.push_back(std::move(x.text));
      } else {
        commands.push_back(std::move(x.text));
      }
    work.count = static_cast<std::uint32_t>(commands.size());
    if (!commands.empty())
      work.commands = to_bytes(codec::encode_list(commands));
    if (!questions.empty())
      work.queries = to_bytes(codec::encode_list(questions));
    waiting_bytes_ = 0;
    const auto id = sender_.submit(std::move(work), true, now_ms());
    sent_[id] = std::exchange(waiting_, {});
  }

  void finish(const machine::finished_work& work) {
    const auto at = sent_.find(work.id);
    if (at == sent_.end())
      return;
    auto jobs = std::move(at->second);
    sent_.erase(at);
    std::uint32_t command = 0;
    std::uint32_t question = 0;
    for (auto& x : jobs) {
      auto outcome = outcome_of(work, x.question,
                                x.question ? question++ : command++);
      if (x.question && outcome && *outcome == machine::place_is_gone
          && !mutated(mutant::gone_place_is_answered))
        wait(std::move(x)); // asked again
      else
        x.answer->set_value(std::move(outcome));
    }
  }

  void carry_out() {
    submit_waiting();
    for (auto done = sender_.take_finished(); !done.empty();
         done = sender_.take_finished()) {
      for (const auto& x : done)
        finish(x);
      submit_waiting();
    }
    for (const auto& x : sender_.take_outgoing())
      send(setup_.hub,
           outbound{{x.to},
                    transport::lane::data,
                    codec::encode(setup_.set, self_node_, x.request)});
    keep_ticking();
  }

  client_setup setup_;
  machine::session_sender sender_;
  std::vector<client_job> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::map<std::uint64_t, std::vector<client_job>> sent_; ///< by work
  bool ticking_ = false;
  node_id self_node_;
  bool hosted_ = false;
  bool primary_known_ = false;
  std::vector<node_id> voters_;
  std::size_t next_voter_ = 0;
};

/// Numbers of gateways are of a process: nodes in it may share them, but none
/// has one twice.
std::uint16_t next_number() {
  static std::atomic<std::uint16_t> last{gateway_number::first_client};
  return last++;
}

} // namespace

set_client::set_client(caf::actor_system& system, const node& at,
                       std::shared_ptr<const clock> time, const options& opts)
  : node_(at.supervisor()),
    number_(opts.number != 0 ? opts.number : next_number()) {
  client_setup setup{at.served_set(), {}, std::move(time), opts};
  setup.options.sending.first_id = at.first_request_of(number_);
  actor_ = spawn_shell<client_actor>(system, placement::pool, setup);
  caf::anon_send(node_, attach_gateway{number_, actor_});
}

set_client::~set_client() {
  caf::anon_send(node_, attach_gateway{number_, {}});
  caf::anon_send(actor_, end_client{});
}

std::future<result<std::string>> set_client::execute(std::string command) {
  auto answer = std::make_shared<std::promise<result<std::string>>>();
  auto result = answer->get_future();
  caf::anon_send(actor_, client_job{false, std::move(command), answer});
  return result;
}

std::future<result<std::string>> set_client::query(std::string question) {
  auto answer = std::make_shared<std::promise<result<std::string>>>();
  auto result = answer->get_future();
  caf::anon_send(actor_, client_job{true, std::move(question), answer});
  return result;
}

} // namespace cohort::runtime
