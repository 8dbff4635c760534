// Snapshots, crashed at every change of the disk: the old one or the new one,
// and whole. D7.
#include "storage/crash_runs.hpp"
#include "storage/log_model.hpp"
#include "storage/node_directory.hpp"
#include "storage/snapshot_store.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

using namespace cohort;
using namespace cohort::storage;
using namespace cohort::storage::tests;
using testkit::crash_scenario;

namespace {

const std::string directory = "snapshots";

struct snapshot {
  codec::snapshot_head head;
  std::string attachment;
  std::string content;

  bool operator==(const snapshot&) const = default;
};

snapshot sample(std::uint64_t set, std::uint64_t term, std::uint64_t index,
                std::size_t size) {
  rng random{index};
  snapshot result;
  result.head.set = set_id{set};
  result.head.base = base_at(term, index);
  result.head.machine_version = 3;
  result.head.terms = {{index_t{1}, term_t{1}}};
  result.attachment.resize(700);
  result.content.resize(size);
  for (auto* text : {&result.attachment, &result.content})
    for (auto& c : *text)
      c = static_cast<char>(random.next());
  result.head.attachment_bytes = result.attachment.size();
  return result;
}

result<void> take(snapshot_store& store, const snapshot& x) {
  auto writer = store.begin(x.head, x.attachment);
  if (!writer)
    return writer.err();
  if (auto added = (*writer)->append(x.content); !added)
    return added;
  return (*writer)->finish();
}

/// The newest of a set, read to its end; nothing if there is none.
result<std::optional<snapshot>> newest_of(snapshot_store& store, set_id set) {
  auto reader = store.open_newest(set);
  if (!reader)
    return reader.err();
  if (!*reader)
    return std::optional<snapshot>{};
  snapshot result{(*reader)->head(), (*reader)->attachment(), {}};
  std::string chunk;
  for (;;) {
    auto more = (*reader)->next(chunk);
    if (!more)
      return more.err();
    if (!*more)
      return std::optional{std::move(result)};
    result.content += chunk;
  }
}

/// A store that is used, and what it owes its user at each moment.
class snapshot_run {
public:
  void operator()(faulty_file_system& disk) {
    owed_ = {};
    next_ = {};
    {
      const auto store = open(disk);
      take_next(*store, sample(1, 1, 10, 3'000));
      take_next(*store, sample(2, 1, 12, 0));
      take_next(*store, sample(1, 2, 20, 300'000));
      give_up(*store, 1);
      receive_next(*store, sample(1, 2, 30, 5'000));
      remove(*store, 2);
    }
    {
      const auto store = open(disk);
      receive_next(*store, sample(2, 3, 40, 2'000));
      take_next(*store, sample(2, 4, 41, 2'000));
      take_next(*store, sample(1, 4, 50, 9'000));
    }
    // In its last write, the rename, and the sync of the name.
    for (const std::uint64_t set : {3, 1})
      for (const std::uint64_t n : {2, 4, 5})
        die(disk, sample(set, 5, 60 + n, 2'000), n);
  }

  std::string check(faulty_file_system& image, rng& random) const {
    auto expected = owed_;
    {
      const auto store = snapshot_store::open(image, directory, {});
      if (!store)
        return why(store);
      for (const std::uint64_t set : {1, 2, 3})
        if (auto wrong = check_set(**store, set_id{set}, expected);
            !wrong.empty())
          return wrong;
      // And the store is good for more.
      const auto set = random.between(1, 3);
      const auto more = sample(set, 9, 90, random.below(4'000));
      if (const auto taken = take(**store, more); !taken)
        return "the store does not go on: " + why(taken);
      expected[set_id{set}] = more;
    }
    return check_again(*image.crash_losing_all(), expected);
  }

private:
  using snapshots = std::map<set_id, std::optional<snapshot>>;

  /// The old one or the one that was on its way, which is expected from now on.
  std::string check_set(snapshot_store& store, set_id set,
                        snapshots& expected) const {
    const auto found = newest_of(store, set);
    if (!found)
      return why(found);
    const bool as_before = *found == expected[set];
    const auto next = next_.find(set);
    if (!as_before && (next == next_.end() || *found != next->second))
      return "neither the old snapshot nor the new one";
    expected[set] = *found;
    return {};
  }

  /// What was kept is kept, and nothing else is left.
  static std::string check_again(faulty_file_system& image,
                                 const snapshots& expected) {
    const auto store = snapshot_store::open(image, directory, {});
    if (!store)
      return why(store);
    for (const auto& [set, x] : expected) {
      const auto found = newest_of(**store, set);
      if (!found)
        return why(found);
      if (*found != x)
        return "a snapshot does not stay";
      const auto files = image.list(join(directory, path_name(set)));
      if (files && files->size() != (x ? 1 : 0))
        return "files are left over";
    }
    return {};
  }

  static std::unique_ptr<snapshot_store> open(faulty_file_system& disk) {
    auto opened = snapshot_store::open(disk, directory, {});
    BOOST_REQUIRE_MESSAGE(opened.ok(), why(opened));
    return std::move(*opened);
  }

  void done(set_id set, std::optional<snapshot> x) {
    owed_[set] = std::move(x);
    next_.clear();
  }

  void take_next(snapshot_store& store, const snapshot& x) {
    next_[x.head.set] = x;
    const auto taken = take(store, x);
    BOOST_REQUIRE_MESSAGE(taken.ok(), why(taken));
    done(x.head.set, x);
  }

  void receive_next(snapshot_store& store, const snapshot& x) {
    const auto set = x.head.set;
    const auto raw = raw_file(x);
    next_[set] = x;
    const auto receiver =
      store.receive(set, {x.head.base.term, x.head.base.index}, raw.size());
    BOOST_REQUIRE_MESSAGE(receiver.ok(), why(receiver));
    for (std::size_t at = 0; at < raw.size(); at += 2'500)
      BOOST_REQUIRE((*receiver)->append(at, raw.substr(at, 2'500)).ok());
    BOOST_REQUIRE((*receiver)->finish().ok());
    done(set, x);
  }

  /// What is begun and given up is nothing to anybody.
  static void give_up(snapshot_store& store, std::uint64_t set) {
    const auto x = sample(set, 8, 80, 4'000);
    auto writer = store.begin(x.head, x.attachment);
    BOOST_REQUIRE(writer.ok());
    BOOST_REQUIRE((*writer)->append(x.content).ok());
  }

  /// The process dies in the n-th change of finish(). What the next one finds,
  /// it builds on: that is durable.
  void die(faulty_file_system& disk, const snapshot& x, std::uint64_t n) {
    {
      const auto store = open(disk);
      auto writer = store->begin(x.head, x.attachment);
      BOOST_REQUIRE(writer.ok());
      BOOST_REQUIRE((*writer)->append(x.content).ok());
      next_[x.head.set] = x;
      disk.fail_change(n, errc::io_failed);
      BOOST_REQUIRE(!(*writer)->finish().ok());
    }
    const auto store = open(disk);
    const auto found = newest_of(*store, x.head.set);
    BOOST_REQUIRE_MESSAGE(found.ok(), why(found));
    done(x.head.set, *found);
  }

  void remove(snapshot_store& store, std::uint64_t set) {
    next_[set_id{set}] = std::nullopt;
    BOOST_REQUIRE(store.remove_set(set_id{set}).ok());
    done(set_id{set}, std::nullopt);
  }

  /// A snapshot's file, as another node has it.
  static std::string raw_file(const snapshot& x) {
    faulty_file_system elsewhere;
    BOOST_REQUIRE(elsewhere.make_directory(directory).ok());
    const auto store = open(elsewhere);
    BOOST_REQUIRE(take(*store, x).ok());
    const auto in = join(directory, path_name(x.head.set));
    return elsewhere.contents(join(in, elsewhere.list(in)->front()));
  }

  snapshots owed_; ///< finished, or removed
  snapshots next_; ///< what is on its way
};

} // namespace

BOOST_AUTO_TEST_SUITE(snapshot_crash_images_suite)

BOOST_AUTO_TEST_CASE(D7_stage_sync_rename_and_remove) {
  const auto run = std::make_shared<snapshot_run>();
  const crash_scenario scenario{
    .prepare =
      [] {
        auto disk = std::make_unique<faulty_file_system>();
        BOOST_REQUIRE(disk->make_directory(directory).ok());
        return disk;
      },
    .run = [run](faulty_file_system& disk) { (*run)(disk); },
    .check = [run](faulty_file_system& image,
                   rng& random) { return run->check(image, random); },
  };
  crash_run("snapshots", scenario, 1, 150);
}

BOOST_AUTO_TEST_SUITE_END()
