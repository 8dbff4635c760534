#include "session_world.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <utility>

namespace cohort::machine::tests {

namespace {

constexpr std::uint64_t nodes = 3;

packed_replies pack(const reply_list& from) {
  packed_replies result;
  result.data = bytes::of(from.data());
  for (const auto end : from.ends())
    result.ends.push_back(static_cast<std::uint32_t>(end));
  return result;
}

std::uint64_t number_of(std::string_view command) {
  return std::stoull(std::string{command.substr(command.find('.') + 1)});
}

} // namespace

session_world::session_world(std::uint64_t seed, const world_options& options)
  : random_(seed),
    options_(options) {
  limits_.window = 8;
  limits_.idle_ms_max = 2'000;
  limits_.sessions_max = options.sessions_max;
  set_ = std::make_unique<counting_replica>(limits_);
  backup_ = std::make_unique<counting_replica>(limits_);
  for (std::uint64_t i = 0; i < 2; ++i) {
    sender_options sending;
    sending.patience_ms = 60;
    sending.window = limits_.window;
    sending.session_idle_ms = 1'000;
    sending.retry_ms = 3;
    sending.first_id = i << 32;
    gateways_.push_back(
      std::make_unique<world_gateway>(sending, i == 0 ? "a." : "b."));
    gateways_.back()->sender.primary_is(primary_, 0);
  }
  apply(new_entry(replication::entry_kind::empty, {}), nullptr);
}

void session_world::run() {
  for (std::uint64_t i = 0; i < options_.steps; ++i)
    step();
  drain();
  judge_all();
}

std::string session_world::command_name(const world_gateway& from,
                                        std::uint64_t n) const {
  return from.name + std::to_string(n);
}

// -- gateways -----------------------------------------------------------------

void session_world::step() {
  now_ms_ += static_cast<std::int64_t>(random_.below(3));
  auto& gateway = *gateways_[random_.below(gateways_.size())];
  const auto dice = random_.below(100);
  if (dice < 18)
    submit(gateway);
  else if (dice < 22)
    submit_query(gateway);
  else if (dice < 50)
    deliver_request();
  else if (dice < 72)
    deliver_reply();
  else if (dice < 90)
    commit_one();
  else if (dice < 92)
    change_primary();
  else if (dice < 94)
    snapshot_backup();
  else if (dice < 96)
    gateway.sender.reconnected(primary_, now_ms_);
  else if (dice < 97 && options_.sessions_expire)
    skew_ms_ += static_cast<std::int64_t>(random_.below(4'000));
  else
    gateway.sender.tick(now_ms_);
  collect();
}

void session_world::submit(world_gateway& from) {
  world_gateway::submitted x;
  x.first = from.commands + 1;
  x.count = static_cast<std::uint32_t>(random_.between(1, 3));
  std::vector<std::string> commands;
  for (std::uint32_t i = 0; i < x.count; ++i)
    commands.push_back(command_name(from, ++from.commands));
  work_batch work;
  work.count = x.count;
  work.commands = list_of(commands);
  if (chance(30)) {
    x.query_after.push_back(
      static_cast<std::uint32_t>(random_.between(1, x.count)));
    work.query_after = x.query_after;
    work.queries = list_of({from.name});
  }
  const auto id = from.sender.submit(std::move(work), false, now_ms_);
  from.open.emplace(id, std::move(x));
}

void session_world::submit_query(world_gateway& from) {
  world_gateway::submitted x;
  x.query_after = {0};
  x.must_see = from.newest_done;
  x.commands_before = from.commands;
  work_batch work;
  work.queries = list_of({from.name});
  work.query_after = x.query_after;
  const auto id = from.sender.submit(std::move(work), true, now_ms_);
  from.open.emplace(id, std::move(x));
}

/// Takes what the senders have to say.
void session_world::collect() {
  for (std::size_t i = 0; i < gateways_.size(); ++i) {
    auto& from = *gateways_[i];
    for (auto& x : from.sender.take_outgoing())
      requests_.push_back({i, x.to, std::move(x.request)});
    for (const auto& x : from.sender.take_finished())
      judge(from, x);
  }
}

// -- the network --------------------------------------------------------------

/// Requests are repeated as no link of ours does it. What is repeated is never
/// refused, because a refusal of one copy says nothing about the other.
void session_world::deliver_request() {
  if (requests_.empty())
    return;
  const auto at = calm_ || chance(50) ? 0 : random_.below(requests_.size());
  auto& chosen = requests_[at];
  const bool again = !calm_ && chance(12);
  chosen.repeated = chosen.repeated || again;
  const auto x = chosen;
  if (!again)
    requests_.erase(requests_.begin() + static_cast<std::ptrdiff_t>(at));
  if (calm_ || !chance(10))
    serve(x);
}

void session_world::deliver_reply() {
  if (replies_.empty())
    return;
  const auto at = calm_ || chance(50) ? 0 : random_.below(replies_.size());
  const auto x = replies_[at];
  if (calm_ || !chance(12))
    replies_.erase(replies_.begin() + static_cast<std::ptrdiff_t>(at));
  if (calm_ || !chance(10))
    gateways_[x.gateway]->sender.received(x.reply, now_ms_);
}

// -- the set ------------------------------------------------------------------

void session_world::refuse(const request_message& x, client_outcome outcome) {
  client_reply reply;
  reply.id = x.request.id;
  reply.outcome = outcome;
  if (outcome == client_outcome::not_primary)
    reply.primary = calm_ || chance(70) ? primary_ : nobody;
  if (outcome == client_outcome::busy)
    reply.retry_after_ms = 5;
  replies_.push_back({x.gateway, std::move(reply)});
}

void session_world::serve(const request_message& x) {
  if (x.to != primary_)
    return refuse(x, client_outcome::not_primary);
  const auto& work = std::get<work_request>(x.request.body);
  if (!calm_ && chance(3))
    return refuse(x, client_outcome::busy);
  if (!calm_ && !x.repeated && chance(1))
    return refuse(x, client_outcome::disk_full);
  if (!calm_ && !x.repeated && chance(1))
    return refuse(x, client_outcome::refused);
  if (work.command.empty())
    return answer_queries(x, work);
  propose(x, work);
}

replication::entry session_world::new_entry(replication::entry_kind kind,
                                            bytes payload) {
  replication::entry x;
  x.index = index_t{log_.size() + tail_.size() + 1};
  x.term = term_;
  x.kind = kind;
  last_log_time_ms_ = std::max(last_log_time_ms_, clock_ms());
  x.log_time_ms = last_log_time_ms_;
  x.payload = std::move(payload);
  return x;
}

void session_world::propose(const request_message& x,
                            const work_request& work) {
  tail_.push_back({new_entry(replication::entry_kind::command, work.command),
                   true, x.gateway, x.request.id, work});
}

void session_world::answer_queries(const request_message& x,
                                   const work_request& work) {
  work_result outcome;
  BOOST_REQUIRE((set_->machine.query(work, 0, outcome) == query_outcome::done));
  client_reply reply;
  reply.id = x.request.id;
  reply.outcome = outcome.outcome;
  reply.query_replies = pack(outcome.query_replies);
  replies_.push_back({x.gateway, std::move(reply)});
}

void session_world::commit_one() {
  if (tail_.empty())
    return;
  const auto x = std::move(tail_.front());
  tail_.erase(tail_.begin());
  apply(x.entry, x.awaited ? &x : nullptr);
}

/// Applies a committed entry, answers who waits for it, and remembers what
/// each command was answered when it ran.
void session_world::apply(const replication::entry& x, const proposal* asked) {
  log_.push_back(x);
  const auto ran_before = set_->ran().size();
  const auto outcome = set_->machine.apply(x, asked ? &asked->work : nullptr);
  for (auto i = ran_before; i < set_->ran().size(); ++i)
    true_replies_[set_->ran()[i]] = std::to_string(i + 1) + ":"
                                    + set_->ran()[i];
  judge_order();
  if (outcome.outcome == client_outcome::gap)
    ++counts_.gaps;
  if (outcome.outcome == client_outcome::expired)
    ++counts_.expired;
  if (outcome.replies.size() > set_->ran().size() - ran_before)
    ++counts_.replayed;
  if (!asked)
    return;
  client_reply reply;
  reply.id = asked->request;
  reply.outcome = outcome.outcome;
  reply.at = {epoch_t{1}, x.term, x.index};
  reply.replies = pack(outcome.replies);
  reply.lost = outcome.lost;
  reply.query_replies = pack(outcome.query_replies);
  replies_.push_back({asked->gateway, std::move(reply)});
}

/// Some of the tail reaches the new primary, the rest is lost. Nobody is
/// answered for what the old one had proposed.
void session_world::change_primary() {
  const auto kept = random_.between(0, tail_.size());
  counts_.lost_entries += tail_.size() - kept;
  tail_.erase(tail_.begin() + static_cast<std::ptrdiff_t>(kept), tail_.end());
  for (auto& x : tail_)
    x.awaited = false;
  ++term_;
  primary_ = node_id{random_.between(1, nodes)};
  if (options_.clock_jump_ms > 0)
    skew_ms_ += static_cast<std::int64_t>(
      random_.below(static_cast<std::uint64_t>(options_.clock_jump_ms)));
  last_log_time_ms_ = tail_.empty()
                        ? (log_.empty() ? 0 : log_.back().log_time_ms)
                        : tail_.back().entry.log_time_ms;
  proposal first;
  first.entry = new_entry(replication::entry_kind::empty, {});
  tail_.push_back(std::move(first));
  for (auto& x : gateways_)
    if (chance(60))
      x->sender.primary_is(primary_, now_ms_);
}

/// The backup follows by entries, or by a snapshot of the primary.
void session_world::snapshot_backup() {
  auto& from = set_->machine;
  auto& to = backup_->machine;
  if (chance(50)) {
    while (to.applied() < from.applied())
      to.apply(log_[to.applied().value], nullptr);
  } else {
    auto& state = dynamic_cast<counting_machine&>(to.user());
    BOOST_REQUIRE(
      state.load(dynamic_cast<counting_machine&>(from.user()).save()).ok());
    replication::log_base base;
    base.index = from.applied();
    base.term = from.applied_term();
    base.log_time_ms = from.log_time_ms();
    BOOST_REQUIRE(to.restored(base, from.sessions()).ok());
  }
  BOOST_REQUIRE(backup_->ran() == set_->ran());
  BOOST_REQUIRE(to.sessions() == from.sessions());
}

// -- judging ------------------------------------------------------------------

/// Exactly once, in the order of each connection.
void session_world::judge_order() {
  for (; judged_ < set_->ran().size(); ++judged_) {
    const auto& command = set_->ran()[judged_];
    auto& newest = newest_run_[command.substr(0, 2)];
    BOOST_REQUIRE_MESSAGE(number_of(command) > newest,
                          command << " ran twice or too late");
    newest = number_of(command);
  }
}

void session_world::judge(world_gateway& from, const finished_work& x) {
  const auto at = from.open.find(x.id);
  BOOST_REQUIRE(at != from.open.end()); // each ends once
  const auto work = std::move(at->second);
  from.open.erase(at);
  for (std::uint32_t i = 0; i < work.count; ++i)
    from.fates[work.first + i] = x.fate;
  if (x.fate == work_fate::unknown)
    ++counts_.unknown;
  if (x.fate == work_fate::not_taken)
    ++counts_.not_taken;
  if (x.fate != work_fate::done)
    return;
  ++counts_.done;
  BOOST_REQUIRE(x.reply.replies.size() == work.count);
  BOOST_REQUIRE(x.reply.lost.empty());
  for (std::uint32_t i = 0; i < work.count; ++i) {
    const auto name = command_name(from, work.first + i);
    BOOST_REQUIRE(true_replies_.contains(name));
    BOOST_REQUIRE(x.reply.replies[i] == true_replies_[name]);
    from.newest_done = std::max(from.newest_done, work.first + i);
  }
  judge_queries(work, from, x.reply);
}

void session_world::judge_queries(const world_gateway::submitted& x,
                                  world_gateway& from,
                                  const client_reply& reply) {
  BOOST_REQUIRE(reply.query_replies.size() == x.query_after.size()
                || x.count > 0);
  for (std::size_t i = 0; i < reply.query_replies.size(); ++i) {
    const auto seen = reply.query_replies[i];
    if (x.count > 0) {
      BOOST_REQUIRE(seen.starts_with("-TRYAGAIN")
                    || seen
                         == command_name(from, x.first + x.query_after[i] - 1));
      continue;
    }
    const auto number = seen == "none" ? 0 : number_of(seen);
    BOOST_REQUIRE(number >= x.must_see);
    from.seen_after.emplace_back(x.commands_before, number);
  }
}

/// A query waits for what was submitted before it, also if that is not answered
/// yet. What ends without an answer may run later.
void session_world::judge_own_writes(const world_gateway& from) const {
  for (auto [before, seen] : from.seen_after) {
    while (before > 0 && from.fates.at(before) != work_fate::done)
      --before;
    BOOST_REQUIRE(seen >= before);
  }
}

/// Everything heals: all work ends, one way or the other.
void session_world::drain() {
  calm_ = true;
  for (auto& x : gateways_)
    x->sender.primary_is(primary_, now_ms_);
  const auto waits = [this] {
    return std::any_of(gateways_.begin(), gateways_.end(), [](const auto& x) {
      return x->sender.pending_bytes() > 0;
    });
  };
  for (int i = 0; waits() || !requests_.empty() || !tail_.empty(); ++i) {
    BOOST_REQUIRE(i < 10'000);
    ++now_ms_;
    collect();
    deliver_request();
    commit_one();
    deliver_reply();
    for (auto& x : gateways_)
      x->sender.tick(now_ms_);
  }
  collect();
}

void session_world::judge_all() {
  for (const auto& from : gateways_) {
    BOOST_REQUIRE(from->open.empty());
    BOOST_REQUIRE(from->fates.size() == from->commands);
    judge_own_writes(*from);
    for (const auto& [n, fate] : from->fates) {
      const auto& ran = set_->ran();
      const auto times = std::count(ran.begin(), ran.end(),
                                    command_name(*from, n));
      if (fate == work_fate::done)
        BOOST_REQUIRE(times == 1);
      else if (fate == work_fate::unknown)
        BOOST_REQUIRE(times <= 1);
      else
        BOOST_REQUIRE(times == 0);
    }
  }
  snapshot_backup();
}

} // namespace cohort::machine::tests
