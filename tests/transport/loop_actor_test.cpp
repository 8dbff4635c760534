#include "transport/loop_actor.hpp"

#include "transport/owner.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>

using namespace cohort::transport;
using cohort::transport::testing::io_config;

namespace {

/// What is dropped with the message that carries it.
struct parcel {
  std::shared_ptr<int> content;
};

struct end_now {};

struct nothing {};

caf::behavior end_when_told(caf::stateful_actor<nothing, loop_actor>* self) {
  return {
    [](const parcel&) {},
    [self](const end_now&) { self->quit(); },
  };
}

} // namespace

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parcel)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(end_now)

BOOST_AUTO_TEST_SUITE(loop_actor_suite)

BOOST_AUTO_TEST_CASE(an_ended_one_keeps_nothing_that_it_is_sent) {
  io_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  const auto actor = system.middleman().spawn_broker(end_when_told);
  auto content = std::make_shared<int>(1);
  const std::weak_ptr<int> kept = content;
  caf::anon_send(actor, end_now{});
  caf::anon_send(actor, parcel{content});
  self->wait_for(actor);
  caf::anon_send(actor, parcel{std::move(content)});
  BOOST_TEST(kept.expired());
}

BOOST_AUTO_TEST_SUITE_END()
