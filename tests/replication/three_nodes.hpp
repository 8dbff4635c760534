// A group of three, step by step.
#pragma once

#include "testkit/protocol/group.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>

namespace cohort::replication::tests {

using testkit::protocol::group;

inline constexpr node_id n1{1};
inline constexpr node_id n2{2};
inline constexpr node_id n3{3};
inline constexpr node_id n4{4};

struct three_nodes {
  group g{3, 1};

  /// Elects `node`: its clock runs faster than the others'.
  void elect(node_id node) {
    for (int i = 1; i < 400 && !g.at(node).leads(); ++i) {
      for (auto other : g.running())
        if (other == node || i % 3 == 0)
          g.tick(other);
      spread();
    }
    BOOST_REQUIRE(g.at(node).leads());
    spread();
  }

  /// Likewise, but nothing that the new primary sends arrives.
  void elect_quietly(node_id node) {
    for (int i = 1; i < 400 && !g.at(node).leads(); ++i) {
      for (auto other : g.running())
        if (other == node || i % 3 == 0)
          g.tick(other);
      while (g.packets() > 0 && !g.at(node).leads()) {
        g.deliver(0);
        for (auto other : g.running())
          g.sync(other);
      }
    }
    BOOST_REQUIRE(g.at(node).leads());
  }

  void lose_all() {
    while (g.packets() > 0)
      g.lose(0);
  }

  /// Delivers and syncs everything; no clock runs.
  void spread() {
    for (int round = 0; round < 40; ++round) {
      for (auto node : g.running()) {
        while (!synced(node))
          g.sync(node);
        g.apply(node);
      }
      if (g.packets() == 0)
        return;
      for (auto n = g.packets(); n > 0; --n)
        g.deliver(0);
    }
  }

  bool synced(node_id node) {
    const auto before = g.disk_of(node).last();
    const auto term = g.disk_of(node).state;
    g.sync(node);
    return g.disk_of(node).last() == before && g.disk_of(node).state == term;
  }

  void isolate(node_id node) {
    for (auto other : g.all())
      if (other != node) {
        g.cut(node, other);
        g.cut(other, node);
      }
  }

  bool has(node_id node, const std::string& text) {
    const auto state = g.state_of(node);
    return std::find(state.begin(), state.end(), text) != state.end();
  }
};

} // namespace cohort::replication::tests
