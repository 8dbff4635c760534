#include "runtime/peer_book.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::runtime;

namespace {

hello make(const std::string& name, std::uint64_t incarnation,
           std::uint64_t boot, std::uint64_t nonce) {
  hello result;
  result.cluster_name = "shop";
  result.cluster = {1, 2};
  result.node = name;
  result.incarnation = node_id{incarnation};
  result.boot = boot;
  result.boot_nonce = nonce;
  result.formed = true;
  return result;
}

struct book_of_n1 {
  peer_book book{{"n2", "n3"}, {}};

  book_of_n1() {
    book.own(make("n1", 1, 1, 1));
  }

  bool refuses(const hello& who, refusal_code code) const {
    const auto refused = book.judge(who);
    return refused && refused->code == code && !refused->message.empty();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(peer_book_suite, book_of_n1)

BOOST_AUTO_TEST_CASE(C2_a_known_node_of_this_cluster_is_welcome) {
  BOOST_TEST(!book.judge(make("n2", 2, 1, 5)).has_value());
}

BOOST_AUTO_TEST_CASE(C2_another_cluster_is_refused) {
  auto other = make("n2", 2, 1, 5);
  other.cluster = {3, 4};
  BOOST_TEST(refuses(other, refusal_code::other_cluster));
  auto misnamed = make("n2", 2, 1, 5);
  misnamed.cluster_name = "warehouse";
  BOOST_TEST(refuses(misnamed, refusal_code::other_cluster));
}

BOOST_AUTO_TEST_CASE(C2_an_empty_node_is_let_in_to_ask) {
  auto empty = make("n2", 0, 0, 5);
  empty.cluster = {};
  empty.formed = false;
  BOOST_TEST(!book.judge(empty).has_value());
}

BOOST_AUTO_TEST_CASE(C2_a_node_that_is_not_listed_is_refused) {
  BOOST_TEST(refuses(make("n9", 9, 1, 5), refusal_code::unknown_node));
}

BOOST_AUTO_TEST_CASE(C2_a_rolled_back_or_copied_disk_is_refused) {
  BOOST_TEST(book.remember(make("n2", 2, 4, 77)));
  BOOST_TEST(refuses(make("n2", 2, 3, 50), refusal_code::rolled_back));
  // The same start with another nonce: a copy that was started beside it.
  BOOST_TEST(refuses(make("n2", 2, 4, 78), refusal_code::rolled_back));
  // The same process once more, and a later start of the same disk.
  BOOST_TEST(!book.judge(make("n2", 2, 4, 77)).has_value());
  BOOST_TEST(!book.judge(make("n2", 2, 5, 12)).has_value());
}

BOOST_AUTO_TEST_CASE(C2_a_node_that_is_being_formed_has_no_start_yet) {
  const auto first = make("n2", 2, 0, 77);
  BOOST_TEST(!book.remember(first));
  BOOST_TEST(!book.judge(make("n2", 2, 0, 78)).has_value());
  BOOST_TEST(book.boots().empty());
}

BOOST_AUTO_TEST_CASE(C2_what_was_remembered_survives_a_restart) {
  book.remember(make("n2", 2, 4, 77));
  peer_book again{{"n2", "n3"}, book.boots()};
  again.own(make("n1", 1, 2, 9));
  const auto refused = again.judge(make("n2", 2, 3, 50));
  BOOST_REQUIRE(refused.has_value());
  BOOST_TEST((refused->code == refusal_code::rolled_back));
  BOOST_TEST(!again.remember(make("n2", 2, 4, 77))); // nothing new
}

BOOST_AUTO_TEST_CASE(C2_a_new_incarnation_starts_counting_anew) {
  book.remember(make("n2", 2, 40, 77));
  BOOST_TEST(!book.judge(make("n2", 8, 1, 3)).has_value());
  book.bury(node_id{2});
  BOOST_TEST(refuses(make("n2", 2, 41, 5), refusal_code::tombstone));
}

BOOST_AUTO_TEST_CASE(a_version_nobody_shares_is_refused) {
  auto future = make("n2", 2, 1, 5);
  future.oldest_version = newest_peer_version + 1;
  future.newest_version = newest_peer_version + 3;
  BOOST_TEST(refuses(future, refusal_code::version));
}

BOOST_AUTO_TEST_SUITE_END()
