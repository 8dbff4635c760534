// The engines keep the contract of state machines.
#include "kv_driver.hpp"
#include "rocksdb_fixture.hpp"

#include "testkit/machine_contract.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::kv;
using namespace cohort::kv::tests;

namespace {

/// "<kind> <key> <value>": a kind is a letter, a key, too.
command parse(const std::string& text) {
  const std::string_view key{text.data() + 2, 1};
  const std::string_view value = std::string_view{text}.substr(4);
  switch (text[0]) {
    case 's':
      return make(op::set, key, value);
    case 'a':
      return make(op::append, key, value);
    case 'i':
      return make(op::incr_by, key, {}, 5);
    case 'd':
      return make_many(op::del, {key});
    case 'e':
      return make(op::set, key, value, 20, flag::expiry_relative);
    case 'p':
      return make_many(op::persist, {key});
    default:
      return make(op::get, key);
  }
}

bytes encode(const testkit::command_batch& texts) {
  std::vector<command> commands;
  for (const auto& x : texts)
    commands.push_back(parse(x));
  return batch_of(commands);
}

std::string some_key(rng& random) {
  return std::string(1, static_cast<char>('a' + random.below(6)));
}

testkit::machine_contract
contract_of(std::function<std::unique_ptr<kv_store>()> make_store) {
  testkit::machine_contract x;
  x.make = [make_store] { return make_kv_machine(make_store()); };
  x.encode = encode;
  x.command = [](rng& random) {
    return std::string(1, "ssssaaaidep"[random.below(11)]) + ' '
           + some_key(random) + ' '
           + std::string(random.below(random.below(20) == 0 ? 5000 : 20), 'v');
  };
  x.question = [](rng& random) { return "g " + some_key(random) + " "; };
  return x;
}

} // namespace

BOOST_AUTO_TEST_SUITE(contract_suite)

BOOST_AUTO_TEST_CASE(the_memory_engine_keeps_it) {
  const auto broken = testkit::check_contract(
    contract_of([] { return make_memory_store(test_seed); }));
  BOOST_TEST(!broken, (broken ? to_string(*broken) : ""));
}

BOOST_AUTO_TEST_CASE(the_rocksdb_engine_keeps_it) {
  const temporary_directory directory;
  auto x = contract_of([&, count = 0]() mutable {
    return open(directory.path() + "/" + std::to_string(++count));
  });
  x.seeds = 2;
  x.commands_max = 60;
  const auto broken = testkit::check_contract(x);
  BOOST_TEST(!broken, (broken ? to_string(*broken) : ""));
}

BOOST_AUTO_TEST_SUITE_END()
