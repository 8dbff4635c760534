// What people ask of the cluster: gathered from all nodes, answered by any.
#include "runtime/supervisor.hpp"

#include "codec/peer_codec.hpp"

#include <algorithm>
#include <utility>

namespace cohort::runtime {

namespace {

/// Who does not answer within this is said not to.
constexpr std::chrono::milliseconds gathering_time{500};

/// Questions that wait at the same time; more are answered with what is known.
constexpr std::size_t gatherings_max = 64;

} // namespace

/// The state of this node, as soon as its replicas have told theirs.
void supervisor::report_self(const std::string& asked_by, std::uint64_t id) {
  own_status x;
  x.asked_by = asked_by;
  x.reply.id = id;
  x.reply.node = options_.name;
  x.reply.boot = boot_;
  x.reply.version = options_.version;
  x.reply.uptime_ms = static_cast<std::uint64_t>(now_ms() - started_ms_);
  if (const auto& identity = forming_.identity())
    x.reply.incarnation = identity->incarnation;
  if (sets_.empty())
    return finish_report(x);
  own_statuses_.push_back(std::move(x));
  for (const auto& [set, hosted] : sets_)
    send(hosted.replica, report_status{me()});
}

/// Each replica answers in the order it was asked.
void supervisor::take_report(const replica_report& x) {
  for (auto at = own_statuses_.begin(); at != own_statuses_.end(); ++at) {
    auto& replicas = at->reply.replicas;
    const bool known =
      std::any_of(replicas.begin(), replicas.end(),
                  [&](const auto& y) { return y.set == x.status.set; });
    if (known)
      continue;
    replicas.push_back(x.status);
    if (replicas.size() == sets_.size()) {
      const auto complete = std::move(*at);
      own_statuses_.erase(at);
      finish_report(complete);
    }
    return;
  }
}

void supervisor::finish_report(const own_status& x) {
  if (x.asked_by.empty())
    return take_status(options_.name, x.reply);
  const auto from = forming_.identity() ? forming_.identity()->incarnation
                                        : nobody;
  to_node(x.asked_by, codec::encode(from, x.reply));
}

void supervisor::gather(const report_cluster& x) {
  if (gatherings_.size() >= gatherings_max)
    gatherings_.begin()->second.until_ms = now_ms();
  const auto id = ++last_question_;
  auto& asked = gatherings_[id];
  asked.to = x.to;
  asked.view.cluster_name = options_.plan.cluster_name;
  asked.view.observer = options_.name;
  asked.view.waiting_for = forming_.waiting_for();
  if (const auto& identity = forming_.identity())
    asked.view.cluster = identity->cluster;
  for (const auto& node : options_.plan.nodes)
    asked.view.names.push_back(node.name);
  std::sort(asked.view.names.begin(), asked.view.names.end());
  asked.until_ms = now_ms() + gathering_time.count();
  send_self_after(gathering_time, time_is_up{});
  const auto from = forming_.identity() ? forming_.identity()->incarnation
                                        : nobody;
  const auto question = codec::encode(from, status_request{id});
  asked.awaited = met_.size() + 1;
  for (const auto& [name, who] : met_)
    to_node(name, question);
  report_self("", id);
}

void supervisor::take_status(const std::string& from,
                             const status_reply& reply) {
  const auto at = gatherings_.find(reply.id);
  if (at == gatherings_.end())
    return;
  at->second.view.answers[from] = reply;
  finish_gatherings();
}

void supervisor::finish_gatherings() {
  const auto now = now_ms();
  for (auto at = gatherings_.begin(); at != gatherings_.end();) {
    auto& x = at->second;
    if (now < x.until_ms && x.view.answers.size() < x.awaited) {
      ++at;
      continue;
    }
    send(x.to, cluster_report{render(x.view)});
    at = gatherings_.erase(at);
  }
}

} // namespace cohort::runtime
