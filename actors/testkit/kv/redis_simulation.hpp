// One random run of whole nodes that serve Redis clients: faults, then quiet,
// then a verdict on what the clients saw.
#pragma once

#include "testkit/drawn_dice.hpp"
#include "testkit/kv/redis_load.hpp"
#include "testkit/kv/watched_kv_machine.hpp"
#include "testkit/simulated_cluster.hpp"
#include "testkit/simulated_faults.hpp"
#include "testkit/simulated_weather.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace cohort::testkit {

struct redis_simulation_options {
  std::uint64_t seed = 1; ///< decides everything, its weather included
  bool faults = true;
  std::chrono::milliseconds storm{10'000}; ///< with faults, in virtual time
  /// Then, without any, it must have recovered within this.
  std::chrono::milliseconds patience{30'000};
  std::function<void(const std::string&)> trace;
  /// Spoils what a server says on its way to a client.
  std::function<void(std::string&)> spoil;
};

/// What a run amounted to.
struct redis_simulation_report {
  std::uint64_t trace_hash = 0; ///< the same for the same seed
  std::uint64_t events = 0;     ///< messages that actors handled
  std::chrono::milliseconds virtual_time{0};
  std::uint64_t packets = 0;
  std::uint64_t elections = 0;
  client_counts clients;
  std::uint64_t operations = 0; ///< of the history
  std::uint64_t keys = 0;
  std::map<std::string, std::uint64_t> faults; ///< that took place, by kind
  fault_point_counts points;
};

/// The nodes are those that are shipped, with their fronts and with the machine
/// of keys in memory; only what surrounds them is the simulator's. Their
/// clients use few keys, which are read through every node in the end. What
/// they saw must be linearizable, a refusal must have had no effect, and all
/// replicas must have the same keys.
///
/// Throws invariant_broken, also when the run proves nothing: too little was
/// completed, or no fault took place.
///
/// For the thread that made it, which has no other meanwhile: dice are thrown
/// per thread (drawn_dice).
class redis_simulation {
public:
  explicit redis_simulation(redis_simulation_options options);

  /// To be called once.
  redis_simulation_report run();

  /// The newest last; what happened before something broke.
  std::vector<std::string> last_events() const {
    return cluster_.last_events();
  }

private:
  simulated_cluster_options options_of_cluster();
  redis_load_options options_of_load();
  void storm();
  void calm();
  void pass_time();
  void judge() const;
  bool same_as_others(const std::string& name) const;
  redis_simulation_report report() const;
  void check_it_proves_something(const redis_simulation_report& x) const;

  redis_simulation_options options_;
  rng random_;
  drawn_dice dice_;
  simulated_weather sky_;
  kv_witness witness_;
  redis_load load_; ///< of the cluster, which is made next and ends first
  simulated_cluster cluster_;
  simulated_faults faults_;
};

} // namespace cohort::testkit
