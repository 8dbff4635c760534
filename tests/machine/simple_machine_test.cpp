#include "machine/simple_machine.hpp"

#include "counting_machine.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::machine;
using namespace cohort::machine::tests;

namespace {

using strings = std::vector<std::string>;

const apply_context context{index_t{1}, term_t{1}, 5};

} // namespace

BOOST_AUTO_TEST_SUITE(simple_machine_suite)

BOOST_AUTO_TEST_CASE(a_batch_is_counted_before_it_is_proposed) {
  counting_machine machine;
  BOOST_TEST(*machine.check(list_of({"a", "", "c"})) == 3u);
  BOOST_TEST(*machine.check(list_of({})) == 0u);
  const auto refused = machine.check(bytes::of("no list!"));
  BOOST_REQUIRE(!refused.ok());
  BOOST_TEST((refused.err().code == errc::malformed));
}

BOOST_AUTO_TEST_CASE(a_range_of_commands_is_applied) {
  counting_machine machine;
  reply_list replies;
  machine.apply(context, list_of({"a", "b", "c", "d"}), 1, 3, replies);
  BOOST_TEST((to_vector(replies) == strings{"1:b", "2:c"}));
  BOOST_TEST((machine.ran() == strings{"b", "c"}));
}

// Each command gets a reply, whatever the batch says of itself.
BOOST_AUTO_TEST_CASE(commands_that_are_not_there_answer_nothing) {
  counting_machine machine;
  reply_list replies;
  machine.apply(context, list_of({"a"}), 0, 3, replies);
  machine.apply(context, bytes::of("no list!"), 0, 2, replies);
  BOOST_TEST((to_vector(replies) == strings{"1:a", "", "", "", ""}));
}

BOOST_AUTO_TEST_CASE(queries_change_nothing) {
  counting_machine machine;
  reply_list replies;
  machine.apply(context, list_of({"a"}), 0, 1, replies);
  replies.clear();
  BOOST_TEST((machine.query(list_of({"", "b"}), 0, 2, 0, replies)
              == query_outcome::done));
  BOOST_TEST((to_vector(replies) == strings{"a", "none"}));
  BOOST_TEST(machine.ran().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_snapshot_is_read_and_restored_in_pieces) {
  counting_machine machine;
  reply_list replies;
  machine.apply(context, list_of({"first", "second", "third"}), 0, 3, replies);
  const auto source = machine.begin_snapshot();
  machine.apply(context, list_of({"later"}), 0, 1, replies);
  counting_machine other;
  const auto sink = other.begin_restore();
  for (bool more = true; more;) {
    std::string chunk;
    more = source->next(chunk, 4);
    BOOST_REQUIRE(chunk.size() <= 4u);
    BOOST_REQUIRE(sink->write(chunk).ok());
  }
  BOOST_REQUIRE(sink->finish().ok());
  BOOST_TEST((other.ran() == strings{"first", "second", "third"}));
}

BOOST_AUTO_TEST_CASE(a_restore_that_is_given_up_changes_nothing) {
  counting_machine machine;
  reply_list replies;
  machine.apply(context, list_of({"a"}), 0, 1, replies);
  BOOST_REQUIRE(machine.begin_restore()->write("x\ny\n").ok());
  BOOST_TEST((machine.ran() == strings{"a"}));
}

BOOST_AUTO_TEST_CASE(a_machine_in_memory_has_nothing_to_flush) {
  counting_machine machine;
  BOOST_TEST(!machine.persistent());
  BOOST_TEST((machine.recovered().applied == index_t{}));
  BOOST_CHECK_THROW(
    machine.begin_flush(index_t{1}, term_t{1}, "", [](result<void>) {}),
    invariant_broken);
}

BOOST_AUTO_TEST_SUITE_END()
