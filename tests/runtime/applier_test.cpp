#include "runtime/applier.hpp"

#include "machine/simple_machine.hpp"
#include "runtime/actor_world.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

using namespace cohort;
using namespace cohort::runtime;
using namespace cohort::runtime::tests;
using namespace std::chrono_literals;

namespace {

struct empty_machine : machine::simple_machine {
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
};

/// An applier to which ten entries are a reason for a snapshot.
struct applier_world : actor_world {
  static constexpr std::uint64_t enough = 10;

  witness replica = make_witness();
  witness keeper = make_witness();
  caf::actor applier;

  applier_world() {
    auto begin = std::make_shared<applier_start>();
    begin->machine = std::make_unique<empty_machine>();
    applier_options options;
    options.keeper = keeper.actor;
    options.snapshot_log_bytes_min = enough * replication::entry{}.weight();
    applier = start<runtime::applier>(options, begin, replica.actor);
  }

  /// Entries up to `last`, of which those up to `durable` are on the disk.
  void apply(std::uint64_t last, std::uint64_t durable) {
    apply_entries x;
    while (applied_ < last) {
      auto& added = x.entries.emplace_back();
      added.index = index_t{++applied_};
      added.term = term_t{1};
    }
    x.durable = index_t{durable};
    send(applier, x);
  }

  bool stores() {
    return !keeper.take<store_snapshot>().empty();
  }

private:
  std::uint64_t applied_ = 0;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(applier_suite, applier_world)

BOOST_AUTO_TEST_CASE(D5_a_snapshot_is_due_after_so_much_of_the_log) {
  apply(enough - 1, enough - 1);
  BOOST_TEST(!stores());
  apply(enough, enough);
  BOOST_TEST(stores());
}

// Found by the simulator: a state that was larger than its log may be. No
// snapshot was worth it, and the log stayed full for good.
BOOST_AUTO_TEST_CASE(D6_a_full_log_makes_a_snapshot_due) {
  send(applier, make_room{});
  BOOST_TEST(!stores()); // there is nothing that it could free
  apply(1, 1);
  BOOST_TEST(stores());
  send(applier, snapshot_stored{});
  apply(2, 2);
  BOOST_TEST(!stores());
  send(applier, make_room{});
  BOOST_TEST(stores());
}

// Found by the simulator of Redis clients: a log that is full takes nothing
// that would make it due again.
BOOST_AUTO_TEST_CASE(D6_a_snapshot_without_room_stays_due) {
  apply(enough, enough);
  BOOST_REQUIRE(stores());
  send(applier, snapshot_failed{{errc::no_space, "full"}});
  BOOST_TEST(!stores());
  pass(10s);
  BOOST_TEST(stores());
  send(applier, snapshot_stored{});
  pass(10s);
  BOOST_TEST(!stores());
}

BOOST_AUTO_TEST_CASE(D7_what_is_not_durable_is_not_stored) {
  apply(enough, enough - 1);
  BOOST_TEST(!stores());
  const auto asked = replica.take<tell_durable>();
  BOOST_REQUIRE(asked.size() == 1u);
  BOOST_TEST((asked[0].at_least == index_t{enough}));
  apply(enough + 1, enough - 1);
  BOOST_TEST(replica.take<applied_up_to>().empty());
  send(applier, may_store{index_t{enough}});
  BOOST_TEST(stores());
  BOOST_TEST(replica.take<applied_up_to>().size() == 1u);
}

/// It holds them.
BOOST_AUTO_TEST_CASE(D7_a_snapshot_takes_the_place_of_entries_that_wait) {
  apply(enough, enough - 1);
  apply(enough + 1, enough - 1);
  replica.take<applied_up_to>();
  restore_end whole;
  whole.base.index = index_t{2 * enough};
  whole.base.term = term_t{1};
  whole.machine_version = empty_machine{}.version();
  send(applier, restore_snapshot{whole.base});
  BOOST_TEST(keeper.take<read_snapshot>().size() == 1u);
  send(applier, whole);
  BOOST_TEST(ended(applier) == "");
  const auto told = replica.take<applied_up_to>();
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_TEST((told[0].index == whole.base.index));
}

BOOST_AUTO_TEST_SUITE_END()
