#include "testkit/log_witness.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace cohort;
using testkit::log_witness;

namespace {

constexpr set_id watched{1};

replication::log_position at(std::uint64_t term, std::uint64_t index) {
  return {term_t{term}, index_t{index}};
}

struct three_logs {
  std::string broken;
  log_witness logs{[this](const std::string& what) { broken = what; }};

  three_logs() {
    replication::configuration three;
    three.epoch = epoch_t{1};
    three.voters = {node_id{1}, node_id{2}, node_id{3}};
    three.m = 2; // a commit needs two copies, an acknowledgement three
    logs.configured(watched, {three, std::nullopt});
  }

  void durable(std::uint64_t holder, std::uint64_t term, std::uint64_t index,
               std::uint64_t before, const std::string& what = "x") {
    replication::entry x;
    x.term = term_t{term};
    x.index = index_t{index};
    x.kind = replication::entry_kind::command;
    x.payload = bytes::of(what);
    logs.durable(watched, node_id{holder}, x, term_t{before});
  }

  static replication::configuration of(std::uint64_t epoch,
                                       std::vector<node_id> voters) {
    replication::configuration x;
    x.epoch = epoch_t{epoch};
    x.voters = std::move(voters);
    x.m = replication::default_m(x.voters.size());
    return x;
  }

  void changes(std::uint64_t holder, std::uint64_t index,
               replication::membership to) {
    replication::entry x;
    x.term = term_t{1};
    x.index = index_t{index};
    x.kind = replication::entry_kind::membership;
    x.members = std::make_shared<replication::membership>(std::move(to));
    logs.durable(watched, node_id{holder}, x, term_t{index > 1 ? 1u : 0u});
  }

  void commit(std::uint64_t term, std::uint64_t index) {
    logs.committed(watched, at(term, index), {}, "n1");
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(log_witness_suite, three_logs)

BOOST_AUTO_TEST_CASE(what_two_disks_hold_commits_with_all_before_it) {
  durable(1, 1, 1, 0);
  durable(1, 1, 2, 1);
  durable(2, 1, 2, 1);
  BOOST_TEST(!logs.committed_at(watched, index_t{1}));
  commit(1, 2);
  BOOST_TEST(broken == "");
  BOOST_TEST((logs.committed_at(watched, index_t{1}) == term_t{1}));
  BOOST_TEST((logs.commit_index(watched) == index_t{2}));
}

BOOST_AUTO_TEST_CASE(one_disk_is_too_few) {
  durable(1, 1, 1, 0);
  commit(1, 1);
  BOOST_TEST(broken.find("not durable on a quorum") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(copies_of_others_do_not_count) {
  durable(1, 1, 1, 0);
  durable(4, 1, 1, 0);
  commit(1, 1);
  BOOST_TEST(broken != "");
}

BOOST_AUTO_TEST_CASE(an_acknowledgement_may_need_more) {
  durable(1, 1, 1, 0);
  durable(2, 1, 1, 0);
  commit(1, 1);
  BOOST_TEST(broken == "");
  logs.acknowledged(watched, at(1, 1));
  BOOST_TEST(broken.find("too few") != std::string::npos);
  broken.clear();
  durable(3, 1, 1, 0);
  logs.acknowledged(watched, at(1, 1));
  BOOST_TEST(broken == "");
}

BOOST_AUTO_TEST_CASE(a_snapshot_is_a_copy_of_all_that_it_covers) {
  durable(1, 1, 1, 0);
  durable(2, 1, 1, 0);
  commit(1, 1);
  logs.covered(watched, node_id{3}, index_t{1});
  logs.acknowledged(watched, at(1, 1));
  BOOST_TEST(broken == "");
}

BOOST_AUTO_TEST_CASE(equal_positions_are_equal_logs) {
  durable(1, 2, 2, 1);
  durable(2, 2, 2, 1);
  BOOST_TEST(broken == "");
  durable(3, 2, 2, 2);
  BOOST_TEST(broken.find("differs between two logs") != std::string::npos);
  broken.clear();
  durable(3, 2, 2, 1, "y");
  BOOST_TEST(broken != "");
}

BOOST_AUTO_TEST_CASE(what_is_committed_stays) {
  for (std::uint64_t disk = 1; disk <= 3; ++disk) {
    durable(disk, 1, 1, 0);
    durable(disk, 2, 1, 0);
    durable(disk, 2, 2, 2);
  }
  commit(1, 1);
  BOOST_TEST(broken == "");
  commit(2, 1);
  BOOST_TEST(broken.find("takes entry 1 of term 2") != std::string::npos);
  broken.clear();
  commit(2, 2);
  BOOST_TEST(broken.find("lacks entry 1 of term 1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(C4_under_a_joint_state_both_halves_commit) {
  const auto old = of(1, {node_id{1}, node_id{2}, node_id{3}});
  const auto fresh = of(2, {node_id{3}, node_id{4}, node_id{5}});
  for (const std::uint64_t disk : {3, 4, 5}) {
    changes(disk, 1, {old, fresh});
    durable(disk, 1, 2, 1);
  }
  commit(1, 2); // by the new one alone
  BOOST_TEST(broken.find("not durable on a quorum") != std::string::npos);
  broken.clear();
  changes(1, 1, {old, fresh});
  durable(1, 1, 2, 1);
  commit(1, 2);
  BOOST_TEST(broken == "");
}

BOOST_AUTO_TEST_CASE(C4_a_configuration_needs_a_majority) {
  const auto old = of(1, {node_id{1}, node_id{2}, node_id{3}, node_id{4}});
  const auto fresh = of(2, {node_id{1}, node_id{2}, node_id{3}, node_id{4}});
  changes(1, 1, {old, fresh});
  changes(2, 1, {old, fresh});
  commit(1, 1);
  BOOST_TEST(broken.find("not durable on a quorum") != std::string::npos);
  broken.clear();
  changes(3, 1, {old, fresh});
  commit(1, 1);
  BOOST_TEST(broken == "");
}

BOOST_AUTO_TEST_CASE(C4_copies_of_an_older_configuration_do_not_acknowledge) {
  const auto old = of(1, {node_id{1}, node_id{2}, node_id{3}});
  const auto fresh = of(2, {node_id{3}, node_id{4}, node_id{5}});
  for (std::uint64_t disk = 1; disk <= 3; ++disk) {
    changes(disk, 1, {fresh, std::nullopt});
    durable(disk, 1, 2, 1);
  }
  logs.configured(watched, {old, std::nullopt});
  logs.acknowledged(watched, at(1, 2));
  BOOST_TEST(broken.find("too few") != std::string::npos);
  broken.clear();
  changes(4, 1, {fresh, std::nullopt});
  durable(4, 1, 2, 1);
  logs.acknowledged(watched, at(1, 2));
  BOOST_TEST(broken == "");
}

// Found by the simulator: that configuration has no quorum.
BOOST_AUTO_TEST_CASE(a_log_without_its_beginning_knows_no_configuration) {
  logs.configured(watched, {});
  durable(1, 1, 1, 0);
  durable(2, 1, 1, 0);
  commit(1, 1);
  BOOST_TEST(broken == "");
  BOOST_TEST((logs.commit_index(watched) == index_t{1}));
}

BOOST_AUTO_TEST_SUITE_END()
