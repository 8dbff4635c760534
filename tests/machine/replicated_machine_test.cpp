// Rules K1 and K3 where entries are applied.
#include "machine/replicated_machine.hpp"

#include "counting_machine.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::machine;
using namespace cohort::machine::tests;

namespace {

using strings = std::vector<std::string>;

work_request riding(const strings& questions,
                    std::vector<std::uint32_t> after) {
  work_request result;
  result.queries = list_of(questions);
  result.query_after = std::move(after);
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(replicated_machine_suite)

BOOST_AUTO_TEST_CASE(k1_a_command_runs_once_and_keeps_its_reply) {
  counting_replica set;
  const auto id = set.open();
  const auto first = set.apply(batch_of(id, 1, {"a", "b"}));
  BOOST_TEST((first.outcome == client_outcome::done));
  BOOST_TEST((to_vector(first.replies) == strings{"1:a", "2:b"}));
  const auto again = set.apply(batch_of(id, 1, {"a", "b"}));
  BOOST_TEST((to_vector(again.replies) == strings{"1:a", "2:b"}));
  BOOST_TEST(again.lost.empty());
  BOOST_TEST((set.ran() == strings{"a", "b"}));
}

BOOST_AUTO_TEST_CASE(k1_a_reply_that_was_not_kept_is_reported_as_lost) {
  counting_replica set;
  const auto id = set.open();
  set.apply(batch_of(id, 1, {"a", "long", "c"}));
  const auto again = set.apply(batch_of(id, 1, {"a", "long", "c"}));
  BOOST_TEST((again.outcome == client_outcome::done));
  BOOST_TEST((to_vector(again.replies) == strings{"1:a", "", "3:c"}));
  BOOST_TEST((again.lost == std::vector<std::uint32_t>{1}));
  BOOST_TEST(set.ran().size() == 3u);
}

BOOST_AUTO_TEST_CASE(k1_what_is_not_admitted_has_no_effect) {
  session_limits limits;
  limits.window = 2;
  counting_replica set{limits};
  const auto id = set.open();
  const session_id stranger{index_t{99}, term_t{1}};
  BOOST_TEST((set.apply(batch_of(stranger, 1, {"a"})).outcome
              == client_outcome::expired));
  BOOST_TEST(
    (set.apply(batch_of(id, 2, {"a"})).outcome == client_outcome::gap));
  BOOST_TEST((set.apply(batch_of(id, 1, {"a", "b", "c"})).outcome
              == client_outcome::refused));
  BOOST_TEST(set.ran().empty());
  BOOST_TEST((set.machine.applied() == index_t{4}));
}

BOOST_AUTO_TEST_CASE(k1_closing_ends_a_session) {
  counting_replica set;
  const auto id = set.open();
  set.apply(command_body{close_session{id}});
  BOOST_TEST(
    (set.apply(batch_of(id, 1, {"a"})).outcome == client_outcome::expired));
}

BOOST_AUTO_TEST_CASE(k1_an_entry_of_a_new_term_renews_every_session) {
  session_limits limits;
  limits.idle_ms_max = 100;
  counting_replica set{limits};
  const auto id = set.open();
  set.term = term_t{2};
  set.now_ms += 100'000;
  set.apply_entry(replication::entry_kind::empty, {});
  BOOST_TEST(
    (set.apply(batch_of(id, 1, {"a"})).outcome == client_outcome::done));
  set.now_ms += 101;
  BOOST_TEST(
    (set.apply(batch_of(id, 2, {"b"})).outcome == client_outcome::expired));
}

BOOST_AUTO_TEST_CASE(k1_sessions_are_part_of_every_snapshot) {
  counting_replica set;
  const auto id = set.open();
  set.apply(batch_of(id, 1, {"a", "b"}));
  counting_replica other;
  auto& machine = dynamic_cast<counting_machine&>(other.machine.user());
  BOOST_REQUIRE(
    machine.load(dynamic_cast<counting_machine&>(set.machine.user()).save())
      .ok());
  replication::log_base base;
  base.index = set.machine.applied();
  base.term = set.machine.applied_term();
  base.log_time_ms = set.machine.log_time_ms();
  BOOST_REQUIRE(other.machine.restored(base, set.machine.sessions()).ok());
  BOOST_TEST((other.machine.applied() == set.machine.applied()));
  const auto again = other.apply(batch_of(id, 1, {"a", "b", "c"}));
  BOOST_TEST((to_vector(again.replies) == strings{"1:a", "2:b", "3:c"}));
  BOOST_TEST((other.ran() == strings{"a", "b", "c"}));
}

BOOST_AUTO_TEST_CASE(sessions_that_cannot_be_read_are_an_error) {
  counting_replica set;
  BOOST_TEST(!set.machine.restored({}, "nonsense").ok());
}

BOOST_AUTO_TEST_CASE(an_entry_that_cannot_be_read_is_refused_everywhere) {
  counting_replica set;
  const auto outcome = set.apply_entry(replication::entry_kind::command,
                                       bytes::of("no command"));
  BOOST_TEST((outcome.outcome == client_outcome::refused));
  BOOST_TEST((set.machine.applied() == index_t{1}));
}

BOOST_AUTO_TEST_CASE(k3_queries_are_answered_at_their_place) {
  counting_replica set;
  const auto id = set.open();
  const auto asked = riding({"", "", "", ""}, {0, 1, 1, 2});
  const auto outcome = set.apply(batch_of(id, 1, {"a", "b"}), &asked);
  BOOST_TEST(
    (to_vector(outcome.query_replies) == strings{"none", "a", "a", "b"}));
  BOOST_TEST((to_vector(outcome.replies) == strings{"1:a", "2:b"}));
}

BOOST_AUTO_TEST_CASE(k3_a_place_that_is_gone_is_said_aloud) {
  counting_replica set;
  const auto id = set.open();
  set.apply(batch_of(id, 1, {"a", "b"}));
  const auto asked = riding({"", "", ""}, {0, 2, 3});
  const auto outcome = set.apply(batch_of(id, 1, {"a", "b", "c"}), &asked);
  const auto replies = to_vector(outcome.query_replies);
  BOOST_REQUIRE(replies.size() == 3u);
  BOOST_TEST(replies[0].starts_with("-TRYAGAIN "));
  BOOST_TEST(replies[1] == "b");
  BOOST_TEST(replies[2] == "c");
}

// A read never sees what its own connection wrote after it.
BOOST_AUTO_TEST_CASE(k3_an_overtaken_place_is_gone) {
  counting_replica set;
  const auto id = set.open();
  set.apply(batch_of(id, 1, {"a"}));
  set.apply(batch_of(id, 2, {"b"}));
  const auto asked = riding({"", ""}, {0, 1});
  const auto outcome = set.apply(batch_of(id, 1, {"a"}), &asked);
  for (const auto& reply : to_vector(outcome.query_replies))
    BOOST_TEST(reply.starts_with("-TRYAGAIN "));
  BOOST_TEST((to_vector(outcome.replies) == strings{"1:a"}));
}

BOOST_AUTO_TEST_CASE(k3_a_query_sees_what_its_session_wrote) {
  counting_replica set;
  const auto id = set.open();
  auto asked = riding({""}, {0});
  asked.session = id;
  asked.after_sequence = 1;
  work_result early;
  BOOST_TEST((set.machine.query(asked, 0, early) == query_outcome::done));
  BOOST_TEST((early.outcome == client_outcome::gap));
  set.apply(batch_of(id, 1, {"a"}));
  work_result later;
  BOOST_TEST((set.machine.query(asked, 0, later) == query_outcome::done));
  BOOST_TEST((later.outcome == client_outcome::done));
  BOOST_TEST((to_vector(later.query_replies) == strings{"a"}));
  asked.session = {index_t{50}, term_t{1}};
  work_result lost;
  BOOST_TEST((set.machine.query(asked, 0, lost) == query_outcome::done));
  BOOST_TEST((lost.outcome == client_outcome::expired));
}

BOOST_AUTO_TEST_CASE(k4_log_time_reaches_the_machine_with_every_entry) {
  session_limits limits;
  counting_replica set{limits};
  auto& machine = dynamic_cast<counting_machine&>(set.machine.user());
  const auto moves_on = [&] {
    return machine.log_time_ms() == set.now_ms
           && set.machine.log_time_ms() == set.now_ms;
  };
  const auto id = set.open();
  BOOST_TEST(moves_on());
  set.now_ms += 7;
  set.apply(batch_of(id, 1, {"a"}));
  BOOST_TEST(moves_on());
  set.now_ms += 7;
  set.apply(batch_of(id, 1, {"a"})); // a duplicate
  BOOST_TEST(moves_on());
  set.now_ms += 7;
  set.apply(batch_of(id, 9, {"a"})); // a gap
  BOOST_TEST(moves_on());
  set.now_ms += 7;
  set.apply_entry(replication::entry_kind::empty, {});
  BOOST_TEST(moves_on());
  set.now_ms += 7;
  set.apply_entry(replication::entry_kind::command, bytes::of("?"));
  BOOST_TEST(moves_on());
}

BOOST_AUTO_TEST_SUITE_END()
