// The log, crashed at every change it makes of the disk. D2, D3, D5.
#include "storage/crash_runs.hpp"
#include "storage/log_images.hpp"
#include "storage/log_script.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

using namespace cohort;
using namespace cohort::storage;
using namespace cohort::storage::tests;
using testkit::crash_scenario;

namespace {

/// What is wrong with the entries of a log, if anything.
std::string compare_entries(const node_log& log, const model_log& model) {
  for (const auto& [set, expected] : model.sets) {
    const auto extent = log.extent_of(set);
    if (!extent)
      return "a set is gone";
    auto next = extent->first;
    for (const auto& [index, x] : expected.entries) {
      if (index != next)
        return "entries begin elsewhere";
      ++next;
    }
    if (extent->last != expected.last())
      return "the last entry is another";
    for (next = extent->first; next <= extent->last;) {
      const auto read = log.read(set, next, extent->last, 64 << 10);
      if (!read || read->empty())
        return "cannot be read: " + why(read);
      for (const auto& x : *read) {
        if (!same(x, expected.entries.at(next)))
          return "an entry is not what was written";
        ++next;
      }
    }
  }
  return {};
}

/// What is wrong with a log that must be just this.
std::string compare(const opened_log& opened, const model_log& model) {
  if (opened.sets.size() != model.sets.size())
    return "sets are missing, or too many";
  for (const auto& [set, expected] : model.sets) {
    const auto found = opened.sets.find(set);
    if (found == opened.sets.end()
        || !same(found->second, expected.recovered()))
      return "a set is not what it was";
  }
  return compare_entries(*opened.log, model);
}

/// A log that is used, and what it owes its user at each moment.
class log_run {
public:
  explicit log_run(std::vector<step> script) : script_(std::move(script)) {}

  /// What is on the disk that the run begins with, and may be.
  void begin_with(run_outcome before) {
    before_ = std::move(before);
  }

  void operator()(faulty_file_system& disk) {
    owed_ = before_;
    highest_boot_ = 0;
    auto opened = must_open(disk);
    BOOST_REQUIRE(is_possible(opened, owed_));
    highest_boot_ = opened.boot_counter;
    for (const auto& x : script_) {
      owed_.on_its_way = x;
      const auto done = carry_out(*opened.log, x);
      BOOST_REQUIRE_MESSAGE(done.ok(), why(done));
      carry_out(owed_.done, x);
      owed_.on_its_way = {};
    }
  }

  /// All that was durable is there, in order and unchanged, and nothing that
  /// was never written; and the log is good for more.
  std::string check(faulty_file_system& image, rng& random) const {
    auto owed = owed_;
    {
      auto opened = node_log::open(image, small_request());
      if (!opened)
        return why(opened);
      if (opened->verdict != tail_verdict::clean
          && opened->verdict != tail_verdict::torn)
        return "a crash is taken for damage";
      if (opened->unknown_sets_suspect)
        return "sets are suspect after a crash";
      if (opened->boot_counter <= highest_boot_)
        return "a boot counter is used again";
      if (!is_possible(*opened, owed))
        return "the log is none that a crash may leave";
      if (auto wrong = compare_entries(*opened->log, owed.done); !wrong.empty())
        return wrong;
      const auto more = next_step(owed.done, random);
      if (const auto done = carry_out(*opened->log, more); !done)
        return "the log does not go on: " + why(done);
      carry_out(owed.done, more);
    }
    const auto again = random.below(2) == 0 ? image.crash_losing_all()
                                            : image.crash_losing_nothing();
    const auto reopened = node_log::open(*again, small_request());
    return reopened ? compare(*reopened, owed.done) : why(reopened);
  }

  /// The same, with a bit of one of the last blocks flipped besides: the log is
  /// refused, or what a set may have lost makes it suspect, for good.
  std::string check_damaged(faulty_file_system& image, rng& random) const {
    const auto blocks = look_at(image).blocks;
    if (blocks.empty())
      return {};
    const auto back = random.below(std::min<std::size_t>(blocks.size(), 3));
    const auto& sectors = blocks[blocks.size() - 1 - back].sectors;
    inflict(image, sectors[random.below(sectors.size())], damage::flip);
    for (int start = 1; start <= 2; ++start) {
      const auto opened = node_log::open(image, small_request());
      if (!opened)
        return opened.err().code == errc::corrupt ? std::string{} : why(opened);
      for (const auto& [set, unused] : owed_.done.sets)
        if (!is_possible_or_suspect(*opened, set))
          return "start " + std::to_string(start)
                 + ": what a set lost is not noticed";
    }
    return {};
  }

private:
  bool is_possible_or_suspect(const opened_log& opened, set_id set) const {
    const auto found = opened.sets.find(set);
    if (found == opened.sets.end())
      return opened.unknown_sets_suspect
             || owed_.on_its_way.what == step::call::remove;
    const auto states = possible_states(owed_.done.sets.at(set),
                                        owed_.on_its_way, set);
    return found->second.state.suspect
           || std::any_of(states.begin(), states.end(), [&](const auto& x) {
                return same(found->second, x.recovered());
              });
  }

  /// A write that goes on, now and then into another segment.
  static step next_step(const model_log& model, rng& random) {
    const auto found = model.sets.find(set_id{1});
    const auto last = found == model.sets.end() ? 0
                                                : found->second.last().value;
    const auto size = random.below(8) == 0 ? 60'000 : random.below(2'000);
    return write_step(
      {state_of(1, voted(1'000'000, 1)),
       write_of(1, {command(1'000'000, last + 1, std::string(size, 'z'))})});
  }

  std::vector<step> script_;
  run_outcome before_;
  run_outcome owed_;
  std::uint64_t highest_boot_ = 0;
};

crash_scenario
scenario_of(const std::shared_ptr<log_run>& run,
            std::function<std::unique_ptr<faulty_file_system>()> prepare) {
  return {.prepare = std::move(prepare),
          .run = [run](faulty_file_system& disk) { (*run)(disk); },
          .check = [run](faulty_file_system& image,
                         rng& random) { return run->check(image, random); }};
}

crash_scenario log_scenario(std::vector<step> script,
                            const faulty_file_system::options& options) {
  return scenario_of(std::make_shared<log_run>(std::move(script)),
                     [options] { return make_disk(options); });
}

crash_scenario damage_scenario(std::vector<step> script) {
  const auto run = std::make_shared<log_run>(std::move(script));
  auto result = scenario_of(run, [] { return make_disk(); });
  result.check = [run](faulty_file_system& image, rng& random) {
    return run->check_damaged(image, random);
  };
  return result;
}

std::vector<step> first_calls() {
  return {write_step({write_of(5, {command(1, 1, std::string(9'000, 'n'))})}),
          call_step(step::call::cover)};
}

/// A start after a crash, and the first calls behind it.
crash_scenario recovery_scenario(std::uint64_t seed) {
  auto run = std::make_shared<log_run>(first_calls());
  return scenario_of(run, [run, seed] {
    const auto script = long_script(seed, 60);
    rng random{seed};
    auto disk = make_disk();
    disk->stop_during(random.between(60, 120));
    auto outcome = run_script(*disk, script);
    BOOST_REQUIRE(disk->stopped());
    disk = disk->crash([&](std::uint64_t n) { return random.below(n); });
    BOOST_REQUIRE(
      is_possible(must_open(*disk->crash_losing_nothing()), outcome));
    run->begin_with(outcome);
    return disk;
  });
}

/// The same when only the process died: what it wrote last is there, but a
/// machine that stops may still lose it.
crash_scenario death_scenario(std::size_t bytes) {
  auto run = std::make_shared<log_run>(first_calls());
  return scenario_of(run, [run, bytes] {
    auto disk = make_disk();
    auto opened = must_open(*disk);
    run_outcome outcome;
    const auto first = write_step({write_of(1, {command(1, 1, "durable")})});
    BOOST_REQUIRE(carry_out(*opened.log, first).ok());
    carry_out(outcome.done, first);
    outcome.on_its_way =
      write_step({write_of(1, {command(1, 2, std::string(bytes, 'w'))})});
    disk->fail_change(2, errc::io_failed); // the sync
    BOOST_REQUIRE(!carry_out(*opened.log, outcome.on_its_way).ok());
    BOOST_REQUIRE(!carry_out(*opened.log, outcome.on_its_way).ok()); // D6
    run->begin_with(outcome);
    return disk;
  });
}

} // namespace

BOOST_AUTO_TEST_SUITE(log_crash_images_suite)

BOOST_AUTO_TEST_CASE(D3_append_roll_recycle_and_truncate) {
  for (const std::uint64_t seed : {1, 2})
    crash_run("log", log_scenario(long_script(seed, 90), {}), seed, 200);
}

BOOST_AUTO_TEST_CASE(D2_the_same_where_each_write_is_durable) {
  for (const std::uint64_t seed : {11, 12})
    crash_run("log_durable_writes",
              log_scenario(long_script(seed, 90), {.durable_writes = true}),
              seed, 75);
}

BOOST_AUTO_TEST_CASE(D3_a_start_after_a_crash) {
  for (std::uint64_t seed = 21; seed <= 30; ++seed)
    crash_run("log_recovery", recovery_scenario(seed), seed, 12);
}

BOOST_AUTO_TEST_CASE(D3_a_start_after_a_process_died) {
  for (const std::size_t bytes : {100, 9'000})
    crash_run("log_death", death_scenario(bytes), bytes, 15);
}

BOOST_AUTO_TEST_CASE(D3_a_damaged_end_is_never_cut_without_a_word) {
  for (const std::uint64_t seed : {41, 42})
    crash_run("log_damage", damage_scenario(long_script(seed, 40)), seed, 40);
}

BOOST_AUTO_TEST_SUITE_END()
