// What runs next, and when.
#include "testkit/simulated_cluster.hpp"

#include <caf/logger.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace cohort::testkit {

namespace {

using std::chrono::microseconds;

/// Messages without time passing: more is a loop.
constexpr std::uint64_t events_per_moment_max = 1'000'000;

/// What fills a mailbox waits for an answer, has a window, or is refused (T1):
/// none of them grows without end, even if its actor does nothing for long.
constexpr std::size_t mailbox_max = 5'000;

/// A node whose disk failed has ended by then, but for the time that its actors
/// wait for a disk that is busy.
constexpr std::chrono::seconds failed_node_patience{1};

/// Asked for every event: a dynamic_cast would cost more than most of them.
caf::actor_id id_of(caf::resumable* job) {
  if (job->subtype() != caf::resumable::scheduled_actor)
    return caf::invalid_actor_id;
  return static_cast<caf::scheduled_actor*>(job)->id();
}

/// Messages of one that is about to run.
std::size_t mailbox_of(caf::resumable* job) {
  auto& mailbox = static_cast<caf::scheduled_actor*>(job)->mailbox();
  return mailbox.blocked() || mailbox.closed() ? 0 : mailbox.size();
}

} // namespace

microseconds simulated_cluster::now() const {
  return std::chrono::duration_cast<microseconds>(
    scheduler().clock().now().time_since_epoch());
}

/// One message, of an actor that is drawn. The node that this is of, if any;
/// nothing: nobody has anything to do.
std::optional<simulated_cluster::member*> simulated_cluster::run_one() {
  auto& jobs = scheduler().jobs;
  if (jobs.empty())
    return std::nullopt;
  if (jobs.size() > 1)
    std::swap(jobs.front(), jobs[random_.below(jobs.size())]);
  auto* const job = jobs.front();
  const auto actor = id_of(job);
  auto* const owner = owner_of(actor);
  if (hold(job, owner)) {
    jobs.pop_front();
    return owner;
  }
  const auto changes = owner ? owner->disk->changes() : 0;
  if (owner && owner->lives && mailbox_of(job) > mailbox_max)
    report_broken("a mailbox has " + std::to_string(mailbox_of(job))
                  + " messages");
  scheduler().run_once();
  ++events_;
  own_new_actors(owner);
  if (owner && owner->disk->changes() != changes)
    note_change(actor, *owner);
  return owner;
}

simulated_cluster::member*
simulated_cluster::owner_of(caf::actor_id actor) const {
  return actor < owners_.size() ? owners_[actor] : nullptr;
}

/// Actors are of the node whose actor made them.
void simulated_cluster::own_new_actors(member* owner) {
  owners_.resize(system_->latest_actor_id() + 1, owner);
}

/// Of the disk, which takes its time.
void simulated_cluster::note_change(caf::actor_id actor, member& owner) {
  check_failed_disk(actor, owner);
  auto time = std::exchange(owner.stall, microseconds{0});
  if (time > microseconds{0})
    count("stalled disk");
  if (options_.disk_us_max > 0) {
    const auto most = static_cast<std::uint64_t>(options_.disk_us_max);
    time += microseconds{static_cast<std::int64_t>(random_.below(most) + 1)};
  }
  if (time > microseconds{0})
    busy_[actor] = time;
}

bool simulated_cluster::hold(caf::resumable* job, member* owner) {
  const auto busy = busy_.extract(id_of(job));
  if (!owner || !owner->lives || (busy.empty() && !owner->paused))
    return false;
  if (owner->paused) {
    held_.push_back({job, owner, caf::actor_clock::time_point::max()});
    return true;
  }
  const auto until = scheduler().clock().now() + busy.mapped();
  held_.push_back({job, owner, until});
  owner->ends_from = std::max(
    owner->ends_from,
    std::chrono::duration_cast<microseconds>(until.time_since_epoch()));
  return true;
}

void simulated_cluster::release_due() {
  const auto now = scheduler().clock().now();
  std::erase_if(held_, [&](const held_job& x) {
    if (x.until > now)
      return false;
    scheduler().jobs.push_back(x.job);
    return true;
  });
}

void simulated_cluster::release(const member& owner) {
  std::erase_if(held_, [&](const held_job& x) {
    if (x.owner != &owner)
      return false;
    scheduler().jobs.push_back(x.job);
    return true;
  });
}

void simulated_cluster::run_ready() {
  // CAF's logger notes who runs, behind a lock: nobody reads that here.
  caf::logger::set_current_actor_system(nullptr);
  if (std::exchange(unchecked_, false))
    for (auto& [name, x] : members_)
      check(&x);
  const auto last = events_ + events_per_moment_max;
  while (const auto owner = run_one()) {
    check(*owner);
    if (events_ > last)
      throw invariant_broken{"messages without end"};
  }
}

void simulated_cluster::run_until(microseconds when) {
  auto& clock = scheduler().clock();
  const caf::actor_clock::time_point end{when};
  for (;;) {
    run_ready();
    const auto& timers = clock.schedule();
    auto next = caf::actor_clock::time_point::max();
    if (!timers.empty())
      next = timers.begin()->first;
    const bool timer = next <= end;
    for (const auto& x : held_)
      next = std::min(next, x.until);
    if (next > end)
      break;
    clock.current_time = std::max(clock.current_time, next);
    release_due();
    if (timer && timers.begin()->first <= clock.current_time)
      clock.trigger_timeout();
  }
  clock.current_time = std::max(clock.current_time, end);
  check_failed_nodes_end();
}

/// While a node pauses, time stands still for that.
void simulated_cluster::check_failed_nodes_end() {
  for (auto& [name, x] : members_)
    if (x.lives && x.failed_by != caf::invalid_actor_id) {
      if (x.paused)
        x.ends_from = now();
      else if (now() - x.ends_from > failed_node_patience)
        throw invariant_broken{name + " lives on with a disk that failed"};
    }
}

} // namespace cohort::testkit
