// One random run of a whole cluster: faults, then quiet, then a verdict.
#pragma once

#include "testkit/simulated_cluster.hpp"
#include "testkit/simulated_load.hpp"
#include "testkit/witnessed_machine.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace cohort::testkit {

struct simulation_options {
  std::uint64_t seed = 1; ///< decides everything, its weather included
  bool faults = true;
  std::chrono::milliseconds storm{20'000}; ///< with faults, in virtual time
  /// Then, without any, it must have recovered within this.
  std::chrono::milliseconds patience{30'000};
  std::function<void(const std::string&)> trace;
};

/// What a run amounted to.
struct simulation_report {
  std::uint64_t trace_hash = 0; ///< the same for the same seed
  std::uint64_t events = 0;     ///< messages that actors handled
  std::chrono::milliseconds virtual_time{0};
  std::uint64_t packets = 0;
  std::uint64_t elections = 0;
  std::uint64_t acknowledged = 0; ///< commands
  std::uint64_t unknown = 0;      ///< commands without an answer
  std::uint64_t answered = 0;     ///< questions
  // Faults that took place.
  std::uint64_t crashes = 0;
  std::uint64_t crashes_in_a_write = 0;
  std::uint64_t pauses = 0;
  std::uint64_t packets_lost = 0;
  std::uint64_t links_broken = 0;
};

/// How likely each kind of fault is in one run; drawn, so that some runs have
/// many of one kind and none of another.
struct simulated_weather {
  simulated_weather(rng& random, bool faults);

  std::uint64_t total() const {
    return none + crash + crash_in_write + start + cut + isolate + heal
           + break_link + slow + pause + resume;
  }

  std::uint64_t none, crash, crash_in_write, start, cut, isolate, heal,
    break_link, slow, pause, resume;
  path_delay delay;
  path_delay slow_delay;
  std::int64_t skew_ms_max;
  std::int64_t disk_us_max;
  std::size_t nodes;
};

/// Throws invariant_broken, also when the run proves nothing: too few commands
/// were acknowledged, or no fault took place.
class simulation {
public:
  explicit simulation(simulation_options options);

  simulation_report run();

private:
  void storm();
  void calm();
  void fault();
  void crash(const std::string& name, bool in_a_write);
  void start_one();
  void isolate(const std::string& name);
  void pass_time();
  bool recovered();
  std::string draw_name();
  simulation_report report() const;
  void check_it_proves_something(const simulation_report& x) const;

  simulation_options options_;
  rng random_;
  simulated_weather sky_;
  apply_witness witness_;
  simulated_cluster cluster_;
  simulated_load load_;
};

} // namespace cohort::testkit
