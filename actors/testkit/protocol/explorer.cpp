#include "testkit/protocol/explorer.hpp"

#include "core/check.hpp"
#include "testkit/protocol/hash_set.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace cohort::testkit::protocol {

namespace {

class explorer {
public:
  explorer(const exploration_bounds& bounds, std::uint64_t states_max)
    : states_max_(states_max) {
    visit(situation{bounds});
  }

  exploration_report run() {
    while (!way_.empty() && known_.size() < states_max_)
      step();
    report_.states = known_.size();
    report_.exhausted = way_.empty();
    return report_;
  }

private:
  /// A situation on the way, and what is to be tried from there.
  struct place {
    situation now;
    std::vector<choice> choices;
    std::size_t next = 0;
  };

  void visit(situation x) {
    if (!known_.insert(x.digest()))
      return;
    report_.committed += x.facts().committed_up_to() > index_t{};
    auto choices = x.choices();
    way_.push_back({std::move(x), std::move(choices)});
    report_.depth = std::max<std::uint64_t>(report_.depth, way_.size() - 1);
  }

  void step() {
    auto& here = way_.back();
    if (here.next == here.choices.size()) {
      way_.pop_back();
      return;
    }
    const auto& what = here.choices[here.next++];
    ++report_.transitions;
    auto next = here.now;
    try {
      next.happen(what);
    } catch (const invariant_broken& e) {
      throw invariant_broken(e.what() + describe_way());
    }
    visit(std::move(next));
  }

  std::string describe_way() const {
    std::string result;
    for (const auto& x : way_)
      result += "\n  " + x.now.describe(x.choices[x.next - 1]);
    return result + way_.back().now.describe();
  }

  std::uint64_t states_max_;
  hash_set known_;
  std::vector<place> way_;
  exploration_report report_;
};

} // namespace

std::string describe(const exploration_bounds& x) {
  const std::pair<std::uint64_t, const char*> parts[] = {
    {x.nodes, "nodes"},         {x.terms, "terms"},
    {x.commands, "commands"},   {x.crashes, "crashes"},
    {x.campaigns, "campaigns"}, {x.heartbeats, "heartbeats"},
    {x.repeats, "repetitions"},
  };
  std::string result;
  for (const auto& [number, what] : parts)
    result += std::string{what} + " " + std::to_string(number) + ", ";
  result += x.in_order ? "lanes in order" : "any order";
  return result + ", any number of losses";
}

std::string describe(const exploration_report& x) {
  return std::to_string(x.states) + " states, " + std::to_string(x.transitions)
         + " transitions, depth " + std::to_string(x.depth) + ", "
         + (x.exhausted ? "exhausted" : "not exhausted");
}

exploration_report explore(const exploration_bounds& bounds,
                           std::uint64_t states_max) {
  return explorer{bounds, states_max}.run();
}

} // namespace cohort::testkit::protocol
