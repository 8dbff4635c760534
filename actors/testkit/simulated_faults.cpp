#include "testkit/simulated_faults.hpp"

#include <array>
#include <utility>

namespace cohort::testkit {

namespace {

/// The changes of a disk that a crash or a failure may wait for.
constexpr std::uint64_t changes_ahead_max = 200;

/// Fewer nodes cannot replace one that lost its disk.
constexpr std::size_t replaceable_nodes = 3;

constexpr std::uint64_t stall_us_max = 5'000'000;
constexpr std::uint64_t clog_us_max = 3'000'000;
constexpr std::uint64_t jump_ms_max = 100'000;
constexpr std::uint64_t little_space = 2'000'000;

} // namespace

simulated_faults::action simulated_faults::action_of(fault_kind what) {
  using self = simulated_faults;
  static constexpr std::array<std::pair<fault_kind, action>, 21> actions{{
    {fault_kind::none, &self::nothing},
    {fault_kind::start, &self::start},
    {fault_kind::resume, &self::resume},
    {fault_kind::heal_network, &self::heal_network},
    {fault_kind::unlimit_disk, &self::unlimit_disk},
    {fault_kind::crash_process, &self::crash_process},
    {fault_kind::crash_host, &self::crash_host},
    {fault_kind::crash_in_write, &self::crash_in_write},
    {fault_kind::pause, &self::pause},
    {fault_kind::jump_clock, &self::jump_clock},
    {fault_kind::cut, &self::cut},
    {fault_kind::isolate, &self::isolate},
    {fault_kind::clog, &self::clog},
    {fault_kind::slow, &self::slow},
    {fault_kind::break_links, &self::break_links},
    {fault_kind::wipe_disk, &self::wipe_disk},
    {fault_kind::damage_disk, &self::damage_disk},
    {fault_kind::limit_disk, &self::limit_disk},
    {fault_kind::fill_disk, &self::fill_disk},
    {fault_kind::stall_disk, &self::stall_disk},
    {fault_kind::fail_disk, &self::fail_disk},
  }};
  for (const auto& [kind, act] : actions)
    if (kind == what)
      return act;
  return &self::nothing;
}

void simulated_faults::act() {
  look_after_patient();
  (this->*action_of(sky_.faults.draw(random_)))();
}

const std::string& simulated_faults::draw_name() {
  const auto& names = cluster_.names();
  return names[random_.below(names.size())];
}

// -- nodes --------------------------------------------------------------------

/// Who lost its disk for good gets another.
void simulated_faults::bring_up(const std::string& name) {
  if (cluster_.given_up(name))
    cluster_.wipe(name);
  cluster_.start(name);
}

void simulated_faults::start() {
  for (const auto& name : cluster_.names())
    if (!cluster_.up(name))
      return bring_up(name);
}

void simulated_faults::resume() {
  cluster_.resume(draw_name());
}

bool simulated_faults::loses_writes() {
  return random_.below(4) != 0;
}

void simulated_faults::crash_process() {
  const auto& name = draw_name();
  if (cluster_.up(name))
    cluster_.crash(name, {false, false});
}

void simulated_faults::crash_host() {
  const auto& name = draw_name();
  if (cluster_.up(name))
    cluster_.crash(name, {true, loses_writes()});
}

void simulated_faults::crash_in_write() {
  const auto& name = draw_name();
  if (cluster_.up(name))
    cluster_.crash_during(name, random_.between(1, changes_ahead_max),
                          {true, loses_writes()});
}

void simulated_faults::pause() {
  cluster_.pause(draw_name());
}

void simulated_faults::jump_clock() {
  const auto ms = static_cast<std::int64_t>(random_.below(2 * jump_ms_max));
  cluster_.jump_clock(draw_name(), ms - std::int64_t{jump_ms_max});
}

// -- the network --------------------------------------------------------------

void simulated_faults::heal_network() {
  cluster_.network().heal_all();
  cluster_.network().repeat_one_in(sky_.repeat_one_in);
}

void simulated_faults::cut() {
  const auto& from = draw_name();
  cluster_.network().cut(from, draw_name());
}

/// In one direction or in both, from everybody.
void simulated_faults::isolate() {
  const auto& name = draw_name();
  const auto way = random_.below(3);
  for (const auto& other : cluster_.names()) {
    if (other == name)
      continue;
    if (way != 1)
      cluster_.network().cut(name, other);
    if (way != 2)
      cluster_.network().cut(other, name);
  }
}

void simulated_faults::clog() {
  const auto us = static_cast<std::int64_t>(random_.between(1000, clog_us_max));
  const auto until = cluster_.now() + std::chrono::microseconds{us};
  const auto& from = draw_name();
  cluster_.network().clog(from, draw_name(), until);
}

void simulated_faults::slow() {
  const auto& from = draw_name();
  cluster_.network().set_delay(from, draw_name(), sky_.slow_delay);
}

void simulated_faults::break_links() {
  const auto& one = draw_name();
  cluster_.network().break_links(one, draw_name());
}

// -- disks --------------------------------------------------------------------

/// Before a cluster is formed there is nothing to lose, and an empty disk is no
/// fault.
bool simulated_faults::may_ruin(const std::string& name) {
  if (cluster_.names().size() < replaceable_nodes || sky_.cluster.m
      || !cluster_.formed())
    return false;
  if (!patient_.empty() && patient_ != name)
    return false;
  patient_ = name;
  if (cluster_.up(name))
    cluster_.crash(name, {true, loses_writes()});
  return true;
}

void simulated_faults::look_after_patient() {
  if (patient_.empty() || !cluster_.sound(patient_))
    return;
  cluster_.heal(patient_);
  patient_.clear();
}

void simulated_faults::wipe_disk() {
  const auto& name = draw_name();
  if (may_ruin(name))
    cluster_.wipe(name);
}

void simulated_faults::damage_disk() {
  const auto& name = draw_name();
  if (!may_ruin(name))
    return;
  for (auto left = random_.between(1, 3); left > 0; --left)
    cluster_.damage(name);
}

/// One at a time: with several, little happens for long.
void simulated_faults::limit(std::uint64_t free_bytes) {
  unlimit_disk();
  limited_ = draw_name();
  cluster_.limit_disk(limited_, free_bytes);
}

void simulated_faults::limit_disk() {
  limit(random_.between(1, little_space));
}

void simulated_faults::fill_disk() {
  limit(0);
}

void simulated_faults::unlimit_disk() {
  if (!limited_.empty())
    cluster_.unlimit_disk(std::exchange(limited_, {}));
}

/// One at a time, for the same reason.
void simulated_faults::stall_disk() {
  if (cluster_.now() < stalls_until_)
    return;
  const std::chrono::microseconds time{random_.between(1000, stall_us_max)};
  stalls_until_ = cluster_.now() + time;
  cluster_.stall_disk(draw_name(), time);
}

void simulated_faults::fail_disk() {
  cluster_.fail_disk(draw_name(), random_.between(1, changes_ahead_max));
}

// -- afterwards ---------------------------------------------------------------

void simulated_faults::repair() {
  look_after_patient();
  for (const auto& name : cluster_.names())
    if (!cluster_.up(name))
      bring_up(name);
}

} // namespace cohort::testkit
