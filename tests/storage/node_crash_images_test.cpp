// A node's directory, crashed at every change of the disk: who it is, what it
// knows, and a log that its newest snapshot can be joined to. C2, D7.
#include "storage/crash_runs.hpp"
#include "storage/log_model.hpp"
#include "storage/node_directory.hpp"
#include "storage/snapshot_store.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

using namespace cohort;
using namespace cohort::storage;
using namespace cohort::storage::tests;
using testkit::crash_scenario;

namespace {

const std::string path = "node";
const set_id set{1};

codec::node_state knowing(std::uint64_t boot) {
  codec::node_state result;
  result.complete = boot > 1;
  result.without = {"node-c"};
  result.boots[node_id{2}] = {boot, boot * 7};
  return result;
}

result<void> take(snapshot_store& store, const log_base& base) {
  codec::snapshot_head head;
  head.set = set;
  head.base = base;
  auto writer = store.begin(head, "sessions");
  if (!writer)
    return writer.err();
  if (auto added = (*writer)->append(std::string(2'000, 'k')); !added)
    return added;
  return (*writer)->finish();
}

/// What a node has, or is about to have.
struct possession {
  std::optional<codec::log_owner> owner;
  codec::node_state state;
  log_base snapshot; ///< at 0: none
  model_set log;
};

/// A node that is used, and what its disk owes it at each moment.
class node_run {
public:
  void operator()(faulty_file_system& disk) {
    now_ = {};
    next_ = {};
    {
      auto node = open(disk);
      set_state(node, 1);
      set_owner(node, 1);
      use(disk, node, 1, 1);
      set_state(node, 2);
    }
    auto node = open(disk);
    set_state(node, 3);
    set_owner(node, 2);
    use(disk, node, 2, 9);
  }

  std::string check(faulty_file_system& image, rng& random) const {
    auto now = now_;
    {
      auto node = node_directory::open(image, path);
      if (!node)
        return why(node);
      if (auto wrong = check_files(*node, now); !wrong.empty())
        return wrong;
      if (auto wrong = go_on(*node, now, random); !wrong.empty())
        return wrong;
      if (auto wrong = check_log(image, *node, now); !wrong.empty())
        return wrong;
    }
    return check_again(*image.crash_losing_all(), now);
  }

private:
  /// Identity and state: as before, or as they were about to be. What was found
  /// is what there is from now on.
  std::string check_files(const node_directory& node, possession& now) const {
    std::optional<codec::log_owner> owner;
    if (node.identity())
      owner = node.identity()->owner;
    if (owner != now.owner && owner != next_.owner)
      return "neither the old identity nor the new one";
    now.owner = owner;
    // It means nothing before there is an identity.
    const auto is = [&](const codec::node_state& x) {
      return node.state() == (owner ? x : codec::node_state{});
    };
    if (!is(now.state) && !is(next_.state))
      return "neither the old state nor the new one";
    now.state = node.state();
    return {};
  }

  /// Writes everything anew, as a node that starts may do.
  static std::string go_on(node_directory& node, possession& now, rng& random) {
    if (!now.owner || random.below(2) == 0) {
      now.owner = test_owner(now.owner ? 3 : 1);
      if (const auto written = node.write_owner(*now.owner); !written)
        return "no identity can be written: " + why(written);
    }
    now.state = knowing(random.between(10, 20));
    const auto written = node.write_state(now.state);
    return written ? std::string{} : "no state can be written: " + why(written);
  }

  /// The log is as before or as it was about to be, and goes on behind the
  /// newest snapshot.
  std::string check_log(faulty_file_system& image, node_directory& node,
                        possession& now) const {
    const auto store = snapshot_store::open(image, node.snapshots_path(), {});
    if (!store)
      return why(store);
    const auto newest = (*store)->open_newest(set);
    if (!newest)
      return why(newest);
    const auto base = *newest ? (*newest)->head().base : log_base{};
    if (base != now.snapshot && base != next_.snapshot)
      return "neither the old snapshot nor the new one";
    auto opened = node.open_log(small_options());
    if (!opened)
      return why(opened);
    const auto found = opened->sets.find(set);
    const auto state = found == opened->sets.end() ? model_set{}.recovered()
                                                   : found->second;
    if (state.base.index > base.index)
      return "the log begins behind the newest snapshot";
    if (!same(state, now.log.recovered())
        && !same(state, next_.log.recovered()))
      return "neither the old log nor the new one";
    now.log = same(state, now.log.recovered()) ? now.log : next_.log;
    const auto more = command(99, now.log.last().value + 1, "more");
    std::vector writes{write_of(set.value, {more})};
    if (const auto written = opened->log->write(writes); !written)
      return "the log does not go on: " + why(written);
    now.log.apply(writes.front().request);
    return {};
  }

  static std::string check_again(faulty_file_system& image,
                                 const possession& now) {
    auto node = node_directory::open(image, path);
    if (!node)
      return why(node);
    if (!node->identity() || node->identity()->owner != *now.owner)
      return "the identity does not stay";
    if (node->state() != now.state)
      return "the state does not stay";
    const auto opened = node->open_log(small_options());
    if (!opened)
      return why(opened);
    return same(opened->sets.at(set), now.log.recovered())
             ? std::string{}
             : "the log does not stay";
  }

  // -- the run ----------------------------------------------------------------

  static node_directory open(faulty_file_system& disk) {
    auto opened = node_directory::open(disk, path);
    BOOST_REQUIRE_MESSAGE(opened.ok(), why(opened));
    return std::move(*opened);
  }

  void done() {
    now_ = next_;
  }

  void set_state(node_directory& node, std::uint64_t boot) {
    next_.state = knowing(boot);
    BOOST_REQUIRE(node.write_state(next_.state).ok());
    done();
  }

  void set_owner(node_directory& node, std::uint64_t incarnation) {
    next_.owner = test_owner(incarnation);
    BOOST_REQUIRE(node.write_owner(*next_.owner).ok());
    done();
  }

  void write(node_log& log, const set_write& x) {
    next_.log.apply(x.request);
    must_write(log, {x});
    done();
  }

  /// Entries, a snapshot, and only then a cut; twice.
  void use(faulty_file_system& disk, node_directory& node, std::uint64_t term,
           std::uint64_t index) {
    auto opened = node.open_log(small_options());
    BOOST_REQUIRE_MESSAGE(opened.ok(), why(opened));
    const auto store = snapshot_store::open(disk, node.snapshots_path(), {});
    BOOST_REQUIRE_MESSAGE(store.ok(), why(store));
    write(*opened->log, state_of(set.value, voted(term, 2)));
    for (const auto end = index + 8; index < end; ++index) {
      write(*opened->log,
            write_of(set.value, {command(term, index, std::string(700, 'e'))}));
      if (index % 4 != 0)
        continue;
      next_.snapshot = base_at(term, index);
      BOOST_REQUIRE(take(**store, next_.snapshot).ok());
      done();
      write(*opened->log, base_of(set.value, base_at(term, index), true));
    }
  }

  possession now_;
  possession next_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(node_crash_images_suite)

BOOST_AUTO_TEST_CASE(D7_identity_state_and_a_cut_behind_a_snapshot) {
  const auto run = std::make_shared<node_run>();
  const crash_scenario scenario{
    .prepare = [] { return std::make_unique<faulty_file_system>(); },
    .run = [run](faulty_file_system& disk) { (*run)(disk); },
    .check = [run](faulty_file_system& image,
                   rng& random) { return run->check(image, random); },
  };
  crash_run("node", scenario, 1, 150);
}

BOOST_AUTO_TEST_SUITE_END()
