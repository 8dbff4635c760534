// Who plays havoc with a simulated cluster, and who repairs it.
#pragma once

#include "core/rng.hpp"
#include "testkit/simulated_cluster.hpp"
#include "testkit/simulated_weather.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace cohort::testkit {

/// Lets faults happen as the weather says.
///
/// What no cluster survives is left out: of all disks one at a time is wiped or
/// damaged, and the next only when that node is whole again; so of everything
/// that was acknowledged a good copy is left. None is where every write has to
/// be on all disks.
class simulated_faults {
public:
  simulated_faults(simulated_cluster& cluster, const simulated_weather& sky,
                   std::uint64_t seed)
    : cluster_(cluster),
      sky_(sky),
      random_(seed) {}

  /// The next fault, if there is to be one now.
  void act();

  /// No more faults: what an operator would do now. To be called again and
  /// again, since nodes may stop that find damage.
  void repair();

private:
  using action = void (simulated_faults::*)();
  static action action_of(fault_kind what);

  void nothing() {}
  void start();
  void resume();
  void heal_network();
  void unlimit_disk();
  void crash_process();
  void crash_host();
  void crash_in_write();
  void pause();
  void jump_clock();
  void cut();
  void isolate();
  void clog();
  void slow();
  void break_links();
  void wipe_disk();
  void damage_disk();
  void limit_disk();
  void fill_disk();
  void stall_disk();
  void fail_disk();

  const std::string& draw_name();
  bool loses_writes();
  bool may_ruin(const std::string& name);
  void limit(std::uint64_t free_bytes);
  void look_after_patient();
  void bring_up(const std::string& name);

  simulated_cluster& cluster_;
  const simulated_weather& sky_;
  rng random_;
  std::string patient_; ///< the one whose disk is not as it should be
  std::string limited_; ///< the one whose disk is full
  std::chrono::microseconds stalls_until_{0}; ///< some disk, at least
};

} // namespace cohort::testkit
