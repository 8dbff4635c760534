#include "resp/reply_writer.hpp"

#include "resp/reply_queue.hpp"

#include <boost/test/unit_test.hpp>
#include <rapidcheck.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

using namespace cohort::resp;

namespace {

std::string converted(std::string_view reply,
                      null_style style = null_style::string) {
  std::string out;
  to_resp2(reply, style, out);
  return out;
}

std::string written(protocol spoken,
                    const std::function<void(reply_writer&)>& by) {
  std::string out;
  reply_writer writer{out, spoken};
  by(writer);
  return out;
}

using write_step = std::function<void(reply_writer&)>;

/// All that a writer can write, one after another.
const std::vector<write_step> steps{
  [](reply_writer& x) { x.simple("OK"); },
  [](reply_writer& x) { x.error("ERR no"); },
  [](reply_writer& x) { x.integer(-7); },
  [](reply_writer& x) { x.bulk("a\r\nb"); },
  [](reply_writer& x) { x.bulk(""); },
  [](reply_writer& x) { x.null(); },
  [](reply_writer& x) { x.array(0); },
  [](reply_writer& x) { x.array(3); },
  [](reply_writer& x) { x.map(2); },
  [](reply_writer& x) { x.set(4); },
  [](reply_writer& x) { x.number(1.5); },
  [](reply_writer& x) { x.boolean(true); },
  [](reply_writer& x) { x.boolean(false); },
  [](reply_writer& x) { x.verbatim("some\r\ntext"); },
};

} // namespace

BOOST_AUTO_TEST_SUITE(reply_writer_suite)

BOOST_AUTO_TEST_CASE(writes_resp3) {
  const auto all = written(protocol::resp3, [](reply_writer& x) {
    for (const auto& step : steps)
      step(x);
  });
  BOOST_TEST(all
             == "+OK\r\n-ERR no\r\n:-7\r\n$4\r\na\r\nb\r\n$0\r\n\r\n_\r\n"
                "*0\r\n*3\r\n%2\r\n~4\r\n,1.5\r\n#t\r\n#f\r\n"
                "=14\r\ntxt:some\r\ntext\r\n");
}

BOOST_AUTO_TEST_CASE(writes_resp2) {
  const auto all = written(protocol::resp2, [](reply_writer& x) {
    for (const auto& step : steps)
      step(x);
  });
  BOOST_TEST(all
             == "+OK\r\n-ERR no\r\n:-7\r\n$4\r\na\r\nb\r\n$0\r\n\r\n$-1\r\n"
                "*0\r\n*3\r\n*4\r\n*4\r\n$3\r\n1.5\r\n:1\r\n:0\r\n"
                "$10\r\nsome\r\ntext\r\n");
}

BOOST_AUTO_TEST_CASE(an_error_stays_one_line) {
  BOOST_TEST(
    written(protocol::resp2, [](reply_writer& x) { x.error("ERR a\r\n+OK\n"); })
    == "-ERR a  +OK \r\n");
}

BOOST_AUTO_TEST_CASE(numbers_without_end_have_names) {
  const auto write = [](double value) {
    return written(protocol::resp3, [&](reply_writer& x) { x.number(value); });
  };
  BOOST_TEST(write(std::numeric_limits<double>::infinity()) == ",inf\r\n");
  BOOST_TEST(write(-std::numeric_limits<double>::infinity()) == ",-inf\r\n");
  BOOST_TEST(write(std::nan("")) == ",nan\r\n");
}

BOOST_AUTO_TEST_CASE(a_null_is_what_was_asked_for) {
  BOOST_TEST(converted("_\r\n") == "$-1\r\n");
  BOOST_TEST(converted("_\r\n", null_style::array) == "*-1\r\n");
  BOOST_TEST(converted("*2\r\n_\r\n:1\r\n", null_style::array)
             == "*2\r\n$-1\r\n:1\r\n");
}

BOOST_AUTO_TEST_CASE(what_looks_like_a_reply_inside_a_string_stays) {
  BOOST_TEST(converted("*2\r\n$5\r\n_\r\n%1\r\n=9\r\ntxt:#t\r\n_\r\n")
             == "*2\r\n$5\r\n_\r\n%1\r\n$5\r\n#t\r\n_\r\n");
}

BOOST_AUTO_TEST_CASE(malformed_replies_pass_through) {
  for (const std::string bad :
       {"", "*", "*1\r\n$9\r\nab\r\n", "=2\r\nab\r\n", "%x\r\n", "~\r\n",
        "$99999999999999999999999\r\n", "_"})
    BOOST_TEST(converted(bad) == bad);
}

/// Converting what was written in RESP3 gives what is written in RESP2.
BOOST_AUTO_TEST_CASE(conversion_and_writing_agree) {
  const bool holds = rc::check("RESP2 both ways", [] {
    const auto chosen = *rc::gen::container<std::vector<std::size_t>>(
      rc::gen::inRange(std::size_t{0}, steps.size()));
    const auto both = [&](protocol spoken) {
      return written(spoken, [&](reply_writer& x) {
        x.array(chosen.size());
        for (auto i : chosen)
          steps[i](x);
      });
    };
    RC_ASSERT(converted(both(protocol::resp3)) == both(protocol::resp2));
  });
  BOOST_TEST(holds);
}

BOOST_AUTO_TEST_CASE(any_bytes_can_be_converted) {
  const bool holds = rc::check("bytes", [] {
    const auto bytes = *rc::gen::container<std::string>(rc::gen::element(
      '*', '%', '~', '_', '#', ',', '(', '$', '=', '1', '9', '\r', '\n', 'a'));
    converted(bytes);
  });
  BOOST_TEST(holds);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(reply_queue_suite)

BOOST_AUTO_TEST_CASE(K3_replies_leave_in_the_order_of_requests) {
  const bool holds = rc::check("any order", [] {
    const auto count = *rc::gen::inRange<std::size_t>(1, 40);
    std::vector<reply_queue::place> places;
    reply_queue queue;
    std::string expected;
    for (std::size_t i = 0; i < count; ++i) {
      places.push_back(queue.reserve({protocol::resp3}));
      expected += ":" + std::to_string(i) + "\r\n";
    }
    std::vector<std::size_t> order(count);
    for (std::size_t i = 0; i < count; ++i)
      order[i] = i;
    for (std::size_t i = count; i > 1; --i)
      std::swap(order[i - 1], order[*rc::gen::inRange<std::size_t>(0, i)]);
    std::string out;
    for (auto i : order)
      queue.fill(places[i], ":" + std::to_string(i) + "\r\n", out);
    RC_ASSERT(out == expected);
    RC_ASSERT(queue.size() == 0 && queue.held_bytes() == 0);
  });
  BOOST_TEST(holds);
}

BOOST_AUTO_TEST_CASE(each_reply_has_the_form_that_was_asked_for) {
  reply_queue queue;
  const auto first = queue.reserve({protocol::resp2, null_style::array});
  const auto second = queue.reserve({protocol::resp3});
  const auto third = queue.reserve({protocol::resp3, null_style::string, true});
  const auto last = queue.reserve({protocol::resp2});
  std::string out;
  for (auto place : {last, third, second})
    queue.fill(place, "_\r\n", out);
  BOOST_TEST(out.empty());
  BOOST_TEST(queue.held_bytes() == 8);
  queue.fill(first, "_\r\n", out);
  BOOST_TEST(out == "*-1\r\n_\r\n$-1\r\n");
}

BOOST_AUTO_TEST_SUITE_END()
