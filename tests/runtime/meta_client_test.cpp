// A node's requests to the meta set, which answers now or later. C1, C2.
#include "runtime/meta_client.hpp"

#include "machine/meta_machine.hpp"
#include "machine/replicated_machine.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace cohort;
using namespace cohort::runtime;

namespace {

const node_id primary{1};

struct fixture {
  meta_client asking{machine::sender_options{}};
  machine::replicated_machine meta{
    std::make_unique<machine::meta_machine>(
      std::vector<std::string>{"a", "b", "c"}, nullptr),
    {}};
  bool network = true; ///< off: what is sent gets lost
  std::int64_t now_ms = 0;

  fixture() {
    asking.members({primary});
  }

  const meta_state& state() {
    return dynamic_cast<machine::meta_machine&>(meta.user()).state();
  }

  client_reply serve(const client_request& request) {
    const auto& work = std::get<work_request>(request.body);
    replication::entry x;
    x.index = meta.applied().next();
    x.term = term_t{1};
    x.kind = replication::entry_kind::command;
    x.payload = work.command;
    auto ran = meta.apply(x, &work);
    client_reply reply;
    reply.id = request.id;
    reply.at = {epoch_t{1}, x.term, x.index};
    reply.outcome = ran.outcome;
    reply.replies.data = bytes::of(ran.replies.data());
    for (auto end : ran.replies.ends())
      reply.replies.ends.push_back(static_cast<std::uint32_t>(end));
    return reply;
  }

  /// Lets time pass. Returns how many requests left.
  std::size_t pass(std::int64_t ms) {
    std::size_t sent = 0;
    for (const auto end = now_ms + ms; now_ms < end; now_ms += 10) {
      asking.tick(now_ms);
      for (const auto& x : asking.take_outgoing()) {
        ++sent;
        if (network)
          asking.received(serve(x.request), now_ms);
      }
      for (auto& x : asking.take_answers())
        answers.push_back(std::move(x));
    }
    return sent;
  }

  std::vector<meta_client::answer> answers;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(meta_client_suite, fixture)

BOOST_AUTO_TEST_CASE(C2_a_wiped_node_is_answered_once) {
  const join_request request{"b", 77, node_id{2}};
  asking.join("b", request, node_id{2}, now_ms);
  asking.join("b", request, node_id{2}, now_ms);
  pass(100);
  BOOST_REQUIRE(answers.size() == 1u);
  BOOST_TEST(answers[0].to == "b");
  BOOST_TEST((answers[0].reply.incarnation == node_id{4}));
  BOOST_TEST((answers[0].reply.replaces == node_id{2}));
  BOOST_TEST(answers[0].reply.nonce == 77u);
}

BOOST_AUTO_TEST_CASE(C2_a_node_that_was_wiped_again_meanwhile_is_not_answered) {
  asking.join("b", {"b", 77, node_id{2}}, node_id{2}, now_ms);
  asking.join("b", {"b", 78, node_id{2}}, node_id{2}, now_ms);
  pass(100);
  BOOST_REQUIRE(answers.size() == 1u);
  BOOST_TEST(answers[0].reply.nonce == 77u);
  BOOST_TEST((state().buried == std::vector<node_id>{node_id{2}}));
}

/// Whoever asks must know whose place it takes: what was long on its way is of
/// an earlier life, and would end this one.
BOOST_AUTO_TEST_CASE(C2_a_request_of_an_earlier_life_mints_nothing) {
  for (const auto known : {nobody, node_id{1}}) {
    asking.join("b", {"b", 77, known}, node_id{2}, now_ms);
    BOOST_TEST(pass(100) == 0u);
    BOOST_REQUIRE(answers.size() == 1u);
    BOOST_TEST((answers[0].reply.incarnation == nobody));
    BOOST_TEST((answers[0].reply.replaces == node_id{2}));
    BOOST_TEST(answers[0].reply.nonce == 77u);
    answers.clear();
  }
  BOOST_TEST(state().buried.empty());
}

BOOST_AUTO_TEST_CASE(C2_a_disk_that_went_back_in_time_is_buried_for_good) {
  asking.bury(node_id{2});
  asking.bury(node_id{2});
  BOOST_TEST(pass(100) == 2u); // a session, then the command
  BOOST_TEST((state().buried == std::vector<node_id>{node_id{2}}));
  BOOST_TEST(answers.empty());
  BOOST_TEST(pass(60'000) == 0u);
}

BOOST_AUTO_TEST_CASE(C2_a_burial_is_asked_for_until_it_is_answered) {
  network = false;
  asking.bury(node_id{2});
  pass(60'000);
  BOOST_TEST(state().buried.empty());
  network = true;
  asking.reconnected(primary, now_ms);
  pass(10'000);
  BOOST_TEST((state().buried == std::vector<node_id>{node_id{2}}));
}

BOOST_AUTO_TEST_SUITE_END()
