#include "bench/resp_protocol.hpp"

#include "bench/workload.hpp"

#include <boost/test/unit_test.hpp>
#include <rapidcheck.h>

using namespace cohort;
using namespace cohort::bench;

namespace {

const operation a_write{operation_kind::set, key_of(1), "v"};
const operation a_read{operation_kind::get, key_of(1), {}};

using outcomes = std::vector<std::pair<std::size_t, std::string>>;

/// A connection, and all that ended on it.
struct fixture {
  explicit fixture(unsigned wait_replicas = 0) : peer(wait_replicas) {}

  void submit(std::size_t slot, const std::vector<operation>& batch) {
    peer.submit(slot, batch, out);
  }

  result<void> receive(std::string_view input) {
    std::vector<completion> done;
    auto outcome = peer.receive(input, out, done);
    for (auto& x : done)
      ended.emplace_back(x.slot, x.error);
    return outcome;
  }

  resp_protocol peer;
  std::string out;
  outcomes ended;
};

} // namespace

BOOST_AUTO_TEST_SUITE(resp_protocol_suite)

BOOST_AUTO_TEST_CASE(replies_complete_requests_in_the_order_sent) {
  fixture f;
  f.submit(1, {a_write});
  f.submit(0, {a_read});
  f.submit(2, {a_read});
  BOOST_TEST(f.receive("+OK\r\n$1\r\nv\r\n").ok());
  BOOST_TEST((f.ended == outcomes{{1, ""}, {0, ""}}));
  BOOST_TEST(f.receive("$-1\r\n").ok());
  BOOST_TEST(
    (f.ended.back() == std::pair<std::size_t, std::string>{2, "missing"}));
}

BOOST_AUTO_TEST_CASE(an_error_reply_ends_one_request_by_its_first_word) {
  fixture f;
  f.submit(0, {a_write});
  f.submit(1, {a_write});
  BOOST_TEST(f.receive("-TRYAGAIN soon\r\n+OK\r\n").ok());
  BOOST_TEST((f.ended == outcomes{{0, "TRYAGAIN"}, {1, ""}}));
}

BOOST_AUTO_TEST_CASE(a_batch_ends_with_the_reply_to_its_wait) {
  fixture f{1};
  f.submit(0, {a_write, a_write});
  BOOST_TEST(f.out.ends_with("*3\r\n$4\r\nWAIT\r\n$1\r\n1\r\n$4\r\n1000\r\n"));
  BOOST_TEST(f.receive("+OK\r\n+OK\r\n").ok());
  BOOST_TEST(f.ended.empty());
  BOOST_TEST(f.receive(":2\r\n").ok());
  BOOST_TEST((f.ended == outcomes{{0, ""}}));
}

BOOST_AUTO_TEST_CASE(a_batch_that_too_few_replicas_hold_failed) {
  fixture f{1};
  f.submit(0, {a_write});
  BOOST_TEST(f.receive("+OK\r\n:0\r\n").ok());
  BOOST_TEST((f.ended == outcomes{{0, "too few replicas"}}));
}

BOOST_AUTO_TEST_CASE(a_batch_fails_by_its_first_error) {
  fixture f{1};
  f.submit(0, {a_write, a_write});
  BOOST_TEST(f.receive("+OK\r\n-READONLY x\r\n:0\r\n").ok());
  BOOST_TEST((f.ended == outcomes{{0, "READONLY"}}));
}

BOOST_AUTO_TEST_CASE(reads_are_not_waited_for) {
  fixture f{1};
  f.submit(0, {a_read});
  BOOST_TEST(f.out == "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000001\r\n");
}

BOOST_AUTO_TEST_CASE(a_reply_that_answers_nothing_ends_the_connection) {
  BOOST_TEST(!fixture{}.receive("+OK\r\n").ok());
  fixture wrong_kind;
  wrong_kind.submit(0, {a_write});
  BOOST_TEST(!wrong_kind.receive("$1\r\nv\r\n").ok());
  fixture wrong_wait{1};
  wrong_wait.submit(0, {a_write});
  BOOST_TEST(!wrong_wait.receive("+OK\r\n+OK\r\n").ok());
}

BOOST_AUTO_TEST_CASE(it_does_not_matter_how_the_replies_are_cut) {
  BOOST_TEST(rc::check([] {
    fixture whole{1};
    fixture cut{1};
    std::string replies;
    const auto count = *rc::gen::inRange<std::size_t>(1, 20);
    for (std::size_t i = 0; i < count; ++i) {
      const bool reads = *rc::gen::arbitrary<bool>();
      for (auto* f : {&whole, &cut})
        f->submit(i, {reads ? a_read : a_write});
      replies += reads ? "$3\r\na\r\n\r\n" : "+OK\r\n:1\r\n";
    }
    RC_ASSERT(whole.receive(replies).ok());
    for (std::string_view rest = replies; !rest.empty();) {
      const auto size = *rc::gen::inRange<std::size_t>(1, rest.size() + 1);
      RC_ASSERT(cut.receive(rest.substr(0, size)).ok());
      rest.remove_prefix(size);
    }
    RC_ASSERT(whole.ended.size() == count);
    RC_ASSERT(cut.ended == whole.ended);
  }));
}

BOOST_AUTO_TEST_SUITE_END()
