#include "kv_driver.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace cohort;
using namespace cohort::kv;
using namespace cohort::kv::tests;

BOOST_FIXTURE_TEST_SUITE(keys, kv_driver)

BOOST_AUTO_TEST_CASE(del_counts_what_was_there) {
  run(make_many(op::mset, {"a", "1", "b", "2", "c", "3"}));
  BOOST_TEST(run(make_many(op::del, {"a", "x", "b", "a"})) == number(2));
  BOOST_TEST(read(make(op::dbsize)) == one);
}

BOOST_AUTO_TEST_CASE(exists_counts_what_is_named_twice_twice) {
  run(make(op::set, "a", "1"));
  BOOST_TEST(read(make_many(op::exists, {"a", "b", "a"})) == number(2));
  BOOST_TEST(read(make_many(op::touch, {"a", "b"})) == one);
}

BOOST_AUTO_TEST_CASE(all_keys_are_strings) {
  run(make(op::set, "a", "1"));
  BOOST_TEST(read(make(op::type, "a")) == "+string\r\n");
  BOOST_TEST(read(make(op::type, "b")) == "+none\r\n");
}

BOOST_AUTO_TEST_CASE(rename_moves_value_and_expiry) {
  run(make(op::set, "a", "1", 500, flag::expiry_relative));
  run(make(op::set, "b", "2"));
  BOOST_TEST(run(make(op::rename, "a", "b")) == ok);
  BOOST_TEST(get("a") == null);
  BOOST_TEST(get("b") == bulk("1"));
  BOOST_TEST(read(make(op::ttl, "b")) == number(500));
  BOOST_TEST(run(make(op::rename, "b", "b")) == ok);
  BOOST_TEST(get("b") == bulk("1"));
  const std::string refused = "-ERR no such key\r\n";
  BOOST_TEST(run(make(op::rename, "a", "c")) == refused);
  BOOST_TEST(run(make(op::rename, "a", "a")) == refused);
}

BOOST_AUTO_TEST_CASE(renamenx_overwrites_nothing) {
  run(make_many(op::mset, {"a", "1", "b", "2"}));
  BOOST_TEST(run(make(op::rename, "a", "b", 0, flag::if_absent)) == zero);
  BOOST_TEST(run(make(op::rename, "a", "a", 0, flag::if_absent)) == zero);
  BOOST_TEST(run(make(op::rename, "a", "c", 0, flag::if_absent)) == one);
  BOOST_TEST(get("c") == bulk("1"));
  BOOST_TEST(run(make(op::rename, "a", "d", 0, flag::if_absent))
             == "-ERR no such key\r\n");
}

BOOST_AUTO_TEST_CASE(copy_leaves_the_source) {
  run(make(op::set, "a", "1", 500, flag::expiry_relative));
  run(make(op::set, "b", "2"));
  BOOST_TEST(run(make(op::copy, "x", "b", 0, flag::replace)) == zero);
  BOOST_TEST(run(make(op::copy, "a", "b")) == zero);
  BOOST_TEST(get("b") == bulk("2"));
  BOOST_TEST(run(make(op::copy, "a", "b", 0, flag::replace)) == one);
  BOOST_TEST(run(make(op::copy, "a", "c")) == one);
  for (const auto* key : {"a", "b", "c"}) {
    BOOST_TEST(get(key) == bulk("1"));
    BOOST_TEST(read(make(op::ttl, key)) == number(500));
  }
  BOOST_TEST(run(make(op::copy, "a", "a"))
             == "-ERR source and destination objects are the same\r\n");
}

BOOST_AUTO_TEST_CASE(k5_flush_removes_all_and_frees_later) {
  std::vector<command> many;
  std::vector<std::string> names;
  for (int i = 0; i < 5'000; ++i)
    names.push_back("key" + std::to_string(i));
  for (const auto& name : names)
    many.push_back(make(op::set, name, "1", 50, flag::expiry_relative));
  apply(many);
  BOOST_TEST(read(make(op::dbsize)) == number(5'000));
  BOOST_TEST(run(make(op::flush)) == ok);
  BOOST_TEST(read(make(op::dbsize)) == zero);
  BOOST_TEST(get("key7") == null);
  BOOST_TEST(machine->approximate_bytes() == 0u);
  BOOST_TEST(!machine->time_is_due(now_ms + 1'000));
  int slices = 0;
  while (machine->work())
    ++slices;
  BOOST_TEST(slices > 10);
  BOOST_TEST(!machine->work());
}

BOOST_AUTO_TEST_CASE(a_batch_is_checked_before) {
  BOOST_TEST(machine->check(batch_of({make(op::get), make(op::get)})).value()
             == 2u);
  BOOST_TEST(!machine->check(bytes::of("no batch")).ok());
  const std::string long_key(key_bytes_max + 1, 'k');
  BOOST_TEST(!machine->check(batch_of({make(op::set, long_key)})).ok());
  BOOST_TEST(!machine->check(batch_of({make_many(op::del, {long_key})})).ok());
  BOOST_TEST(!machine->check(batch_of({make(op::copy, "a", long_key)})).ok());
  BOOST_TEST(!machine->check(batch_of({make_many(op::mset, {"a"})})).ok());
  BOOST_TEST(
    machine->check(batch_of({make_many(op::mset, {"a", long_key})})).ok());
}

BOOST_AUTO_TEST_CASE(replies_have_a_bound) {
  const std::string large(value_bytes_max / 2, 'x');
  run(make(op::set, "a", large));
  const auto get_a = make(op::get, "a");
  const auto getex_a = make(op::getex, "a", "", 0, flag::persist);
  const std::string again =
    "-TRYAGAIN the replies before this one are too large\r\n";
  const std::string carried_out =
    "-ERR carried out, but the reply is too large\r\n";
  const auto replies = apply({get_a, get_a, get_a, make(op::dbsize), getex_a});
  BOOST_TEST((replies[1] == bulk(large)));
  BOOST_TEST(replies[2] == again);
  BOOST_TEST(replies[3] == one);
  BOOST_TEST(replies[4] == carried_out);
  BOOST_TEST(read(make_many(op::mget, {"a", "a", "a"}))
             == "-ERR the reply is too large\r\n");
  const auto nested = run(make_exec({get_a, get_a, get_a, make(op::dbsize)}));
  BOOST_TEST((nested == "*4\r\n" + bulk(large) + bulk(large) + again + one));
}

/// Behind others a transaction of reads is answered as a whole or not at all,
/// so that it can be asked again.
BOOST_AUTO_TEST_CASE(replies_to_reads_in_one_have_room_together) {
  const std::string large(value_bytes_max / 2, 'x');
  run(make(op::set, "a", large));
  const auto get_a = make(op::get, "a");
  machine::reply_list replies;
  machine->query(batch_of({get_a, make_exec({get_a, get_a}),
                           make_exec({make(op::dbsize), get_a})}),
                 0, 3, 0, replies);
  BOOST_REQUIRE(replies.size() == 3u);
  BOOST_TEST(replies[1] == no_room_reply);
  BOOST_TEST((replies[2] == "*2\r\n" + one + bulk(large)));
}

/// Reads without commands beside them are asked again sooner.
BOOST_AUTO_TEST_CASE(replies_to_lone_reads_have_a_smaller_bound) {
  const std::string large(value_bytes_max / 8, 'x');
  run(make(op::set, "a", large));
  const auto get_a = make(op::get, "a");
  const auto reads = batch_of({get_a, get_a, make(op::dbsize)});
  machine::reply_list lone;
  machine->query(reads, 0, 3, 1, lone);
  BOOST_TEST((lone[0] == bulk(large)));
  BOOST_TEST(lone[1] == no_room_reply);
  BOOST_TEST(lone[2] == no_room_reply);
  machine::reply_list riding;
  machine->query(reads, 0, 3, 0, riding);
  BOOST_TEST((riding[1] == bulk(large)));
  BOOST_TEST(riding[2] == one);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_answered_with_an_error) {
  machine::reply_list replies;
  machine->apply(next_entry(), bytes::of("not a batch"), 0, 2, replies);
  BOOST_TEST(replies.size() == 2u);
  BOOST_TEST(replies[0] == "-ERR the batch cannot be read\r\n");
  const auto short_batch = batch_of({make(op::set, "a", "1")});
  replies.clear();
  machine->apply(next_entry(), short_batch, 0, 2, replies);
  BOOST_TEST(replies[0] == ok);
  BOOST_TEST(replies[1] == "-ERR the command cannot be read\r\n");
  replies.clear();
  machine->query(bytes::of("not a batch"), 0, 1, 0, replies);
  BOOST_TEST(replies[0] == "-ERR the queries cannot be read\r\n");
  BOOST_TEST(read(make(op::set, "a", "2"))
             == "-ERR a query must not write\r\n");
  BOOST_TEST(get("a") == bulk("1"));
}

BOOST_AUTO_TEST_SUITE_END()
