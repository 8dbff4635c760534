// Single events in a simulated cluster, told step by step.
#include "testkit/simulated_cluster.hpp"
#include "testkit/witnessed_machine.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace cohort;
using namespace cohort::testkit;
using namespace std::chrono_literals;

namespace {

using answer = std::future<result<std::string>>;

bool is_there(const answer& x) {
  return x.wait_for(0s) == std::future_status::ready;
}

using user_maker = std::function<std::unique_ptr<machine::simple_machine>()>;

/// Three nodes that have a primary.
class small_world {
public:
  explicit small_world(simulated_cluster_options how = {},
                       user_maker make_user = {})
    : make_user_(std::move(make_user)),
      cluster(completed(std::move(how))) {
    BOOST_REQUIRE(soon([this] { return !primary_.empty(); }));
  }

  template <class Condition>
  bool soon(Condition holds, std::chrono::milliseconds patience = 10s) {
    const auto deadline = cluster.now() + patience;
    while (!holds()) {
      if (cluster.now() > deadline)
        return false;
      pass(1ms);
    }
    return true;
  }

  void pass(std::chrono::microseconds time) {
    cluster.run_until(cluster.now() + time);
  }

  const std::string& primary() const {
    return primary_;
  }

  std::string backup() const {
    return cluster.names()[primary_ == cluster.names()[0] ? 1 : 0];
  }

  /// Its disk is gone, and it comes back as a member with another.
  void lose_disk(const std::string& name) {
    cluster.crash(name, {});
    cluster.wipe(name);
    cluster.start(name);
    BOOST_REQUIRE(soon([&] { return cluster.whole(name); }));
  }

  /// A number, or what is wrong.
  std::string finish(answer x) {
    BOOST_REQUIRE(soon([&] { return is_there(x); }));
    const auto outcome = x.get();
    return outcome ? outcome->substr(0, outcome->find(' '))
                   : to_string(outcome.err());
  }

  bool broken = false;
  apply_witness witness{[this](const std::string&) { broken = true; }};

private:
  simulated_cluster_options completed(simulated_cluster_options result) {
    result.make_machine = [this](const std::string& node) {
      return [this, node](const runtime::machine_request&)
               -> cohort::result<std::unique_ptr<machine::state_machine>> {
        return std::unique_ptr<machine::state_machine>{
          std::make_unique<witnessed_machine>(
            witness, node, make_user_ ? make_user_() : nullptr)};
      };
    };
    result.trace = [this](const std::string& line) { note(line); };
    return result;
  }

  /// "<time> n2: set main: primary of term 1, ..."
  void note(const std::string& line) {
    const auto said = line.find(": set main: primary of term");
    if (said == std::string::npos)
      return;
    const auto name = line.find(' ') + 1;
    primary_ = line.substr(name, said - name);
  }

  std::string primary_;
  user_maker make_user_;

public:
  simulated_cluster cluster;
};

/// Says that it has more than any log takes.
class large_state final : public machine::simple_machine {
public:
  using machine::simple_machine::apply;
  using machine::simple_machine::query;

  std::string apply(const machine::apply_context&, std::string_view) override {
    return {};
  }
  std::string query(std::string_view) const override {
    return {};
  }
  std::string save() const override {
    return {};
  }
  result<void> load(std::string_view) override {
    return {};
  }
  std::size_t approximate_bytes() const override {
    return std::size_t{1} << 30;
  }
};

/// Logs of 4 MiB at most.
simulated_cluster_options small_logs() {
  simulated_cluster_options result;
  result.limits.segment_bytes = std::uint64_t{64} << 10;
  result.limits.log_bytes_max = std::uint64_t{2} << 20;
  result.limits.log_bytes_limit = std::uint64_t{4} << 20;
  result.limits.snapshot_log_bytes = std::uint64_t{1} << 20;
  return result;
}

/// Each command needs a number of its own.
std::string large_command(int number) {
  return std::to_string(number) + ' ' + std::string(20'000, 'x');
}

/// A node joins, and after so long the primary is lost with what it wrote last.
/// Meanwhile the joiner pauses, or is down.
void check_it_asks_again(std::chrono::milliseconds after, bool restarts) {
  simulated_cluster_options how;
  how.disk_us_max = 20'000; // so that others are faster than its own disk
  small_world x{how};
  const auto primary = x.primary();
  const auto joiner = x.backup();
  const std::string other = joiner == "n2" ? "n3" : "n2";
  x.cluster.crash(joiner, {});
  x.cluster.wipe(joiner);
  x.cluster.start(joiner);
  x.pass(after);
  x.cluster.network().cut(primary, other);
  x.cluster.fail_disk(primary, 1);
  x.pass(100ms);
  x.cluster.network().heal_all();
  if (restarts)
    x.cluster.crash(joiner, {});
  else
    x.cluster.pause(joiner);
  for (const auto& name : {primary, other}) { // they forget who has asked
    if (x.cluster.up(name))
      x.cluster.crash(name, {});
    x.cluster.start(name);
  }
  x.pass(2s); // they have a primary
  if (restarts)
    x.cluster.start(joiner);
  else
    x.cluster.resume(joiner);
  BOOST_TEST_CONTEXT(after.count() << " ms later, restarts: " << restarts)
  BOOST_TEST(x.soon([&] { return x.cluster.whole(joiner); }, 20s));
}

} // namespace

BOOST_AUTO_TEST_SUITE(simulated_cluster_suite)

BOOST_AUTO_TEST_CASE(commands_are_answered_at_every_node) {
  small_world x;
  for (const auto& name : x.cluster.names()) {
    const auto count = x.finish(x.cluster.client(name).execute("at " + name));
    BOOST_TEST(count == std::to_string(x.witness.length()));
  }
  BOOST_TEST(x.witness.length() == 3u);
  BOOST_TEST(!x.broken);
}

BOOST_AUTO_TEST_CASE(an_idle_client_wakes_nobody) {
  small_world x;
  const auto events_in = [&](std::chrono::microseconds time) {
    const auto before = x.cluster.events();
    x.pass(time);
    return x.cluster.events() - before;
  };
  const auto unused = events_in(1s);
  x.finish(x.cluster.client(x.backup()).execute("a"));
  x.pass(1s);
  constexpr std::uint64_t ticks = 100;
  BOOST_TEST(events_in(1s) < unused + ticks / 2);
}

BOOST_AUTO_TEST_CASE(E1_another_node_leads_after_a_crash) {
  small_world x;
  const auto before = x.primary();
  const auto other = x.backup();
  x.cluster.crash(before, {});
  BOOST_TEST(!x.cluster.up(before));
  BOOST_TEST(x.finish(x.cluster.client(other).execute("a")) == "1");
  BOOST_TEST(x.primary() != before);
  x.cluster.start(before);
  BOOST_TEST(x.soon([&] { return x.witness.has_all(before); }));
}

BOOST_AUTO_TEST_CASE(a_paused_node_does_nothing_until_it_resumes) {
  small_world x;
  const auto paused = x.backup();
  x.cluster.pause(paused);
  auto waiting = x.cluster.client(paused).execute("a");
  x.pass(3s);
  BOOST_TEST(!is_there(waiting));
  BOOST_TEST(x.witness.length() == 0u);
  x.cluster.resume(paused);
  BOOST_TEST(x.finish(std::move(waiting)) == "1");
}

BOOST_AUTO_TEST_CASE(a_cut_is_silent_and_heals) {
  small_world x;
  const auto away = x.backup();
  const auto broken = x.cluster.network().counts().links_broken;
  for (const auto& name : x.cluster.names())
    if (name != away) {
      x.cluster.network().cut(name, away);
      x.cluster.network().cut(away, name);
    }
  auto waiting = x.cluster.client(away).execute("a");
  x.pass(2s);
  BOOST_TEST(!is_there(waiting));
  BOOST_TEST(x.cluster.network().counts().lost > 0u);
  BOOST_TEST(x.cluster.network().counts().links_broken == broken);
  x.cluster.network().heal_all();
  BOOST_TEST(x.soon([&] { return is_there(waiting); }));
}

// Found by the simulator: all links that there had ever been were broken, and
// the word of each filled the mailbox of a paused node.
BOOST_AUTO_TEST_CASE(only_links_that_are_there_break) {
  small_world x;
  auto& network = x.cluster.network();
  for (std::uint64_t times = 1; times <= 3; ++times) {
    x.pass(1s);
    network.break_links("n1", "n2");
    BOOST_TEST(network.counts().links_broken == times);
  }
}

// The word that the link is over is lost, and nothing is ever sent on it: the
// node at its other end has no identity.
BOOST_AUTO_TEST_CASE(a_lost_end_of_a_link_is_noticed) {
  small_world x;
  auto& network = x.cluster.network();
  const auto linked = [&](const std::string& start) {
    const auto events = x.cluster.last_events();
    return std::any_of(events.begin(), events.end(), [&](const auto& line) {
      return line.ends_with(" n1: linked to n3, start " + start);
    });
  };
  x.cluster.crash("n3", {});
  x.cluster.wipe("n3");
  for (const std::string other : {"n1", "n3"}) {
    network.cut("n2", other);
    network.cut(other, "n2");
  }
  x.cluster.start("n3");
  BOOST_REQUIRE(x.soon([&] { return linked("0"); }));
  network.cut("n3", "n1");
  x.cluster.crash("n3", {});
  network.heal_all();
  x.cluster.start("n3");
  BOOST_TEST(x.soon([&] { return linked("1"); }));
}

BOOST_AUTO_TEST_CASE(C2_a_wiped_node_comes_back_with_everything) {
  small_world x;
  BOOST_TEST(x.finish(x.cluster.client("n1").execute("a")) == "1");
  x.lose_disk("n2");
  BOOST_TEST(x.witness.has_all("n2"));
  BOOST_TEST(x.finish(x.cluster.client("n2").execute("b")) == "2");
  BOOST_TEST(!x.broken);
}

// Found by the simulator: the supervisor ended at once, and the node counted as
// ended, while its log_writer went on.
BOOST_AUTO_TEST_CASE(L4_a_node_that_cannot_write_its_state_ends_as_a_whole) {
  small_world x;
  x.pass(2s); // nothing is left to be written
  const auto other = x.backup();
  x.cluster.crash(other, {});
  x.cluster.fail_disk(x.primary(), 1); // where it remembers starts of others
  x.cluster.start(other);
  const auto failing = x.primary();
  BOOST_TEST(x.soon([&] { return !x.cluster.up(failing); }));
  BOOST_TEST(x.cluster.faults().at("node stops itself") == 1u);
  x.cluster.start(failing);
  BOOST_TEST(x.soon([&] { return x.cluster.whole(failing); }));
}

// Found by the simulator: what it does while another node is crashed was not
// looked at, and it was waited for.
BOOST_AUTO_TEST_CASE(a_start_that_fails_while_another_node_ends_is_noticed) {
  for (std::uint64_t change = 1; change <= 6; ++change) {
    small_world x;
    x.pass(2s); // nothing is left to be written
    const auto failing = x.backup();
    x.cluster.crash(failing, {});
    x.cluster.fail_disk(failing, change);
    x.cluster.start(failing);
    x.cluster.crash(x.primary(), {});
    BOOST_TEST(x.soon([&] { return !x.cluster.up(failing); }, 50ms));
  }
}

// Found by the simulator: the entry that made the new node a voter reached that
// node alone. Later primaries did not know of it, and were not asked again.
BOOST_AUTO_TEST_CASE(C2_a_voter_whose_entry_is_lost_asks_again) {
  for (auto after = 250ms; after < 400ms; after += 7ms)
    for (const bool restarts : {false, true})
      check_it_asks_again(after, restarts);
}

BOOST_AUTO_TEST_CASE(D6_a_node_whose_log_cannot_be_written_stops_at_once) {
  small_world x;
  x.pass(2s); // nothing is left to be written
  const auto failing = x.backup();
  x.cluster.fail_disk(failing, 1);
  BOOST_TEST(x.finish(x.cluster.client(x.primary()).execute("a")) == "1");
  BOOST_TEST(x.soon([&] { return !x.cluster.up(failing); }, 50ms));
  x.cluster.start(failing);
  BOOST_TEST(x.soon([&] { return x.cluster.whole(failing); }));
}

// Found by the simulator: a node that is no member knew its set by the
// incarnations of its own start.
BOOST_AUTO_TEST_CASE(C2_a_set_is_found_when_all_its_members_were_replaced) {
  simulated_cluster_options how;
  how.nodes = 5;
  how.members = {"n1", "n3", "n5"};
  small_world x{how};
  BOOST_TEST(x.finish(x.cluster.client("n2").execute("a")) == "1");
  for (const auto& member : how.members)
    x.lose_disk(member);
  BOOST_TEST(x.finish(x.cluster.client("n2").execute("b")) == "2");
}

BOOST_AUTO_TEST_CASE(D5_a_large_state_does_not_fill_the_log) {
  small_world x{small_logs(), [] { return std::make_unique<large_state>(); }};
  auto& client = x.cluster.client("n1");
  for (int i = 1; i <= 500; ++i) // 10 MB
    BOOST_REQUIRE(x.finish(client.execute(large_command(i)))
                  == std::to_string(i));
}

/// A backup's disk stalls while it wants to store its state: it applies nothing
/// more until then. What waits is in the snapshot that the primary sends it.
BOOST_AUTO_TEST_CASE(D7_a_snapshot_takes_the_place_of_entries_that_wait) {
  small_world x{small_logs()};
  const auto behind = x.backup();
  auto& client = x.cluster.client(x.primary());
  int given = 0;
  const auto write = [&](int count) {
    for (; count > 0; --count)
      x.finish(client.execute(large_command(++given)));
  };
  write(30);
  x.cluster.stall_disk(behind, 20s);
  write(60); // 1.2 MB: a snapshot is due
  for (const auto& name : x.cluster.names())
    x.cluster.network().break_links(name, behind);
  write(120); // and the primary's log begins behind what is durable there
  BOOST_TEST(x.soon([&] { return x.cluster.whole(behind); }, 40s));
  BOOST_TEST(x.witness.has_all(behind));
  BOOST_TEST(!x.broken);
}

// Found by the example: a lone entry takes a page, however short it is, and the
// log was full long before its entries weighed enough for a snapshot.
BOOST_AUTO_TEST_CASE(D5_short_commands_do_not_fill_the_log) {
  small_world x{small_logs()};
  auto& client = x.cluster.client("n1");
  for (int i = 1; i <= 1500; ++i) // 6 MB of pages
    BOOST_REQUIRE(x.finish(client.execute(std::to_string(i)))
                  == std::to_string(i));
}

// Found by the simulator: what was not committed filled the logs, and nobody
// could write the entry that would have committed it.
BOOST_AUTO_TEST_CASE(T1_what_is_not_committed_leaves_room_in_the_log) {
  auto how = small_logs();
  how.m = 2; // all three have to take a write
  small_world x{how};
  int given = 0;
  for (int round = 0; round < 4; ++round) {
    x.cluster.crash(x.backup(), {});
    auto& client = x.cluster.client(x.primary());
    std::vector<answer> waiting;
    for (int i = 0; i < 150; ++i) {
      waiting.push_back(client.execute(large_command(++given)));
      x.pass(10ms);
    }
    for (const auto& name : x.cluster.names()) {
      if (x.cluster.up(name))
        x.cluster.crash(name, {});
      x.cluster.start(name);
    }
    auto all_whole = [&] {
      const auto& names = x.cluster.names();
      return std::all_of(names.begin(), names.end(), [&](const auto& name) {
        return x.cluster.whole(name);
      });
    };
    BOOST_REQUIRE(x.soon(all_whole, 20s));
    const auto reply = x.finish(
      x.cluster.client("n1").execute("round " + std::to_string(round)));
    BOOST_REQUIRE(reply == std::to_string(x.witness.length()));
  }
  BOOST_TEST(!x.broken);
}

BOOST_AUTO_TEST_SUITE_END()
