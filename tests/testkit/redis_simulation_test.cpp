// Whole nodes and their Redis clients under faults, in virtual time.
#include "testkit/kv/redis_simulation.hpp"

#include "testkit/seeds.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <utility>

using namespace cohort;
using namespace cohort::testkit;

namespace {

std::uint64_t seed_count() {
  return seeds::count(300);
}

redis_simulation_options options_of(std::uint64_t seed) {
  redis_simulation_options result;
  result.seed = seed;
  result.trace = seeds::trace();
  return result;
}

redis_simulation_report run(const redis_simulation_options& options) {
  return redis_simulation{options}.run();
}

struct totals {
  std::map<std::string, std::uint64_t> faults;
  client_counts clients;
  std::uint64_t elections = 0;
  std::uint64_t events = 0;
  std::chrono::milliseconds virtual_time{0};

  void add(const redis_simulation_report& x) {
    for (const auto& [name, count] : x.faults)
      faults[name] += count;
    clients.completed += x.clients.completed;
    clients.refused += x.clients.refused;
    clients.unknown += x.clients.unknown;
    clients.connections_lost += x.clients.connections_lost;
    elections += x.elections;
    events += x.events;
    virtual_time += x.virtual_time;
  }
};

void print(const totals& x, std::chrono::duration<double> took) {
  std::cout << seed_count() << " seeds in " << took.count()
            << " s: " << std::chrono::duration<double>{x.virtual_time}.count()
            << " virtual seconds, " << x.events << " events, "
            << x.clients.completed << " operations completed, "
            << x.clients.refused << " refused, " << x.clients.unknown
            << " in doubt, " << x.clients.connections_lost
            << " connections lost, " << x.elections << " elections";
  for (const auto& [name, count] : x.faults)
    std::cout << ", " << count << " x " << name;
  std::cout << '\n';
}

/// What a run with this seed and these answers comes to.
std::string problem_of(std::uint64_t seed,
                       std::function<void(std::string&)> spoil) {
  auto options = options_of(seed);
  options.faults = false;
  options.storm = std::chrono::seconds{3};
  options.spoil = std::move(spoil);
  try {
    run(options);
    return {};
  } catch (const testkit::invariant_broken& e) {
    return e.what();
  }
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Each kind strikes in half of the seeds or so; a storm in which it never does
/// proves nothing about it.
constexpr std::array every_fault{
  "crash in a write",  "crash of a host", "crash of a process",
  "damaged disk",      "failed disk",     "full disk",
  "jump of a clock",   "link broken",     "little space",
  "node stops itself", "packet clogged",  "packet late",
  "packet lost",       "packet repeated", "pause",
  "stalled disk",      "wiped disk",
};

} // namespace

BOOST_AUTO_TEST_SUITE(redis_simulation_suite)

BOOST_AUTO_TEST_CASE(a_healthy_cluster_serves_clients) {
  auto options = options_of(seeds::first());
  options.faults = false;
  options.storm = std::chrono::seconds{3};
  const auto done = run(options);
  for (const auto& [name, count] : done.faults)
    BOOST_TEST(count == 0u, name);
  BOOST_TEST(done.elections == 2u); // of the meta set and the other one
  BOOST_TEST(done.clients.completed > 100u);
}

BOOST_AUTO_TEST_CASE(the_same_seed_is_the_same_run) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    auto options = options_of(seed);
    options.storm = std::chrono::seconds{5};
    const auto once = run(options);
    const auto again = run(options);
    BOOST_TEST(once.trace_hash == again.trace_hash);
    BOOST_TEST(once.events == again.events);
    options.seed = seed + 100;
    BOOST_TEST(run(options).trace_hash != once.trace_hash);
  }
}

BOOST_AUTO_TEST_CASE(K1_K2_K3_E4_clients_survive_storms) {
  totals all;
  std::mutex guards_totals;
  const auto began = std::chrono::steady_clock::now();
  const auto how = seeds::how_to_hunt(seed_count());
  const auto bad = hunt(how, [&](std::uint64_t seed) {
    redis_simulation world{options_of(seed)};
    bad_seed outcome;
    try {
      const auto done = world.run();
      const std::lock_guard guard{guards_totals};
      all.add(done);
    } catch (const std::exception& e) {
      outcome.why = e.what();
      outcome.last_events = world.last_events();
    }
    return outcome;
  });
  seeds::report(bad, "test_simulation_clients --run_test='*/K1_*'");
  print(all, std::chrono::steady_clock::now() - began);
  if (seed_count() < 30)
    return;
  for (const auto* name : every_fault)
    BOOST_TEST(all.faults[name] > 0u, name << " never happened");
  BOOST_TEST(all.elections > 3 * seed_count());
  BOOST_TEST(all.clients.completed > 300 * seed_count());
  BOOST_TEST(all.clients.unknown > 0u);
}

// -- what it must find --------------------------------------------------------

namespace {

/// By the judge of histories; or at once, where the false answer is of another
/// type than the right one.
bool is_noticed(const std::string& why) {
  return holds(why, "what clients saw is impossible")
         || holds(why, "a wrong answer to");
}

/// A value, and no other reply behind it.
bool is_one_value(const std::string& written) {
  return written.starts_with("$") && !written.starts_with("$-")
         && std::count(written.begin(), written.end(), '\n') == 2;
}

} // namespace

BOOST_AUTO_TEST_CASE(an_old_value_is_found) {
  std::string first;
  const auto why = problem_of(1, [&](std::string& reply) {
    if (!is_one_value(reply))
      return;
    if (first.empty())
      first = reply;
    else
      reply = first;
  });
  BOOST_TEST(is_noticed(why), why);
}

BOOST_AUTO_TEST_CASE(a_promise_that_is_not_kept_is_found) {
  const auto why = problem_of(1, [&](std::string& reply) {
    const std::string absent = ":0\r\n";
    if (reply == absent)
      reply = ":1\r\n";
  });
  BOOST_TEST(holds(why, "what clients saw is impossible"), why);
}

BOOST_AUTO_TEST_CASE(a_refusal_of_what_was_done_is_found) {
  int seen = 0;
  const auto why = problem_of(1, [&](std::string& reply) {
    if (reply == "+OK\r\n" && ++seen % 5 == 0)
      reply = "-CLUSTERDOWN nothing was done\r\n";
  });
  BOOST_TEST(is_noticed(why), why);
}

BOOST_AUTO_TEST_CASE(a_torn_value_is_found) {
  const auto why = problem_of(1, [&](std::string& reply) {
    const auto last = reply.find_last_of("abcdefghijklmnopqrstuvwxyz");
    if (reply.starts_with("$") && last != std::string::npos)
      reply[last] = '!';
  });
  BOOST_TEST(holds(why, "a wrong answer"), why);
}

BOOST_AUTO_TEST_CASE(an_answer_too_many_is_found) {
  const auto why = problem_of(1, [&](std::string& reply) {
    if (reply.starts_with("+OK"))
      reply += "+OK\r\n";
  });
  BOOST_TEST(!why.empty());
}

BOOST_AUTO_TEST_SUITE_END()
