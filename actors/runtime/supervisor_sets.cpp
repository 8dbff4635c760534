// The log and the replicas of a node.
#include "runtime/supervisor.hpp"

#include "codec/session_codec.hpp"
#include "machine/meta_machine.hpp"
#include "runtime/log_reader.hpp"
#include "runtime/log_writer.hpp"
#include "runtime/recovery_plan.hpp"
#include "runtime/replica_actor.hpp"
#include "runtime/snapshot_keeper.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace cohort::runtime {

result<void> supervisor::open_log() {
  auto opened = directory_.open_log(log_options_of(options_.plan.limits),
                                    storage::recovery_mode::strict);
  if (!opened)
    return opened.err();
  if (!opened->reason.empty())
    say("recovery: " + opened->reason);
  boot_ = opened->boot_counter;
  opened_ = std::move(*opened);
  log_ = std::move(opened_.log);
  auto snapshots =
    storage::snapshot_store::open(*options_.files, directory_.snapshots_path(),
                                  {options_.plan.limits.disk_reserve_bytes});
  if (!snapshots)
    return snapshots.err();
  snapshots_ = std::move(*snapshots);
  return {};
}

/// The identity is complete: the log is opened, the replicas live.
result<void> supervisor::enter_cluster() {
  if (!log_)
    if (auto opened = open_log(); !opened)
      return opened;
  spare_maker_ = spawn_shell<spare_maker>(system(), options_.disk_runs, log_);
  watch(spare_maker_, "spare_maker");
  log_writer_options writing;
  writing.log = log_;
  writing.spare_maker = spare_maker_;
  writing.trace = options_.trace;
  log_writer_ = spawn_shell<log_writer>(system(), options_.disk_runs, writing);
  watch(log_writer_, "log_writer");
  log_reader_ =
    spawn_shell<log_reader>(system(), options_.disk_runs,
                            std::shared_ptr<const storage::node_log>{log_});
  watch(log_reader_, "log_reader");
  if (auto started = start_sets(); !started)
    return started;
  entered_ = true;
  tell_new_voters();
  return {};
}

bool supervisor::hosts(const std::vector<std::string>& members) const {
  return std::find(members.begin(), members.end(), options_.name)
         != members.end();
}

/// Current incarnations, as far as they are known; else those of the formation.
std::vector<node_id>
supervisor::ids_of(const std::vector<std::string>& names) const {
  std::vector<std::string> all;
  for (const auto& x : options_.plan.nodes)
    all.push_back(x.name);
  std::sort(all.begin(), all.end());
  std::vector<node_id> result;
  for (const auto& name : names) {
    const auto known = known_meta_.nodes.find(name);
    const auto met = met_.find(name);
    if (known != known_meta_.nodes.end())
      result.push_back(known->second.incarnation);
    else if (met != met_.end() && met->second.incarnation != nobody)
      result.push_back(met->second.incarnation);
    else
      result.push_back(node_id{static_cast<std::uint64_t>(
        std::lower_bound(all.begin(), all.end(), name) - all.begin() + 1)});
  }
  return result;
}

/// The log has one writer at a time (D1): all that is to be written before
/// replicas live is written before the first of them does.
result<void> supervisor::start_sets() {
  const auto& plan = options_.plan;
  const auto meta = meta_members_of(plan);
  if (hosts(meta)) {
    std::vector<std::string> names;
    for (const auto& x : plan.nodes)
      names.push_back(x.name);
    auto machine = std::make_unique<machine::meta_machine>(
      names, [node = me()](const meta_state& x) {
        caf::anon_send(node, meta_changed{x});
      });
    if (auto started = prepare_set(meta_set, "meta", meta, std::move(machine),
                                   std::nullopt);
        !started)
      return started;
  }
  const auto& user = plan.sets.front();
  const auto members = members_of(plan, user);
  if (hosts(members)) {
    auto machine = make_user_machine(user, first_user_set);
    if (!machine)
      return machine.err();
    if (auto started = prepare_set(first_user_set, user.name, members,
                                   std::move(*machine), user.m);
        !started)
      return started;
  }
  opened_.sets.clear();
  for (auto& x : prepared_)
    spawn_set(std::move(x));
  prepared_.clear();
  meta_.members(ids_of(meta));
  return {};
}

result<std::unique_ptr<machine::state_machine>>
supervisor::make_user_machine(const set_plan& plan, set_id id) const {
  return options_.make_machine(
    {plan, id, forming_.identity()->cluster, directory_.engine_path(id)});
}

/// What a set begins with: the incarnations of the formation, which are the
/// ranks of the nodes' names.
replication::membership
supervisor::first_membership(const std::vector<std::string>& members,
                             std::optional<std::uint32_t> m) const {
  std::vector<std::string> all;
  for (const auto& x : options_.plan.nodes)
    all.push_back(x.name);
  std::sort(all.begin(), all.end());
  const auto& without = forming_.identity()->without;
  replication::configuration config;
  config.epoch = epoch_t{1};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto in = [&](const auto& names) {
      return std::find(names.begin(), names.end(), all[i]) != names.end();
    };
    if (in(members) && !in(without))
      config.voters.push_back(node_id{i + 1});
  }
  config.m = m.value_or(replication::default_m(config.voters.size()));
  return {config, std::nullopt};
}

/// The set's log as it was recovered. A new one is written down first: what it
/// begins with must not depend on the topology file of a later start (C3).
result<replication::recovered_state>
supervisor::log_of(set_id id, const replication::membership& first) {
  const auto found = opened_.sets.find(id);
  if (found != opened_.sets.end()
      && !found->second.base.members.current.voters.empty())
    return std::move(found->second);
  replication::recovered_state fresh;
  if (found != opened_.sets.end())
    fresh.state = found->second.state;
  fresh.state.suspect = fresh.state.suspect || opened_.unknown_sets_suspect;
  fresh.base.members = first;
  replication::write_request begin;
  begin.state = fresh.state;
  begin.base = fresh.base;
  const storage::set_write write{id, std::move(begin)};
  if (auto written = log_->write({&write, 1}); !written)
    return written.err();
  return fresh;
}

result<void>
supervisor::prepare_set(set_id id, const std::string& name,
                        const std::vector<std::string>& members,
                        std::unique_ptr<machine::state_machine> machine,
                        std::optional<std::uint32_t> m) {
  auto log = log_of(id, first_membership(members, m));
  if (!log)
    return log.err();
  recovered_parts found;
  found.log = std::move(*log);
  auto start = std::make_shared<applier_start>();
  if (const auto kept = machine->recovered(); kept.applied > index_t{}) {
    auto attachment = codec::decode_engine_attachment(kept.attachment);
    if (!attachment)
      return error{errc::corrupt, "the engine of set " + name + ": "
                                    + attachment.err().message};
    found.engine = attachment->base;
    start->sessions = std::move(attachment->sessions);
  }
  auto snapshot = snapshots_->open_newest(id);
  if (!snapshot)
    return snapshot.err();
  if (*snapshot)
    found.snapshot = (*snapshot)->head().base;
  auto plan = plan_recovery(std::move(found));
  if (!plan)
    return error{plan.err().code, "set " + name + ": " + plan.err().message};
  if (plan->restart_log || plan->shorten_log) {
    replication::write_request begin;
    begin.state = plan->start.state;
    begin.base = plan->start.base;
    begin.keep_tail = plan->shorten_log;
    const storage::set_write write{id, std::move(begin)};
    auto written = log_->write({&write, 1});
    const bool full = !written && written.err().code == errc::no_space;
    if (!written && !(full && plan->shorten_log))
      return written.err();
  }
  start->machine = std::move(machine);
  if (plan->from_snapshot)
    start->sessions.clear();
  else
    start->base = plan->start.base;
  prepared_.push_back(
    {id, name, std::move(plan->start), std::move(start), plan->from_snapshot});
  return {};
}

void supervisor::spawn_set(prepared_set x) {
  const auto& identity = *forming_.identity();
  const auto& plan = options_.plan;
  auto& hosted = sets_[x.id];
  hosted.name = x.name;
  snapshot_keeper_options keeping;
  keeping.set = x.id;
  keeping.self = identity.incarnation;
  keeping.store = snapshots_;
  keeping.hub = hub_;
  keeping.trace = options_.trace;
  keeping.tick_interval = slow_ticks
                          * std::chrono::milliseconds{plan.timers.tick_ms};
  hosted.keeper = spawn_shell<snapshot_keeper>(system(), options_.disk_runs,
                                               keeping);
  watch(hosted.keeper, "snapshot_keeper of " + x.name);

  auto setup = std::make_shared<replica_setup>();
  setup->set = x.id;
  setup->set_name = x.name;
  setup->protocol.self = identity.incarnation;
  setup->protocol.election_ticks = plan.timers.election_ticks;
  setup->protocol.heartbeat_ticks = plan.timers.heartbeat_ticks;
  setup->protocol.seed = options_.seed + x.id.value;
  setup->protocol.boot = boot_;
  // What is not committed cannot become a snapshot, and stays in the log.
  setup->protocol.uncommitted_bytes_max = std::min<std::size_t>(
    setup->protocol.uncommitted_bytes_max, plan.limits.log_bytes_max / 8);
  setup->replaces = identity.replaces;
  setup->others = plan.nodes.size() - 1;
  setup->recovered = std::move(x.start);
  setup->machine = std::move(x.machine);
  setup->restore_first = x.from_snapshot;
  setup->applying.set = x.id;
  setup->applying.self = identity.incarnation;
  setup->applying.hub = hub_;
  setup->applying.keeper = hosted.keeper;
  setup->applying.snapshot_log_bytes_min = plan.limits.snapshot_log_bytes;
  setup->applying.snapshot_log_bytes_max = plan.limits.log_bytes_max / 2;
  setup->applier_runs = options_.applier_runs;
  setup->keeping.kept_bytes = plan.limits.snapshot_log_bytes / 4;
  setup->keeping.pinned_bytes = plan.limits.log_bytes_max / 2;
  setup->time = options_.time;
  setup->trace = options_.trace;
  setup->node = me();
  setup->hub = hub_;
  setup->log_writer = log_writer_;
  setup->log_reader = log_reader_;
  setup->keeper = hosted.keeper;
  hosted.replica = spawn_shell<replica_actor>(
    system(), options_.replica_runs,
    std::shared_ptr<const replica_setup>{std::move(setup)});
  watch(hosted.replica, "replica of " + x.name);
  send(hosted.keeper, serve_set{x.id, hosted.replica});
  send(hub_, serve_set{x.id, hosted.replica});
}

} // namespace cohort::runtime
