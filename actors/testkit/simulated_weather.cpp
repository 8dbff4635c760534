#include "testkit/simulated_weather.hpp"

#include <algorithm>
#include <array>

namespace cohort::testkit {

namespace {

struct fault_row {
  fault_kind what;
  weight_range weight;
};

/// Between faults, nothing happens most of the time. What ends a fault comes in
/// every run.
constexpr std::array fault_rows{
  fault_row{fault_kind::none, always(2000, 2000)},
  fault_row{fault_kind::start, always(20, 60)},
  fault_row{fault_kind::resume, always(10, 40)},
  fault_row{fault_kind::heal_network, always(5, 30)},
  fault_row{fault_kind::unlimit_disk, always(5, 20)},
  fault_row{fault_kind::crash_in_write, always(1, 15)},
  fault_row{fault_kind::crash_process, sometimes(1, 15)},
  fault_row{fault_kind::crash_host, sometimes(1, 15)},
  fault_row{fault_kind::pause, sometimes(1, 10)},
  fault_row{fault_kind::jump_clock, sometimes(1, 10)},
  fault_row{fault_kind::cut, sometimes(1, 15)},
  fault_row{fault_kind::isolate, sometimes(1, 10)},
  fault_row{fault_kind::clog, sometimes(1, 10)},
  fault_row{fault_kind::slow, sometimes(1, 10)},
  fault_row{fault_kind::break_links, sometimes(1, 20)},
  fault_row{fault_kind::wipe_disk, sometimes(1, 8)},
  fault_row{fault_kind::damage_disk, sometimes(1, 15)},
  fault_row{fault_kind::limit_disk, sometimes(1, 5)},
  fault_row{fault_kind::fill_disk, sometimes(1, 5)},
  fault_row{fault_kind::fail_disk, sometimes(1, 10)},
  fault_row{fault_kind::stall_disk, sometimes(1, 8)},
};

/// Ticks of a node are longer or shorter than those of others by that, in ms.
constexpr std::uint32_t tick_ms_spread_max = 1;

constexpr std::array<std::size_t, 10> node_counts{1, 3, 3, 3, 3, 3, 3, 5, 5, 5};

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

std::int64_t draw_some(rng& random, std::uint64_t most) {
  return static_cast<std::int64_t>(sometimes(1, most).draw(random));
}

std::uint32_t draw_u32(rng& random, std::uint64_t low, std::uint64_t high) {
  return static_cast<std::uint32_t>(random.between(low, high));
}

} // namespace

simulated_weather::simulated_weather(rng& random, bool with_faults) {
  draw_network(random);
  draw_cluster(random);
  draw_limits(random);
  draw_timers(random);
  draw_faults(random);
  draw_pace(random);
  cluster.copies_on_write = random.below(4) == 0;
  if (with_faults)
    return;
  faults = {};
  faults.add(fault_kind::none, 1);
  delay.spike_one_in = 0;
  repeat_one_in = 0;
  cluster.disk_us_max = 0;
}

std::string simulated_weather::text() const {
  std::string result;
  const auto add = [&](const char* name, std::uint64_t value) {
    result += (result.empty() ? "" : ", ") + std::string{name} + ' '
              + std::to_string(value);
  };
  add("nodes", cluster.nodes);
  add("members",
      cluster.members.empty() ? cluster.nodes : cluster.members.size());
  if (cluster.m)
    add("m", *cluster.m);
  add("tick_ms", cluster.timers.tick_ms);
  add("heartbeat_ticks", cluster.timers.heartbeat_ticks);
  add("election_ticks", cluster.timers.election_ticks);
  add("request_patience_ms", cluster.timers.request_patience_ms);
  add("segment_bytes", cluster.limits.segment_bytes);
  add("log_bytes_max", cluster.limits.log_bytes_max);
  add("snapshot_log_bytes", cluster.limits.snapshot_log_bytes);
  add("delay us", static_cast<std::uint64_t>(delay.most_us));
  add("disk us", static_cast<std::uint64_t>(cluster.disk_us_max));
  add("copies on write", cluster.copies_on_write);
  add("command bytes", load.padding_max);
  add("load one in", load_one_in);
  return result;
}

void simulated_weather::draw_faults(rng& random) {
  for (const auto& x : fault_rows)
    faults.add(x.what, x.weight.draw(random));
}

void simulated_weather::draw_network(rng& random) {
  delay.most_us = static_cast<std::int64_t>(random.between(100, 3000));
  if (random.below(2) == 0) {
    delay.spike_one_in = random.between(20, 500);
    delay.spike_us = static_cast<std::int64_t>(random.between(1000, 200'000));
  }
  slow_delay = {10'000, 50'000 + delay.most_us, 0, 0};
  repeat_one_in = sometimes(5, 200).draw(random);
}

/// With five nodes, the set may live on some of them only; with three, a write
/// may have to be on all.
void simulated_weather::draw_cluster(rng& random) {
  cluster.nodes = node_counts[random.below(node_counts.size())];
  if (cluster.nodes == 5 && random.below(2) == 0)
    cluster.members = {"n1", "n3", "n5"};
  if (cluster.nodes > 1 && random.below(6) == 0) {
    const auto members = cluster.members.empty() ? cluster.nodes
                                                 : cluster.members.size();
    cluster.m = static_cast<std::uint32_t>(members - 1);
  }
  cluster.skew_ms_max = draw_some(random, 10'000);
  cluster.rate_ppm_max = draw_some(random, 20'000);
  cluster.disk_us_max = draw_some(random, 20'000);
  cluster.durable_writes = random.below(4) == 0;
}

/// Logs of few small segments roll, are emptied and replaced by snapshots all
/// the time.
void simulated_weather::draw_limits(rng& random) {
  load.padding_max = random.below(2) == 0 ? 20'000 : 200;
  auto& x = cluster.limits;
  x.segment_bytes = (std::uint64_t{64} << 10) << random.below(5);
  x.log_bytes_max = std::max(2 * mib, x.segment_bytes * random.between(4, 16));
  x.log_bytes_limit = x.log_bytes_max * random.between(2, 4);
  x.snapshot_log_bytes = random.between(mib, x.log_bytes_max / 2);
  x.disk_reserve_bytes = mib;
}

void simulated_weather::draw_timers(rng& random) {
  auto& x = cluster.timers;
  if (random.below(2) == 0)
    return;
  x.tick_ms = draw_u32(random, 5, 20);
  x.heartbeat_ticks = draw_u32(random, 2, 8);
  x.election_ticks = draw_u32(random, 2 * x.heartbeat_ticks,
                              6 * x.heartbeat_ticks);
  const auto slowest_tick_ms = x.tick_ms + tick_ms_spread_max;
  x.request_patience_ms =
    draw_u32(random, 2 * x.election_ticks * slowest_tick_ms, 8000);
  cluster.tick_ms_spread = draw_u32(random, 0, tick_ms_spread_max);
}

/// Where requests come one after the other, logs roll and disks are full; where
/// they come now and then, timers, reads and lone entries meet each other, and
/// far more time passes for the same work.
void simulated_weather::draw_pace(rng& random) {
  load_one_in = random.below(8) == 0 ? 1 : random.between(4, 20);
}

} // namespace cohort::testkit
