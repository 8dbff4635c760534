// One random run of a whole cluster: faults, then quiet, then a verdict.
#pragma once

#include "testkit/drawn_dice.hpp"
#include "testkit/simulated_cluster.hpp"
#include "testkit/simulated_faults.hpp"
#include "testkit/simulated_load.hpp"
#include "testkit/simulated_weather.hpp"
#include "testkit/witnessed_machine.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cohort::testkit {

struct simulation_options {
  std::uint64_t seed = 1; ///< decides everything, its weather included
  bool faults = true;
  std::chrono::milliseconds storm{20'000}; ///< with faults, in virtual time
  /// Then, without any, it must have recovered within this.
  std::chrono::milliseconds patience{30'000};
  std::function<void(const std::string&)> trace;
  /// A machine of your own, which must reply the same on every replica, and its
  /// commands. None: the simulator's own.
  std::function<std::unique_ptr<machine::simple_machine>()> make_machine;
  std::function<std::string(rng&)> make_command;
};

/// What a run amounted to.
struct simulation_report {
  std::uint64_t trace_hash = 0; ///< the same for the same seed
  std::size_t nodes = 0;
  std::uint64_t events = 0; ///< messages that actors handled
  std::chrono::milliseconds virtual_time{0};
  std::uint64_t packets = 0;
  std::uint64_t elections = 0;
  std::uint64_t acknowledged = 0; ///< commands
  std::uint64_t unknown = 0;      ///< commands without an answer
  std::uint64_t answered = 0;     ///< questions
  /// Those that took place, by kind, sorted.
  std::vector<std::pair<std::string, std::uint64_t>> faults;
  fault_point_counts points;
};

/// Throws invariant_broken, also when the run proves nothing: too few commands
/// were acknowledged, or no fault took place.
///
/// For the thread that made it, which has no other meanwhile: dice are thrown
/// per thread (drawn_dice).
class simulation {
public:
  explicit simulation(simulation_options options);

  /// To be called once.
  simulation_report run();

  /// The newest last; what happened before something broke.
  std::vector<std::string> last_events() const {
    return cluster_.last_events();
  }

private:
  simulated_cluster_options options_of_cluster();
  simulated_load_options options_of_load() const;
  void storm();
  void calm();
  void pass_time();
  const std::string& draw_name();
  simulation_report report() const;
  void check_it_proves_something(const simulation_report& x) const;

  simulation_options options_;
  rng random_;
  drawn_dice dice_;
  simulated_weather sky_;
  apply_witness witness_;
  simulated_cluster cluster_;
  simulated_load load_;
  simulated_faults faults_;
};

} // namespace cohort::testkit
