// Rule K1, from the side of the set: what a session remembers, and when it is
// forgotten.
#include "machine/session_table.hpp"

#include "codec/session_codec.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace cohort;
using namespace cohort::machine;

namespace {

using verdict = admission::verdict;

const session_id one{index_t{1}, term_t{1}};
const session_id two{index_t{2}, term_t{1}};

session_batch batch(std::uint64_t first, std::uint32_t count,
                    std::uint64_t answered_up_to = 0) {
  session_batch result;
  result.session = one;
  result.first_sequence = first;
  result.count = count;
  result.answered_up_to = answered_up_to;
  return result;
}

/// Admits a batch and records a reply for each command that runs.
admission run(session_table& table, const session_batch& x,
              std::int64_t now_ms = 0) {
  const auto result = table.admit(x, now_ms);
  if (result.what == verdict::run)
    for (auto i = result.first_to_run; i < x.count; ++i)
      table.record(x.session, std::to_string(x.first_sequence + i));
  return result;
}

session_limits small() {
  session_limits result;
  result.window = 4;
  result.kept_reply_bytes_max = 8;
  result.idle_ms_max = 100;
  result.sessions_max = 2;
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(session_table_suite)

BOOST_AUTO_TEST_CASE(k1_a_write_of_an_unknown_session_is_expired) {
  session_table table{small()};
  BOOST_TEST((table.admit(batch(1, 1), 0).what == verdict::expired));
  table.open(one, 0);
  BOOST_TEST((table.admit(batch(1, 1), 0).what == verdict::run));
  table.close(one);
  BOOST_TEST((table.admit(batch(2, 1), 0).what == verdict::expired));
}

BOOST_AUTO_TEST_CASE(k1_write_replies_above_the_mark_are_kept) {
  session_table table{small()};
  table.open(one, 0);
  run(table, batch(1, 3));
  for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
    const auto* reply = table.reply_to(one, sequence);
    BOOST_REQUIRE(reply != nullptr);
    BOOST_TEST(*reply == std::to_string(sequence));
  }
  BOOST_TEST(table.reply_to(one, 0) == nullptr);
  BOOST_TEST(table.reply_to(one, 4) == nullptr);
  BOOST_TEST(table.reply_to(two, 1) == nullptr);
  run(table, batch(4, 1, 2));
  BOOST_TEST(table.reply_to(one, 2) == nullptr);
  BOOST_TEST(*table.reply_to(one, 3) == "3");
  BOOST_TEST(*table.reply_to(one, 4) == "4");
}

BOOST_AUTO_TEST_CASE(k1_a_long_reply_is_kept_as_done) {
  session_table table{small()};
  table.open(one, 0);
  BOOST_REQUIRE((table.admit(batch(1, 2), 0).what == verdict::run));
  table.record(one, "12345678");
  table.record(one, "123456789");
  BOOST_TEST(*table.reply_to(one, 1) == "12345678");
  BOOST_TEST(table.reply_to(one, 2) == nullptr);
  BOOST_TEST(table.find(one)->highest_applied == 2u);
  BOOST_TEST(table.admit(batch(2, 1), 0).first_to_run == 1u);
}

BOOST_AUTO_TEST_CASE(t1_all_replies_together_have_a_bound) {
  auto limits = small();
  limits.kept_bytes_max = 10;
  session_table table{limits};
  const auto keep = [&](const session_id& id, std::uint64_t sequence,
                        std::uint64_t answered_up_to = 0) {
    auto x = batch(sequence, 1, answered_up_to);
    x.session = id;
    BOOST_REQUIRE((table.admit(x, 0).what == verdict::run));
    table.record(id, "123456");
    return table.reply_to(id, sequence) != nullptr;
  };
  table.open(one, 0);
  table.open(two, 0);
  BOOST_TEST(keep(one, 1));
  BOOST_TEST(!keep(two, 1)); // applied all the same
  BOOST_TEST(table.find(two)->highest_applied == 1u);
  BOOST_TEST(keep(one, 2, 1)); // there is room again
  // A restored table knows how much it keeps.
  auto restored = table.all();
  table.replace(std::move(restored));
  BOOST_TEST(table.kept_bytes() == 6u);
  BOOST_TEST(!keep(two, 2));
  table.close(one);
  BOOST_TEST(table.kept_bytes() == 0u);
  BOOST_TEST(keep(two, 3));
  BOOST_TEST((table.admit(batch(1, 1), 101).what == verdict::expired));
  BOOST_TEST(table.kept_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(k1_a_gap_has_no_effect) {
  session_table table{small()};
  table.open(one, 0);
  BOOST_TEST((table.admit(batch(2, 1), 0).what == verdict::gap));
  run(table, batch(1, 2));
  const auto before = *table.find(one);
  BOOST_TEST((table.admit(batch(4, 1, 2), 0).what == verdict::gap));
  BOOST_TEST((*table.find(one) == before));
  BOOST_TEST((table.admit(batch(3, 1), 0).what == verdict::run));
}

BOOST_AUTO_TEST_CASE(k1_what_was_answered_is_no_gap) {
  session_table table{small()};
  table.open(one, 0);
  // 1 and 2 were given up, and reached no log.
  BOOST_TEST((run(table, batch(3, 1, 2)).what == verdict::run));
  BOOST_TEST(table.find(one)->highest_applied == 3u);
  BOOST_TEST(*table.reply_to(one, 3) == "3");
}

BOOST_AUTO_TEST_CASE(k1_at_or_below_the_mark_nothing_runs) {
  session_table table{small()};
  table.open(one, 0);
  run(table, batch(3, 1, 2));
  const auto late = table.admit(batch(1, 2), 0);
  BOOST_TEST((late.what == verdict::run));
  BOOST_TEST(late.first_to_run == 2u);
  // A mark inside the batch that brings it: the part below does not run.
  const auto half = table.admit(batch(4, 3, 5), 0);
  BOOST_TEST((half.what == verdict::run));
  BOOST_TEST(half.first_to_run == 2u);
}

BOOST_AUTO_TEST_CASE(k1_the_mark_never_goes_back) {
  session_table table{small()};
  table.open(one, 0);
  run(table, batch(1, 4, 0));
  run(table, batch(5, 1, 3));
  run(table, batch(5, 1, 1));
  BOOST_TEST(table.find(one)->answered_up_to == 3u);
  BOOST_TEST(table.find(one)->replies.size() == 2u);
}

BOOST_AUTO_TEST_CASE(k1_a_duplicate_runs_only_what_is_new) {
  session_table table{small()};
  table.open(one, 0);
  run(table, batch(1, 2));
  const auto longer = table.admit(batch(1, 4), 0);
  BOOST_TEST((longer.what == verdict::run));
  BOOST_TEST(longer.first_to_run == 2u);
  const auto same = table.admit(batch(1, 2), 0);
  BOOST_TEST((same.what == verdict::run));
  BOOST_TEST(same.first_to_run == 2u);
}

BOOST_AUTO_TEST_CASE(k1_a_sequence_above_the_window_is_refused) {
  session_table table{small()};
  table.open(one, 0);
  BOOST_TEST((table.admit(batch(1, 5), 0).what == verdict::beyond));
  run(table, batch(1, 4));
  BOOST_TEST((table.admit(batch(5, 1), 0).what == verdict::beyond));
  BOOST_TEST((table.admit(batch(5, 1, 1), 0).what == verdict::run));
  BOOST_TEST(session_limits{}.window == 8'192u);
  BOOST_TEST(session_limits{}.kept_reply_bytes_max == 4'096u);
}

// Numbers that wrap around are some client's mistake, not a way around the
// window.
BOOST_AUTO_TEST_CASE(k1_numbers_at_the_end_of_their_range_are_refused) {
  constexpr auto last = ~std::uint64_t{0};
  session_table table{small()};
  table.open(one, 0);
  for (const auto& x :
       {batch(last, 3, last - 1), batch(last, 2, last), batch(0, 0),
        batch(0, 1), batch(last - 1, 1, last - 3)}) {
    const auto outcome = table.admit(x, 0);
    BOOST_TEST(
      (outcome.what == verdict::gap || outcome.what == verdict::beyond));
  }
  BOOST_TEST((*table.find(one) == session_state{}));
  const auto all_answered = table.admit(batch(1, 2, last), 0);
  BOOST_TEST((all_answered.what == verdict::run));
  BOOST_TEST(all_answered.first_to_run == 2u);
}

BOOST_AUTO_TEST_CASE(k1_an_idle_session_expires_by_log_time) {
  session_table table{small()};
  table.open(one, 0);
  BOOST_TEST((table.admit(batch(1, 1), 100).what == verdict::run));
  table.record(one, "1");
  BOOST_TEST((table.admit(batch(2, 1), 201).what == verdict::expired));
}

BOOST_AUTO_TEST_CASE(k1_the_first_entry_of_a_term_renews_every_session) {
  session_table table{small()};
  table.open(one, 0);
  table.open(two, 0);
  table.renew_all(10'000);
  BOOST_TEST((table.admit(batch(1, 1), 10'100).what == verdict::run));
  BOOST_TEST(table.find(two)->last_active_ms == 10'000);
}

BOOST_AUTO_TEST_CASE(one_session_too_many_ends_the_idlest) {
  session_table table{small()};
  table.open(one, 0);
  table.open(two, 1);
  run(table, batch(1, 1), 2);
  table.open({index_t{3}, term_t{1}}, 3);
  BOOST_TEST(table.all().size() == 2u);
  BOOST_TEST(table.find(one) != nullptr);
  BOOST_TEST(table.find(two) == nullptr);
}

// The same index may be opened again after a rollback: another term, another
// session.
BOOST_AUTO_TEST_CASE(k1_ids_stay_unique_after_a_rolled_back_opening) {
  session_table table{small()};
  table.open({index_t{1}, term_t{2}}, 0);
  BOOST_TEST((table.admit(batch(1, 1), 0).what == verdict::expired));
}

BOOST_AUTO_TEST_CASE(k1_the_table_survives_a_snapshot) {
  session_table table{small()};
  table.open(one, 0);
  table.open(two, 5);
  run(table, batch(1, 3, 1));
  auto decoded = codec::decode_sessions(codec::encode_sessions(table.all()));
  BOOST_REQUIRE(decoded.ok());
  BOOST_TEST((*decoded == table.all()));
}

// A replica that restored a snapshot expires sessions at the same log time as
// all others, whatever it knew before.
BOOST_AUTO_TEST_CASE(a_restored_table_expires_like_its_origin) {
  session_table origin{small()};
  origin.open(one, 0);
  session_table restored{small()};
  restored.open(two, 90);
  BOOST_TEST((restored.admit(batch(1, 1), 90).what == verdict::expired));
  restored.replace(origin.all());
  BOOST_TEST((origin.admit(batch(1, 1), 150).what == verdict::expired));
  BOOST_TEST((restored.admit(batch(1, 1), 150).what == verdict::expired));
}

BOOST_AUTO_TEST_SUITE_END()
