// A random run of a whole group: faults of every kind, every input judged, and
// in the end a calm in which the group must recover.
#pragma once

#include "core/rng.hpp"
#include "testkit/protocol/group.hpp"
#include "testkit/weighted_choice.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cohort::testkit::protocol {

/// What may happen in a storm. From `lose` on: faults.
enum class event : std::uint8_t {
  deliver,
  tick,
  sync,
  propose,
  apply,
  restart,
  read,
  heal,
  snapshot,
  transfer,
  reconfigure,
  lose,
  repeat,
  crash,
  dethrone,
  isolate,
  cut,
  skew,
  damage,
};

inline constexpr std::size_t event_count = 19;
inline constexpr auto first_fault = event::lose;

const char* to_string(event x);

struct storm_options {
  /// Decides everything else: members, weather, and what happens when.
  std::uint64_t seed = 1;
  /// In one weather.
  std::uint64_t events = 6000;
  group::tweak change;
  /// Is told of each event before it happens. Slow: for a seed that failed.
  std::function<void(const std::string&)> trace = nullptr;
};

/// What happened, for people, and to know that a run proves something.
struct storm_report {
  std::uint64_t runs = 0;
  std::uint64_t weathers = 0; ///< more than runs where one proved nothing
  std::uint64_t steps = 0;    ///< inputs that replicas handled
  std::uint64_t elections = 0;
  std::uint64_t commits = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t reads = 0;
  std::uint64_t snapshots = 0; ///< installed
  /// Those that had an effect: a loss needs a message.
  std::array<std::uint64_t, event_count> events{};

  std::uint64_t of(event x) const {
    return events[static_cast<std::size_t>(x)];
  }
  std::uint64_t faults() const;
  storm_report& operator+=(const storm_report& other);
};

/// A run in which nothing happened that could have gone wrong.
class void_run : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// One run. The same options give the same run, on every machine.
class protocol_storm {
public:
  explicit protocol_storm(storm_options opts);

  /// To be called once. Throws invariant_broken, with the seed and one line for
  /// each node, if an invariant broke or the group did not recover, and
  /// void_run if the run proves nothing.
  storm_report run();

private:
  friend const char* to_string(event x);

  /// Voters at the start: up to so many of the nodes.
  static constexpr std::uint64_t voters_max = 5;
  static constexpr std::uint64_t nodes = 5;
  static constexpr int weathers_max = 8;
  /// With more on their way, no time passes.
  static constexpr std::size_t crowd_max = 40;
  static constexpr std::uint64_t clock_max_ms = 100'000;
  /// Messages are not repeated beyond so many on their way.
  static constexpr std::size_t packets_max = 500;

  /// Whether it had an effect. `node` is up.
  using handler = bool (protocol_storm::*)(node_id node);
  struct kind;
  static const std::array<kind, event_count> kinds;

  void draw_weather(bool faults);
  bool proves_something() const;
  void storm(bool faults);
  void calm();
  void check_states() const;
  void require(bool holds, const char* what) const;
  storm_report report() const;
  void tell(const std::string& what) const;

  bool deliver(node_id);
  bool tick(node_id node);
  bool sync(node_id node);
  bool propose(node_id node);
  bool apply(node_id node);
  bool restart(node_id);
  bool read(node_id node);
  bool heal(node_id);
  bool snapshot(node_id node);
  bool transfer(node_id node);
  bool reconfigure(node_id node);
  bool lose(node_id);
  bool repeat(node_id);
  bool crash(node_id node);
  bool dethrone(node_id);
  bool isolate(node_id);
  bool cut(node_id node);
  bool skew(node_id node);
  bool damage(node_id node);

  node_id any_of(const std::vector<node_id>& nodes);
  node_id believer(node_id other);
  std::size_t some_packet();
  bool isolate_one(node_id node);

  storm_options options_;
  rng random_;
  /// A disk that loses its tail amid a change of the configuration may cost the
  /// primary: a known limit (docs/PROTOCOL.md). So no run has both.
  event never_;
  weighted_choice<event> weather_;
  /// Its clock runs at a tenth of the others'. Nobody: no such node.
  node_id sleepy_;
  group group_;
  std::uint64_t texts_ = 0;
  std::uint64_t weathers_ = 0;
  std::array<std::uint64_t, event_count> happened_{};
};

} // namespace cohort::testkit::protocol
