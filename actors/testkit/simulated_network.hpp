// A network in virtual time that delays, loses and cuts.
#pragma once

#include "core/rng.hpp"
#include "testkit/trace_hash.hpp"
#include "transport/transport.hpp"

#include <caf/actor_clock.hpp>
#include <caf/scheduled_actor.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace cohort::testkit {

/// How long frames take; drawn anew for each.
struct path_delay {
  std::int64_t least_us = 50;
  std::int64_t most_us = 500;
  /// One in so many takes `spike_us` longer; 0: none.
  std::uint64_t spike_one_in = 0;
  std::int64_t spike_us = 0;
};

/// What happened to packets: a message of a hand-shake, or the frames that one
/// flush sent on one lane of one link.
struct network_counts {
  std::uint64_t delivered = 0;
  std::uint64_t lost = 0;     ///< on a path that was cut
  std::uint64_t clogged = 0;  ///< waited for a path that was stuck
  std::uint64_t repeated = 0; ///< arrived twice
  std::uint64_t late = 0;     ///< took a spike longer
  std::uint64_t links_broken = 0;
};

/// Joins simulated transports. Behaves as connections do: each lane of a link
/// keeps its order; a cut is silent and loses what is sent; who sends on a link
/// that the other side knows nothing of is told that it is closed, unless that
/// host is down.
///
/// But connections do not lose frames amid others, nor repeat any: here they
/// may, since the protocol relies on neither. Requests of clients are lost,
/// too, but not repeated: that a refused one was not carried out relies on that
/// (K2).
///
/// Time is the actor system's, so that packets and timers are one schedule.
/// For one thread; the same seed and calls give the same packets.
class simulated_network {
public:
  simulated_network(std::uint64_t seed, caf::actor_clock& time,
                    trace_hash& trace)
    : random_(seed),
      time_(time),
      trace_(trace) {}

  // -- faults -----------------------------------------------------------------

  /// For every path that has none of its own.
  void set_delay(const path_delay& x) {
    delay_ = x;
  }
  void set_delay(const std::string& from, const std::string& to,
                 const path_delay& x) {
    delays_[{from, to}] = x;
  }

  /// In one direction.
  void cut(const std::string& from, const std::string& to) {
    cuts_.emplace(from, to);
  }

  /// In one direction, whatever is sent before `until` arrives behind it, all
  /// at once.
  void clog(const std::string& from, const std::string& to,
            std::chrono::microseconds until) {
    clogs_[{from, to}] = std::chrono::nanoseconds{until}.count();
  }

  /// One in so many packets with frames arrives a second time, later, as long
  /// as its link lives; 0: none.
  void repeat_one_in(std::uint64_t n) {
    repeat_one_in_ = n;
  }

  /// No cuts, no clogs, no delays of single paths, and nothing twice.
  void heal_all() {
    cuts_.clear();
    clogs_.clear();
    delays_.clear();
    repeat_one_in_ = 0;
  }

  /// Both sides learn that their links are closed.
  void break_links(const std::string& x, const std::string& y);

  /// The process of a node is gone: nothing that it says counts any more. If
  /// `silent`, so is its host, and nobody is told.
  void vanish(const std::string& name, bool silent);

  /// Are told what leaves a node, and to whom, before anything happens to it.
  struct listeners {
    std::function<void(const std::string& from, node_id to, const frame&)>
      sends;
    std::function<void(const std::string& from, const hello&)> greets;
  };
  void listen(listeners x) {
    listeners_ = std::move(x);
  }

  const network_counts& counts() const {
    return counts_;
  }

private:
  friend class simulated_transport;

  struct endpoint {
    caf::actor owner; ///< none: nothing listens
    bool down = false;
  };
  struct link_state {
    std::string dialed_by;
    std::string accepted_by;
    /// When the last packet arrives, by direction (dialer's first) and lane.
    std::array<std::array<std::int64_t, transport::lane_count>, 2> last_ns{};
    bool ended = false; ///< on one side; the other is told
  };

  bool lives(const std::string& name, const caf::actor& owner) const;
  static bool joins(const link_state& x, const std::string& name);
  void end_of(transport::link_id link);
  void fall_silent(transport::link_id link, const std::string& name,
                   const std::string& other);
  bool draws_repeat(const std::vector<frame>& frames);
  std::int64_t draw_delay_ns(const std::string& from, const std::string& to);
  std::int64_t now_ns() const;

  rng random_;
  caf::actor_clock& time_;
  trace_hash& trace_;
  path_delay delay_;
  std::map<std::pair<std::string, std::string>, path_delay> delays_;
  std::set<std::pair<std::string, std::string>> cuts_;
  std::map<std::pair<std::string, std::string>, std::int64_t> clogs_;
  std::uint64_t repeat_one_in_ = 0;
  std::map<std::string, endpoint> endpoints_;
  std::map<transport::link_id, link_state> links_;
  std::uint64_t last_link_ = 0;
  network_counts counts_;
  listeners listeners_;
};

/// A node's end of the network, which outlives it. What it tells its owner does
/// not go through the mailbox: that is done by the packets already.
std::unique_ptr<transport::transport>
make_simulated_transport(simulated_network& network, std::string name,
                         caf::scheduled_actor* owner);

} // namespace cohort::testkit
