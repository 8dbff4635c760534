// Nodes that cannot start: why, and that nothing of them is left. C2, L4.
#include "runtime/node.hpp"

#include "runtime/messages.hpp"
#include "runtime/system_clock.hpp"
#include "storage/log_model.hpp"
#include "storage/node_directory.hpp"
#include "testkit/counters.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/io/middleman.hpp>

#include <algorithm>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

using namespace cohort;
using namespace cohort::runtime;
using storage::node_directory;
using testkit::faulty_file_system;

namespace {

const std::string data = "data";

codec::log_owner owner_of(std::uint64_t cluster) {
  return {{cluster, 1}, "n1", node_id{1}};
}

struct io_config : caf::actor_system_config {
  io_config() {
    load<caf::io::middleman>();
  }
};

/// One node, on a disk that only its supervisor touches.
struct start_world {
  std::shared_ptr<faulty_file_system> disk =
    std::make_shared<faulty_file_system>();
  node_options options;
  std::promise<std::string> stopped;
  std::mutex mutex;
  std::vector<std::string> errors; ///< that were traced
  io_config config;
  caf::actor_system system{config};

  start_world() {
    options.name = "n1";
    options.version = "test";
    options.files = disk;
    options.time = std::make_shared<system_clock>();
    options.network = std::make_shared<transport::local_network>();
    options.make_machine = test::make_counters();
    options.trace = [this](severity level, const std::string& line) {
      const std::lock_guard guard{mutex};
      if (level == severity::error)
        errors.push_back(line);
    };
    options.on_stopped = [this](const std::string& why) {
      stopped.set_value(why);
    };
    auto& plan = options.plan;
    plan.cluster_name = "test";
    plan.transport = transport_kind::local;
    plan.nodes = {{"n1", {"127.0.0.1", 1}, {}, data}};
    plan.limits.segment_bytes = std::uint64_t{1} << 20;
    plan.limits.disk_reserve_bytes = 0;
    plan.sets.resize(1);
    plan.sets.front().name = "main";
    plan.sets.front().engine = engine_kind::memory;
  }

  /// With a second node, which never comes: nothing is formed.
  void expect_another_node() {
    options.plan.nodes.push_back({"n2", {"127.0.0.1", 2}, {}, "elsewhere"});
  }

  node_directory open_directory() {
    auto opened = node_directory::open(*disk, data);
    BOOST_REQUIRE_MESSAGE(opened.ok(), storage::tests::why(opened));
    return std::move(*opened);
  }

  /// What a node of a formed cluster left.
  void lay_out(std::uint64_t cluster) {
    auto directory = open_directory();
    codec::node_state state;
    state.complete = true;
    BOOST_REQUIRE(directory.write_state(state).ok());
    BOOST_REQUIRE(directory.write_owner(owner_of(cluster)).ok());
    BOOST_REQUIRE(directory.open_log(log_options_of(options.plan.limits)).ok());
  }

  /// All files of the node.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> result;
    for (const std::string& in : {data, data + "/log"})
      if (const auto names = disk->list(in))
        for (const auto& name : *names)
          if (const auto path = storage::join(in, name); disk->contains(path))
            result[path] = disk->contents(path);
    return result;
  }

  /// No file is touched.
  error refused_start() {
    const auto before = files();
    const auto made = node::start(system, options);
    BOOST_REQUIRE(!made.ok());
    BOOST_TEST((files() == before));
    return made.err();
  }

  bool is_locked() const {
    return !disk->lock_directory(data).ok();
  }
};

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(node_start_suite, start_world)

BOOST_AUTO_TEST_CASE(a_directory_in_use_is_refused) {
  const auto holder = open_directory();
  const auto why = refused_start();
  BOOST_TEST((why.code == errc::busy));
  BOOST_TEST(says(why.message, data), why.message);
}

BOOST_AUTO_TEST_CASE(a_directory_of_something_else_is_refused) {
  BOOST_REQUIRE(disk->make_directory(data).ok());
  disk->put(data + "/letter.txt", "dear reader");
  const auto why = refused_start();
  BOOST_TEST((why.code == errc::refused));
  BOOST_TEST(says(why.message, "letter.txt"), why.message);
  BOOST_TEST(!is_locked());
}

BOOST_AUTO_TEST_CASE(a_directory_that_cannot_be_made_is_refused) {
  disk->fail_change(1, errc::io_failed);
  const auto why = refused_start();
  BOOST_TEST((why.code == errc::io_failed));
  BOOST_TEST(says(why.message, data), why.message);
}

BOOST_AUTO_TEST_CASE(a_damaged_identity_is_refused) {
  lay_out(1);
  disk->flip_bit(data + "/identity", 20, 1);
  const auto why = refused_start();
  BOOST_TEST((why.code == errc::corrupt));
  BOOST_TEST(says(why.message, "identity"), why.message);
  BOOST_TEST(!is_locked());
}

// Somebody put another node's identity beside the log.
BOOST_AUTO_TEST_CASE(C2_a_log_of_another_cluster_is_refused) {
  lay_out(1);
  start_world other;
  other.lay_out(2);
  disk->put(data + "/identity", other.disk->contents(data + "/identity"));
  const auto why = refused_start();
  BOOST_TEST((why.code == errc::wrong_cluster), to_string(why));
  BOOST_TEST(!is_locked());
}

BOOST_AUTO_TEST_CASE(D4_a_damaged_log_is_refused) {
  lay_out(1);
  const auto names = disk->list(data + "/log");
  BOOST_REQUIRE(names.ok() && !names->empty());
  for (const auto& name : *names)
    disk->flip_bit(data + "/log/" + name, 100, 1);
  const auto why = refused_start();
  BOOST_TEST((why.code == errc::corrupt), to_string(why));
  BOOST_TEST(says(why.message, "segment-"), why.message);
  BOOST_TEST(!is_locked());
}

/// A reply that was on its way to the process before is told from those to the
/// requests of this one by its id alone.
BOOST_AUTO_TEST_CASE(K1_two_starts_of_a_node_have_no_request_ids_in_common) {
  const auto ids_of_start = [this](std::uint64_t seed) {
    options.seed = seed;
    const auto made = node::start(system, options);
    BOOST_REQUIRE(made.ok());
    return std::pair{(*made)->first_request_of(gateway_number::front),
                     (*made)->first_request_of(gateway_number::meta)};
  };
  const auto before = ids_of_start(1);
  const auto after = ids_of_start(2);
  BOOST_TEST((before.first >> gateway_shift) == gateway_number::front);
  BOOST_TEST((after.second >> gateway_shift) == gateway_number::meta);
  const auto apart = [](std::uint64_t x, std::uint64_t y) {
    return std::max(x, y) - std::min(x, y);
  };
  constexpr auto many = std::uint64_t{1} << 40; // requests of one process
  BOOST_TEST(apart(before.first, after.first) > many);
  BOOST_TEST(apart(before.second, after.second) > many);
}

BOOST_AUTO_TEST_CASE(L4_a_gateway_that_cannot_serve_stops_the_node) {
  expect_another_node();
  options.make_gateway = [](caf::actor_system&, const gateway_place&) {
    return result<started_gateway>{errc::busy, "the port is taken"};
  };
  const auto made = node::start(system, options);
  const auto why = stopped.get_future().get();
  BOOST_TEST(says(why, "clients cannot be served"), why);
  BOOST_TEST(says(why, "the port is taken"), why);
  // People read of it at the level at which they look first.
  const std::lock_guard guard{mutex};
  BOOST_REQUIRE(errors.size() == 1u);
  BOOST_TEST(errors.front() == "stops: " + why);
}

BOOST_AUTO_TEST_CASE(L4_an_identity_that_cannot_be_written_stops_the_node) {
  static_cast<void>(open_directory()); // makes what is made once
  const auto before = disk->changes();
  static_cast<void>(open_directory());
  disk->fail_change(disk->changes() - before + 1, errc::io_failed);
  const auto made = node::start(system, options);
  const auto why = stopped.get_future().get();
  BOOST_TEST(says(why, "the node's state cannot be written"), why);
  if (!made) // it may have listened before it came to that
    BOOST_TEST(made.err().message == why);
  const std::lock_guard guard{mutex};
  BOOST_REQUIRE(errors.size() == 1u);
  BOOST_TEST(errors.front() == "stops: " + why);
}

BOOST_AUTO_TEST_SUITE_END()
