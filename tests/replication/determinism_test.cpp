#include "core/rng.hpp"
#include "replication/replica.hpp"
#include "testkit/protocol/render.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace cohort;
using namespace cohort::replication;
using namespace cohort::testkit::protocol;

namespace {

membership three() {
  membership result;
  result.current.voters = {node_id{1}, node_id{2}, node_id{3}};
  result.current.m = 1;
  result.current.epoch = epoch_t{1};
  return result;
}

replica make(std::uint64_t seed) {
  options opts;
  opts.self = node_id{1};
  opts.seed = seed;
  opts.election_ticks = 6;
  opts.heartbeat_ticks = 2;
  recovered_state state;
  state.base.members = three();
  return {opts, state};
}

message random_message(rng& random, const replica& core) {
  const term_t term{core.term().value + random.below(3)};
  switch (random.below(8)) {
    case 0:
      return vote_request{term,
                          random.below(2) == 0,
                          random.below(8) == 0,
                          {term_t{random.below(4)}, index_t{random.below(9)}}};
    case 1:
    case 2:
      return vote_reply{term, random.below(2) == 0, random.below(2) == 0};
    case 3: {
      append_reply x;
      x.term = term;
      x.verdict = static_cast<append_verdict>(random.below(3));
      x.match = index_t{random.below(core.log().last_index().value + 1)};
      x.round = random.below(5);
      x.boot = 1;
      return x;
    }
    case 4:
      return state_query{term, random.below(3)};
    default: {
      append_request x;
      x.term = term;
      const auto& log = core.log();
      x.prev.index = std::max(core.commit_index(), log.base_index());
      x.prev.term = *log.term_at(x.prev.index);
      entry e;
      e.term = term;
      e.index = x.prev.index.next();
      e.payload = bytes::of("x" + std::to_string(random.below(100)));
      x.entries.push_back(e);
      x.commit_index = x.prev.index;
      x.round = random.below(5);
      return x;
    }
  }
}

/// Feeds random inputs, and returns everything that came out.
std::string run(std::uint64_t seed, std::uint64_t inputs) {
  auto core = make(seed);
  rng random{inputs};
  std::string result;
  ticket_t newest;
  for (int i = 0; i < 400; ++i) {
    core.set_time(static_cast<std::int64_t>(random.below(1'000'000)));
    const auto from = node_id{random.between(2, 3)};
    switch (random.below(6)) {
      case 0:
        core.tick();
        break;
      case 1:
        (void) core.propose(bytes::of("p"));
        break;
      case 2:
        core.read(static_cast<std::uint64_t>(i));
        break;
      case 3:
        core.persisted(newest);
        break;
      default: {
        auto msg = random_message(random, core);
        // One term has one primary: an own term's appends come from nobody
        // else.
        if (std::holds_alternative<append_request>(msg)
            && std::get<append_request>(msg).term == core.term()
            && (core.leads()
                || (core.primary_hint() != nobody
                    && core.primary_hint() != from)))
          break;
        core.step(from, std::move(msg));
      }
    }
    const auto out = core.drain();
    if (out.write)
      newest = out.write->ticket;
    if (!out.apply.empty())
      core.applied(out.apply.back().index);
    result += render(out);
  }
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(determinism_suite)

// L1: same inputs, byte-identical outputs.
BOOST_AUTO_TEST_CASE(L1_same_inputs_give_the_same_outputs) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const auto once = run(seed, seed);
    BOOST_TEST(once.size() > 1000u);
    BOOST_REQUIRE(once == run(seed, seed));
  }
}

BOOST_AUTO_TEST_CASE(L1_the_seed_draws_the_timeouts) {
  std::set<int> ticks_until_campaign;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    auto core = make(seed);
    int ticks = 0;
    while (core.kind() == role_kind::backup) {
      core.tick();
      ++ticks;
    }
    ticks_until_campaign.insert(ticks);
    BOOST_TEST(ticks >= 6);
    BOOST_TEST(ticks < 12);
  }
  BOOST_TEST(ticks_until_campaign.size() == 6u);
}

BOOST_AUTO_TEST_SUITE_END()
