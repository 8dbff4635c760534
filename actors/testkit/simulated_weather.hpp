// What one random run is like: drawn from its seed.
#pragma once

#include "core/rng.hpp"
#include "testkit/simulated_cluster.hpp"
#include "testkit/simulated_load.hpp"
#include "testkit/weighted_choice.hpp"

#include <cstdint>
#include <string>

namespace cohort::testkit {

/// What may happen between two moments of a storm.
enum class fault_kind : std::uint8_t {
  none,
  start,
  resume,
  heal_network,
  unlimit_disk,
  crash_process,
  crash_host,
  crash_in_write,
  pause,
  jump_clock,
  cut,
  isolate,
  clog,
  slow,
  break_links,
  wipe_disk,
  damage_disk,
  limit_disk,
  fill_disk,
  fail_disk,
  stall_disk,
};

/// How likely each kind of fault is, and how the cluster is set up. Some runs
/// have much of one kind and nothing of another, and sizes and timers that
/// nobody would choose (swarm testing).
struct simulated_weather {
  simulated_weather(rng& random, bool faults);

  weighted_choice<fault_kind> faults;
  path_delay delay;
  path_delay slow_delay;
  std::uint64_t repeat_one_in = 0;   ///< packets; 0: none
  simulated_cluster_options cluster; ///< but for its functions and its seed
  simulated_load_options load;
  /// Of the moments of a storm, which are 5 ms apart, one in so many has
  /// something new for the cluster to do.
  std::uint64_t load_one_in = 1;

  /// For people: how the cluster is set up.
  std::string text() const;

private:
  void draw_faults(rng& random);
  void draw_network(rng& random);
  void draw_cluster(rng& random);
  void draw_limits(rng& random);
  void draw_timers(rng& random);
  void draw_pace(rng& random);
};

} // namespace cohort::testkit
