// Random commands against a naive model, and the determinism of the machine.
#include "kv_driver.hpp"
#include "kv_model.hpp"

#include "core/rng.hpp"

#include <boost/test/unit_test.hpp>
#include <rapidcheck.h>

#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::kv;
using namespace cohort::kv::tests;

namespace {

constexpr std::uint32_t expiry_flags[] = {0, flag::expiry_relative,
                                          flag::expiry_absolute};

constexpr std::string_view key_names[] = {"a", "b", "c", "{b}d", "e", ""};

constexpr std::string_view values[] = {
  "", "1", "-7", "text", "longer text", "9223372036854775807"};

std::string_view some_key() {
  return key_names[*rc::gen::inRange<std::size_t>(0, std::size(key_names))];
}

std::string_view some_value() {
  return values[*rc::gen::inRange<std::size_t>(0, std::size(values))];
}

std::uint32_t some_of(std::uint32_t flags) {
  return *rc::gen::arbitrary<std::uint32_t>() & flags;
}

/// A time to live, or a time, near the present.
void give_expiry(command& to, std::int64_t now_ms) {
  const auto how = expiry_flags[*rc::gen::inRange(0, 3)];
  to.flags |= how;
  if (how != 0)
    to.number = *rc::gen::inRange(-2, 60)
                + (how == flag::expiry_absolute ? now_ms : 0);
}

command some_write(std::int64_t now_ms) {
  constexpr op kinds[] = {op::set,     op::set,    op::getdel,   op::getex,
                          op::mset,    op::append, op::incr_by,  op::setrange,
                          op::del,     op::rename, op::copy,     op::expire,
                          op::persist, op::flush,  op::setrange, op::set};
  auto x = make(kinds[*rc::gen::inRange<std::size_t>(0, std::size(kinds))],
                some_key(), some_value());
  switch (x.what) {
    case op::set:
      x.flags = some_of(flag::return_old | flag::keep_expiry);
      if (*rc::gen::inRange(0, 3) == 0)
        x.flags |= *rc::gen::element(flag::if_absent, flag::if_present);
      if (!x.has(flag::keep_expiry))
        give_expiry(x, now_ms);
      break;
    case op::getex:
      give_expiry(x, now_ms);
      if (x.flags == 0)
        x.flags = flag::persist;
      break;
    case op::expire:
      x.flags = some_of(flag::if_later | flag::if_present);
      give_expiry(x, now_ms);
      break;
    case op::mset:
      x.flags = some_of(flag::if_absent);
      x.more = {some_key(), some_value(), some_key(), some_value()};
      break;
    case op::del:
      x.more = {some_key(), some_key()};
      break;
    case op::rename:
    case op::copy:
      x.value = some_key();
      x.flags = some_of(x.what == op::copy ? flag::replace : flag::if_absent);
      break;
    case op::incr_by:
      x.number = *rc::gen::inRange(-3, 4);
      break;
    case op::setrange:
      x.number = *rc::gen::inRange(-1, 6);
      break;
    default:
      break;
  }
  return x;
}

command some_read() {
  constexpr op kinds[] = {op::get,      op::mget,   op::strlen, op::exists,
                          op::getrange, op::dbsize, op::ttl,    op::type};
  auto x = make(kinds[*rc::gen::inRange<std::size_t>(0, std::size(kinds))],
                some_key());
  if (x.what == op::mget || x.what == op::exists)
    x.more = {some_key(), some_key()};
  if (x.what == op::getrange) {
    x.number = *rc::gen::inRange(-8, 8);
    x.number2 = *rc::gen::inRange(-8, 8);
  }
  return x;
}

command some_command(std::int64_t now_ms) {
  return *rc::gen::inRange(0, 3) == 0 ? some_read() : some_write(now_ms);
}

/// Watches are taken before, and hold in most cases.
command some_exec(kv_driver& driver, const kv_model& model) {
  command result;
  result.what = op::exec;
  const auto key = some_key();
  const auto reply = driver.read(make(op::changed, key));
  const auto changed = std::stoull(reply.substr(1));
  RC_ASSERT((changed != 0) == model.has(key));
  result.watches = {{key, changed + (*rc::gen::inRange(0, 4) == 0 ? 1 : 0)}};
  const auto count = *rc::gen::inRange(0, 4);
  for (int i = 0; i < count; ++i)
    result.nested.push_back(some_command(driver.now_ms));
  return result;
}

/// One entry with a few commands, to the machine and to the model.
void one_entry(kv_driver& driver, kv_model& model) {
  driver.now_ms += *rc::gen::inRange(0, 15);
  model.advance(driver.now_ms);
  if (*rc::gen::inRange(0, 5) == 0) {
    driver.advance_to(driver.now_ms);
    const auto exec = some_exec(driver, model);
    const auto watched = driver.read(make(op::changed, exec.watches[0].key));
    const bool runs =
      watched == number(static_cast<std::int64_t>(exec.watches[0].changed));
    std::string expected = null;
    if (runs) {
      expected = "*" + std::to_string(exec.nested.size()) + "\r\n";
      for (const auto& x : exec.nested)
        expected += model.run(x);
    }
    RC_ASSERT(driver.run(exec) == expected);
    return;
  }
  std::vector<command> batch;
  std::vector<std::string> expected;
  const auto count = *rc::gen::inRange(1, 6);
  for (int i = 0; i < count; ++i) {
    batch.push_back(some_command(driver.now_ms));
    expected.push_back(model.run(batch.back()));
  }
  RC_ASSERT(driver.apply(batch) == expected);
}

} // namespace

BOOST_AUTO_TEST_SUITE(properties)

BOOST_AUTO_TEST_CASE(the_machine_does_what_the_model_does) {
  BOOST_TEST(rc::check([] {
    kv_driver driver;
    kv_model model{driver.now_ms};
    const auto count = *rc::gen::inRange(1, 40);
    for (int i = 0; i < count; ++i)
      one_entry(driver, model);
    for (const auto key : key_names)
      RC_ASSERT(driver.get(key) == model.run(make(op::get, key)));
  }));
}

/// The same entries on machines that do their deferred work at other times, and
/// one that came by a snapshot on the way.
BOOST_AUTO_TEST_CASE(replicas_do_not_diverge) {
  BOOST_TEST(rc::check([] {
    kv_driver one;
    kv_driver other;
    const auto count = *rc::gen::inRange(1, 40);
    const auto moves_at = *rc::gen::inRange(0, count);
    for (int i = 0; i < count; ++i) {
      one.now_ms += *rc::gen::inRange(0, 30);
      other.now_ms = one.now_ms;
      std::vector<command> batch;
      for (auto n = *rc::gen::inRange(1, 8); n > 0; --n)
        batch.push_back(some_command(one.now_ms));
      auto scan = make(op::scan, "", "*");
      scan.number2 = 2;
      batch.push_back(scan);
      batch.push_back(make(op::randomkey, "", "", *rc::gen::arbitrary<int>()));
      RC_ASSERT(one.apply(batch) == other.apply(batch));
      if (*rc::gen::arbitrary<bool>())
        other.machine->work();
      if (i == moves_at) {
        kv_driver third;
        RC_ASSERT(third.restore(other.snapshot()).ok());
        std::swap(other.machine, third.machine);
      }
    }
    RC_ASSERT(one.snapshot(50) == other.snapshot(5'000));
  }));
}

BOOST_AUTO_TEST_SUITE_END()
