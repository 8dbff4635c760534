// What the tests of snapshot_keeper share: one keeper with a disk of its own.
#pragma once

#include "core/rng.hpp"
#include "runtime/actor_world.hpp"
#include "runtime/snapshot_keeper.hpp"
#include "storage/log_model.hpp"
#include "storage/node_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cohort::runtime::tests {

inline constexpr set_id kept_set{7};
inline const std::string snapshots_directory = "snapshots";

/// What a machine gives away, and how it is cut.
inline std::vector<std::string> pieces_of(std::uint64_t seed,
                                          std::size_t count = 3,
                                          std::size_t size = 200'000) {
  rng random{seed};
  std::vector<std::string> result(count, std::string(size, '\0'));
  for (auto& piece : result)
    for (auto& c : piece)
      c = static_cast<char>(random.next());
  return result;
}

inline std::string joined(const std::vector<std::string>& pieces) {
  std::string result;
  for (const auto& x : pieces)
    result += x;
  return result;
}

/// A keeper, its disk, and what surrounds it.
struct kept {
  std::unique_ptr<testkit::faulty_file_system> disk =
    std::make_unique<testkit::faulty_file_system>();
  std::shared_ptr<storage::snapshot_store> store;
  witness replica;
  witness applier;
  witness hub;
  caf::actor keeper;

  std::string directory() const {
    return storage::join(snapshots_directory, storage::path_name(kept_set));
  }

  std::vector<std::string> files() const {
    auto names = disk->list(directory());
    return names ? std::move(*names) : std::vector<std::string>{};
  }

  /// The file of the only snapshot that is there.
  std::string only_file() const {
    const auto names = files();
    BOOST_REQUIRE(names.size() == 1u);
    return storage::join(directory(), names.front());
  }

  /// Where the newest snapshot is; 0: there is none.
  std::uint64_t newest() const {
    const auto at = store->newest(kept_set);
    BOOST_REQUIRE(at.ok());
    return at->has_value() ? (*at)->index.value : 0;
  }
};

class keeper_world : public actor_world {
public:
  kept make_keeper(std::uint64_t node) {
    kept x;
    BOOST_REQUIRE(x.disk->make_directory(snapshots_directory).ok());
    auto opened = storage::snapshot_store::open(*x.disk, snapshots_directory,
                                                {});
    BOOST_REQUIRE(opened.ok());
    x.store = std::move(*opened);
    x.replica = make_witness();
    x.applier = make_witness();
    x.hub = make_witness();
    snapshot_keeper_options options;
    options.set = kept_set;
    options.self = node_id{node};
    options.store = x.store;
    options.hub = x.hub.actor;
    x.keeper = start<snapshot_keeper>(options);
    send(x.keeper, serve_set{kept_set, x.replica.actor});
    return x;
  }

  /// Begins a snapshot at `index` of term 1.
  void begin(const kept& x, std::uint64_t index) {
    store_snapshot begun;
    begun.base = storage::tests::base_at(1, index);
    begun.machine_version = 3;
    begun.sessions = "sessions";
    begun.terms = {{index_t{1}, term_t{1}}};
    begun.applier = x.applier.actor;
    send(x.keeper, begun);
  }

  /// Gives all pieces, whatever the keeper says.
  void give(const kept& x, const std::vector<std::string>& pieces) {
    for (std::size_t i = 0; i < pieces.size(); ++i)
      send(x.keeper, snapshot_piece{pieces[i], i + 1 == pieces.size()});
  }

  void must_store(const kept& x, std::uint64_t index) {
    begin(x, index);
    give(x, pieces_of(index));
    BOOST_REQUIRE(x.applier.take<snapshot_stored>().size() == 1u);
  }
};

} // namespace cohort::runtime::tests
