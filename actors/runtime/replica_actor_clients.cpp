// What gateways ask of a replica, and what they are answered.
#include "runtime/replica_actor.hpp"

#include <algorithm>
#include <utility>

namespace cohort::runtime {

namespace {

constexpr std::uint32_t busy_retry_ms = 20;

/// Of one entry (K5): more would not fit into a frame.
constexpr std::size_t entry_bytes_max = std::size_t{32} << 20;

} // namespace

// -- requests -----------------------------------------------------------------

void replica_actor::on_request(node_id gateway, client_request request) {
  const asker who{gateway, request.id};
  if (!core_.leads())
    return refuse(who, client_outcome::not_primary);
  if (const auto* wait = std::get_if<wait_request>(&request.body))
    return on_wait(who, *wait, request.patience_ms);
  on_work(who, std::get<work_request>(std::move(request.body)));
}

void replica_actor::on_work(asker who, work_request work) {
  if (work.command.empty()) {
    const auto id = ++last_query_;
    const auto after = work.after_sequence > 0 ? core_.log().last_index()
                                               : index_t{};
    queries_.emplace(id, pending_query{who, std::move(work), after});
    core_.read(id);
    return wake();
  }
  if (disk_full_)
    return refuse(who, client_outcome::disk_full);
  if (work.command.size() > entry_bytes_max)
    return refuse(who, client_outcome::refused);
  if (unwritten_bytes_ > setup_->unwritten_bytes_max)
    return refuse(who, client_outcome::busy);
  core_.set_time(log_clock_.at(setup_->time->wall_ms(), now_ms()));
  const auto index = core_.propose(work.command);
  if (!index)
    return refuse(who, index.err().code == errc::busy
                         ? client_outcome::busy
                         : client_outcome::not_primary);
  riding_.emplace(*index, riding_work{*index, who, std::move(work)});
  wake();
}

void replica_actor::on_wait(const asker& who, const wait_request& wait,
                            std::uint32_t patience_ms) {
  waits_.push_back({who, wait, now_ms() + patience_ms});
  check_waits();
}

/// What may be read now goes to the applier; what may not is refused.
void replica_actor::take_reads(const replication::output& out) {
  for (const auto& grant : out.reads) {
    const auto at = queries_.find(grant.id);
    if (at == queries_.end())
      continue;
    auto& query = at->second;
    send(applier_,
         answer_queries{std::max(grant.index, query.after),
                        log_clock_.at(setup_->time->wall_ms(), now_ms()),
                        query.who, std::move(query.work)});
    queries_.erase(at);
  }
  for (auto id : out.refused_reads) {
    const auto at = queries_.find(id);
    if (at == queries_.end())
      continue;
    refuse(at->second.who, client_outcome::not_primary);
    queries_.erase(at);
  }
}

// -- answers ------------------------------------------------------------------

void replica_actor::reply(const asker& who, client_reply answer) {
  answer.id = who.request;
  send(setup_->hub,
       outbound{{who.gateway},
                transport::lane::control,
                codec::encode(setup_->set, setup_->protocol.self, answer)});
}

void replica_actor::refuse(const asker& who, client_outcome outcome) {
  client_reply answer;
  answer.outcome = outcome;
  answer.primary = core_.primary_hint();
  answer.retry_after_ms = busy_retry_ms;
  if (outcome == client_outcome::disk_full)
    answer.message = "the disk of the primary is full";
  if (outcome == client_outcome::refused)
    answer.message = "a batch of commands is larger than "
                     + std::to_string(entry_bytes_max) + " bytes";
  reply(who, std::move(answer));
}

void replica_actor::refuse_all_pending() {
  for (const auto& [index, x] : riding_)
    refuse(x.who, client_outcome::not_primary);
  riding_.clear();
  for (const auto& [id, x] : queries_)
    refuse(x.who, client_outcome::not_primary);
  queries_.clear();
  for (const auto& x : waits_)
    refuse(x.who, client_outcome::not_primary);
  waits_.clear();
  send(applier_, stepped_down{core_.primary_hint()});
}

/// A wait ends when enough backups hold the entry, or at the end of patience
/// with as many as do (K5).
void replica_actor::check_waits() {
  std::erase_if(waits_, [&](const pending_wait& x) {
    const auto copies = core_.copies(x.wait.index);
    if (copies < x.wait.copies && now_ms() < x.deadline_ms)
      return false;
    client_reply answer;
    answer.copies = static_cast<std::uint32_t>(copies);
    reply(x.who, std::move(answer));
    return true;
  });
}

} // namespace cohort::runtime
