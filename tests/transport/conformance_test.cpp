// What every transport must do, run on each of them.
#include "transport/owner.hpp"

#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>

#include <cstring>
#include <memory>

using namespace cohort;
using namespace cohort::transport;
using namespace cohort::transport::testing;

namespace {

/// Nodes of one process on a local_network.
struct local_world {
  caf::actor_system_config config;
  caf::actor_system system{config};
  local_network_ptr network = std::make_shared<local_network>();

  std::unique_ptr<party> make(const std::string& name) {
    auto events = std::make_shared<event_queue>();
    using base = caf::event_based_actor;
    auto actor = system.spawn(
      own<base>,
      std::function<std::unique_ptr<cohort::transport::transport>(base*)>{
        [this, name](base* self) {
          return make_local_transport(network, name,
                                      caf::actor_cast<caf::actor>(self));
        }},
      events);
    auto result = std::make_unique<party>(system, actor, events);
    result->run([](auto& x) { BOOST_REQUIRE(x.start().ok()); });
    return result;
  }

  peer_address address(const std::string& name) {
    return {name, "", 0};
  }
};

/// Nodes that talk over loopback.
struct tcp_world {
  io_config config;
  caf::actor_system system{config};
  std::map<std::string, std::uint16_t> ports;

  std::unique_ptr<party> make(const std::string& name) {
    auto events = std::make_shared<event_queue>();
    using base = loop_actor;
    auto actor = system.middleman().spawn_broker(
      own<base>,
      std::function<std::unique_ptr<cohort::transport::transport>(base*)>{
        [](base* self) {
          tcp_options options;
          options.listen_address = "127.0.0.1";
          return make_tcp_transport(self, options);
        }},
      events);
    auto result = std::make_unique<party>(system, actor, events);
    result->run([&](auto& x) { ports[name] = x.start().value(); });
    return result;
  }

  peer_address address(const std::string& name) {
    return {name, "127.0.0.1", ports[name]};
  }
};

using worlds = boost::mpl::list<local_world, tcp_world>;

struct linked {
  link_id at_a;
  link_id at_b;
};

/// Both sides say who they are and let each other in.
template <class World>
linked introduce(World& world, party& a, party& b) {
  linked result;
  result.at_a = a.connect(world.address("b"), hello_of("a"));
  const auto knock = b.events().template await<link_hello>();
  result.at_b = knock.link;
  BOOST_TEST(knock.who.node == "a");
  b.run([&](auto& x) { x.admit(result.at_b, hello_of("b")); });
  const auto answer = a.events().template await<link_hello>();
  BOOST_TEST((answer.link == result.at_a));
  BOOST_TEST(answer.who.node == "b");
  a.run([&](auto& x) { x.admit(result.at_a, hello_of("a")); });
  return result;
}

void check_equal(const frame& x, const frame& y) {
  BOOST_REQUIRE_EQUAL(x.size(), y.size());
  BOOST_REQUIRE(std::memcmp(x.data(), y.data(), x.size()) == 0);
}

} // namespace

BOOST_AUTO_TEST_SUITE(conformance_suite)

BOOST_AUTO_TEST_CASE_TEMPLATE(frames_pass_both_ways_in_order, World, worlds) {
  World world;
  auto a = world.make("a");
  auto b = world.make("b");
  const auto links = introduce(world, *a, *b);
  std::vector<frame> sent;
  for (std::uint64_t i = 1; i <= 200; ++i)
    sent.push_back(make_frame(i, i * 1000));
  a->send(links.at_a, sent);
  b->send(links.at_b, sent);
  for (auto* side : {a.get(), b.get()}) {
    const auto link = side == a.get() ? links.at_a : links.at_b;
    const auto got = side->receive(link, sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i)
      check_equal(got[i], sent[i]);
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(long_frames_arrive_whole, World, worlds) {
  World world;
  auto a = world.make("a");
  auto b = world.make("b");
  const auto links = introduce(world, *a, *b);
  const std::vector<frame> sent{make_frame(1 << 20, 7), // 8 MiB
                                make_frame((256 << 10) / 8, 9),
                                make_frame((256 << 10) / 8 + 1, 11)};
  a->send(links.at_a, sent);
  const auto got = b->receive(links.at_b, sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i)
    check_equal(got[i], sent[i]);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_refusal_says_why, World, worlds) {
  World world;
  auto a = world.make("a");
  auto b = world.make("b");
  const auto link = a->connect(world.address("b"), hello_of("a"));
  const auto knock = b->events().template await<link_hello>();
  b->run([&](auto& x) {
    x.refuse(knock.link, {refusal_code::other_cluster, "not yours"});
  });
  const auto refused = a->events().template await<link_refused>();
  BOOST_TEST((refused.link == link));
  BOOST_TEST((refused.why.code == refusal_code::other_cluster));
  BOOST_TEST(refused.why.message == "not yours");
  BOOST_TEST((a->events().template await<link_closed>().link == link));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_peer_that_is_not_there_is_reported, World,
                              worlds) {
  World world;
  auto a = world.make("a");
  auto b = world.make("b");
  b.reset();
  const auto link = a->connect(world.address("b"), hello_of("a"));
  const auto closed = a->events().template await<link_closed>();
  BOOST_TEST((closed.link == link));
  BOOST_TEST(!closed.why.empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_dead_peer_closes_the_link, World, worlds) {
  World world;
  auto a = world.make("a");
  auto b = world.make("b");
  const auto links = introduce(world, *a, *b);
  b.reset();
  BOOST_TEST((a->events().template await<link_closed>().link == links.at_a));
  // What is sent into the void harms nobody.
  a->send(links.at_a, {make_frame(3, 3)});
}

BOOST_AUTO_TEST_CASE_TEMPLATE(closing_is_seen_on_the_other_side, World,
                              worlds) {
  World world;
  auto a = world.make("a");
  auto b = world.make("b");
  const auto links = introduce(world, *a, *b);
  a->run([&](auto& x) { x.close(links.at_a); });
  BOOST_TEST((b->events().template await<link_closed>().link == links.at_b));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_link_can_be_made_again, World, worlds) {
  World world;
  auto a = world.make("a");
  auto b = world.make("b");
  auto links = introduce(world, *a, *b);
  a->run([&](auto& x) { x.close(links.at_a); });
  b->events().template await<link_closed>();
  const auto again = introduce(world, *a, *b);
  BOOST_TEST((again.at_a != links.at_a));
  a->send(again.at_a, {make_frame(5, 5)});
  BOOST_TEST(b->receive(again.at_b, 1).size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(local_transport_suite)

BOOST_AUTO_TEST_CASE(a_cut_loses_frames_in_one_direction_and_closes_nothing) {
  local_world world;
  auto a = world.make("a");
  auto b = world.make("b");
  const auto links = introduce(world, *a, *b);
  world.network->cut("a", "b");
  a->send(links.at_a, {make_frame(1, 1)});
  b->send(links.at_b, {make_frame(1, 2)});
  BOOST_TEST(a->receive(links.at_a, 1).size() == 1u);
  world.network->heal("a", "b");
  a->send(links.at_a, {make_frame(1, 3)});
  BOOST_TEST(b->receive(links.at_b, 1).front().words()[0] == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
