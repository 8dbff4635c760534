// Random runs of whole groups: faults of every kind, invariants after every
// step, and in the end a quiet phase in which the group must recover.
#include "replication/group.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <string>

using namespace cohort;
using namespace cohort::replication;
using namespace cohort::replication::testing;

namespace {

/// How likely each kind of event is in one run, drawn anew for every seed, so
/// that some runs have many faults of one kind and none of another.
struct weather {
  std::uint64_t tick, sync, deliver, lose, repeat, apply, snapshot, crash,
    dethrone, isolate, damage, restart, propose, read, cut, heal, transfer,
    reconfigure;
  /// Its clock runs at a tenth of the others'. Nobody: no such node.
  node_id sleepy;

  explicit weather(rng& random) {
    const auto some = [&](std::uint64_t most) {
      return random.below(2) == 0 ? 0 : random.below(most);
    };
    tick = random.between(40, 200);
    sync = random.between(20, 80);
    deliver = random.between(60, 160);
    propose = random.between(5, 40);
    apply = random.between(5, 30);
    read = random.between(1, 10);
    restart = random.between(4, 20);
    heal = 1;
    lose = some(20);
    repeat = some(20);
    snapshot = some(8);
    crash = some(6);
    dethrone = some(16);
    isolate = some(6);
    damage = some(8);
    cut = some(3);
    transfer = some(3);
    reconfigure = some(3);
    // A disk that loses its tail amid a change may cost the primary: a known
    // limit (docs/PROTOCOL.md), and a set of one voter has no second copy.
    if (reconfigure > 0)
      damage = 0;
    if (random.below(2) == 0)
      sleepy = node_id{random.between(1, 3)};
  }

  std::uint64_t total() const {
    return tick + sync + deliver + lose + repeat + apply + snapshot + crash
           + dethrone + isolate + damage + restart + propose + read + cut + heal
           + transfer + reconfigure;
  }
};

node_id any_of(rng& random, const std::vector<node_id>& nodes) {
  return nodes[random.below(nodes.size())];
}

configuration random_configuration(rng& random, std::size_t most) {
  configuration result;
  for (std::uint64_t i = 1; i <= most; ++i) {
    const auto draw = random.below(4);
    if (draw < 2)
      result.voters.push_back(node_id{i});
    else if (draw == 2)
      result.learners.push_back(node_id{i});
  }
  if (result.voters.empty()) {
    result.voters.push_back(node_id{1});
    std::erase(result.learners, node_id{1});
  }
  result.m = default_m(result.voters.size());
  return result;
}

/// What a group looked like when an invariant broke.
std::string last_words;

class run {
public:
  run(std::uint64_t seed, group::tweak change)
    : random_(seed),
      sky_(random_),
      members_(random_.between(1, 5)),
      cluster_(members_, seed, change) {
    for (std::uint64_t i = members_ + 1; i <= 5; ++i)
      cluster_.start(node_id{i}); // spare nodes, for reconfigurations
  }

  void storm(int steps) {
    try {
      for (int i = 0; i < steps; ++i)
        step();
    } catch (const invariant_broken&) {
      last_words = cluster_.describe();
      throw;
    }
  }

  /// After the storm: everything runs, nothing is lost any more.
  void calm() {
    cluster_.heal();
    for (auto node : cluster_.all())
      if (!cluster_.up(node))
        cluster_.restart(node);
    cluster_.settle(200);
    const auto primary = cluster_.primary();
    BOOST_REQUIRE_MESSAGE(primary != nobody, cluster_.describe());
    const std::string last = "the last one";
    cluster_.propose(primary, last);
    cluster_.read(primary);
    const auto served = cluster_.reads_served();
    cluster_.settle(40);
    BOOST_REQUIRE(cluster_.acknowledged().contains(last));
    BOOST_REQUIRE(cluster_.reads_served() >= served);
    check_states();
  }

  group& cluster() {
    return cluster_;
  }

private:
  void step() {
    auto draw = random_.below(sky_.total());
    const auto is = [&](std::uint64_t weight) {
      if (draw < weight)
        return true;
      draw -= weight;
      return false;
    };
    const auto up = cluster_.running();
    if (up.empty()) {
      cluster_.restart(any_of(random_, cluster_.all()));
      return;
    }
    const auto node = any_of(random_, up);
    const auto queued = cluster_.packets();
    const auto pick = [&] {
      // Mostly in order, sometimes not.
      return random_.below(4) == 0 ? random_.below(queued) : 0;
    };
    if (is(sky_.tick)) {
      if (node != sky_.sleepy || random_.below(10) == 0)
        cluster_.tick(node);
    } else if (is(sky_.sync)) {
      cluster_.sync(node);
    } else if (is(sky_.deliver)) {
      if (queued > 0)
        cluster_.deliver(pick());
    } else if (is(sky_.lose)) {
      if (queued > 0)
        cluster_.lose(pick());
    } else if (is(sky_.repeat)) {
      if (queued > 0 && queued < 500)
        cluster_.repeat(pick());
    } else if (is(sky_.apply)) {
      cluster_.apply(node);
    } else if (is(sky_.snapshot)) {
      cluster_.snapshot(node);
      if (cluster_.snapshots_pending())
        cluster_.deliver_snapshot(random_.below(4) != 0);
    } else if (is(sky_.crash)) {
      cluster_.crash(node, random_.below(2) == 0);
    } else if (is(sky_.dethrone)) {
      if (cluster_.primary() != nobody)
        cluster_.crash(cluster_.primary(), random_.below(2) == 0);
    } else if (is(sky_.isolate)) {
      isolate(cluster_.primary());
    } else if (is(sky_.damage)) {
      if (cluster_.may_lose_a_tail())
        damage(node);
    } else if (is(sky_.restart)) {
      const auto other = any_of(random_, cluster_.all());
      if (!cluster_.up(other))
        cluster_.restart(other);
    } else if (is(sky_.propose)) {
      propose(node);
    } else if (is(sky_.read)) {
      cluster_.read(believer(node));
    } else if (is(sky_.cut)) {
      cluster_.cut(node, any_of(random_, cluster_.all()));
    } else if (is(sky_.heal)) {
      cluster_.heal();
    } else if (is(sky_.transfer)) {
      (void) cluster_.at(node).transfer(any_of(random_, cluster_.all()));
      cluster_.carry_out(node);
    } else {
      reconfigure(node);
    }
  }

  /// One that believes to lead: a deposed one must neither acknowledge nor
  /// answer reads. If there is none, `other`.
  node_id believer(node_id other) {
    std::vector<node_id> primaries;
    for (auto node : cluster_.running())
      if (cluster_.at(node).leads())
        primaries.push_back(node);
    return primaries.empty() ? other : any_of(random_, primaries);
  }

  void propose(node_id node) {
    cluster_.propose(believer(node), "w" + std::to_string(++texts_));
  }

  /// The worst moment: whoever else has what is lost is cut off just then.
  void damage(node_id node) {
    const auto primary = cluster_.primary();
    cluster_.damage(node);
    if (random_.below(2) == 0)
      cluster_.restart(node);
    if (primary != node && random_.below(2) == 0)
      isolate(primary);
  }

  /// Cuts a node off, in one direction or both, from some or all others.
  void isolate(node_id node) {
    if (node == nobody)
      return;
    const auto way = random_.below(3);
    const bool from_all = random_.below(2) == 0;
    for (auto other : cluster_.all()) {
      if (!from_all && random_.below(3) == 0)
        continue;
      if (way != 1)
        cluster_.cut(node, other);
      if (way != 2)
        cluster_.cut(other, node);
    }
  }

  void reconfigure(node_id node) {
    auto& core = cluster_.at(node);
    (void) core.reconfigure(core.members().current.epoch,
                            random_configuration(random_, 5));
    cluster_.carry_out(node);
  }

  void check_states() {
    const auto primary = cluster_.primary();
    const auto& truth = cluster_.state_of(primary);
    for (auto node : cluster_.at(primary).members().members())
      BOOST_REQUIRE_MESSAGE(cluster_.state_of(node) == truth,
                            "node " << node.value << " differs from primary "
                                    << primary.value << ": "
                                    << cluster_.describe());
    const std::set<std::string> kept{truth.begin(), truth.end()};
    for (const auto& text : cluster_.acknowledged())
      BOOST_REQUIRE(kept.contains(text));
  }

  rng random_;
  weather sky_;
  std::size_t members_;
  group cluster_;
  std::uint64_t texts_ = 0;
};

/// Tiny bounds, so that windows fill, caches miss and requests split.
void tiny_bounds(options& opts) {
  opts.append_bytes_max = 200;
  opts.window = {2, 150, 400};
  opts.cache_bytes_max = 150;
  opts.unapplied_bytes_max = 400;
  opts.uncommitted_bytes_max = 600;
}

std::uint64_t seed_count() {
  const auto* text = std::getenv("COHORT_SEEDS");
  return text ? std::strtoull(text, nullptr, 10) : 300;
}

void run_seeds(group::tweak change, std::uint64_t first) {
  std::size_t elections = 0, committed = 0, installed = 0, reads = 0;
  for (std::uint64_t seed = first; seed < first + seed_count(); ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      try {
        run r{seed, change};
        r.storm(6000);
        r.calm();
        elections += r.cluster().elections();
        committed += r.cluster().committed();
        installed += r.cluster().snapshots_installed();
        reads += r.cluster().reads_served();
      } catch (const std::exception& e) {
        BOOST_ERROR("seed " << seed << ": " << e.what() << last_words);
      }
    }
  }
  // A storm that nobody survives, or that changes nothing, proves nothing.
  BOOST_TEST(elections > 3 * seed_count());
  BOOST_TEST(committed > 30 * seed_count());
  BOOST_TEST(installed > seed_count() / 10);
  BOOST_TEST(reads > seed_count());
}

} // namespace

BOOST_AUTO_TEST_SUITE(simulation_suite)

BOOST_AUTO_TEST_CASE(C4_C6_C7_groups_survive_storms) {
  run_seeds(nullptr, 1);
}

BOOST_AUTO_TEST_CASE(T1_groups_survive_storms_with_tiny_bounds) {
  run_seeds(tiny_bounds, 1'000'000);
}

BOOST_AUTO_TEST_SUITE_END()
