// What happens to nodes and their disks.
#include "testkit/disk_damage.hpp"
#include "testkit/simulated_cluster.hpp"

#include "core/check.hpp"

#include <utility>

namespace cohort::testkit {

namespace {

/// So often a node may stop itself because of damage until somebody gives its
/// disk up.
constexpr unsigned falls_max = 3;

} // namespace

void simulated_cluster::crash_during(const std::string& name,
                                     std::uint64_t change,
                                     const crash_kind& how) {
  auto& x = members_.at(name);
  x.disk->stop_during(change);
  x.crashes_by_disk = true;
  x.crash_by_disk = how;
}

void simulated_cluster::pause(const std::string& name) {
  auto& x = members_.at(name);
  if (!x.lives || std::exchange(x.paused, true))
    return;
  count("pause");
  note(name, "pauses");
}

void simulated_cluster::resume(const std::string& name) {
  auto& x = members_.at(name);
  if (!std::exchange(x.paused, false))
    return;
  note(name, "goes on");
  release(x);
}

void simulated_cluster::jump_clock(const std::string& name, std::int64_t ms) {
  count("jump of a clock");
  note(name, "its wall clock jumps by " + std::to_string(ms) + " ms");
  members_.at(name).time->jump(ms);
}

// -- disks --------------------------------------------------------------------

void simulated_cluster::wipe(const std::string& name) {
  auto& x = members_.at(name);
  COHORT_CHECK(!x.lives);
  count("wiped disk");
  note(name, "its disk is wiped");
  x.disk = make_disk();
  x.limited = false;
  x.full = false;
  x.damaged = false;
  x.blanked = false;
  x.falls = 0;
  disks_.forget(name);
}

void simulated_cluster::damage(const std::string& name) {
  auto& x = members_.at(name);
  COHORT_CHECK(!x.lives);
  auto before = x.disk->crash_losing_nothing();
  const auto [what, looks_unwritten] = damage_disk(*x.disk, random_);
  if (what.empty())
    return;
  note(name, "damage: " + what);
  const bool blanked = x.blanked || looks_unwritten;
  if (blanked && disks_.takes_for_torn(name, *x.disk)) {
    note(name, "which nobody can tell from a torn write: taken back");
    x.disk = std::move(before);
    return;
  }
  count("damaged disk");
  x.damaged = true;
  x.blanked = blanked;
  disks_.doubt(name);
}

bool simulated_cluster::given_up(const std::string& name) const {
  const auto& x = members_.at(name);
  return x.damaged && !x.lives && (x.refused || x.falls >= falls_max);
}

void simulated_cluster::heal(const std::string& name) {
  auto& x = members_.at(name);
  x.damaged = false;
  x.blanked = false;
  x.falls = 0;
}

void simulated_cluster::limit_disk(const std::string& name,
                                   std::uint64_t free_bytes) {
  auto& x = members_.at(name);
  count(free_bytes == 0 ? "full disk" : "little space");
  note(name, std::to_string(free_bytes) + " bytes are left on its disk");
  x.limited = true;
  x.full = free_bytes == 0;
  x.was_limited = true;
  x.was_full = x.was_full || x.full;
  x.disk->set_disk_bytes(x.disk->used_bytes() + free_bytes);
}

void simulated_cluster::unlimit_disk(const std::string& name) {
  auto& x = members_.at(name);
  x.limited = false;
  x.full = false;
  x.disk->set_disk_bytes(~std::uint64_t{0});
}

void simulated_cluster::stall_disk(const std::string& name,
                                   std::chrono::microseconds time) {
  note(name, "its disk stalls");
  members_.at(name).stall = time;
}

void simulated_cluster::fail_disk(const std::string& name,
                                  std::uint64_t change) {
  members_.at(name).disk->fail_change(change, errc::io_failed);
}

void simulated_cluster::end_faults() {
  network_.heal_all();
  for (auto& [name, x] : members_) {
    resume(name);
    unlimit_disk(name);
    x.stall = {};
    if (x.lives && x.crashes_by_disk)
      crash(name, x.crash_by_disk);
    x.disk->forget_failures();
  }
}

} // namespace cohort::testkit
