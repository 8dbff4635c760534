// Any sequence of calls, against a log that is nothing but maps.
#include "storage/log_images.hpp"
#include "storage/log_script.hpp"

#include <boost/test/unit_test.hpp>
#include <rapidcheck.h>

using namespace cohort;
using namespace cohort::storage;
using namespace cohort::storage::tests;

namespace {

/// A request that a replica whose log is `state` may make.
rc::Gen<set_write> any_request(std::uint64_t set, const model_set& state) {
  return rc::gen::exec([set, state] {
    set_write result;
    result.set = set_id{set};
    const auto base = state.base.index.value;
    const auto last = state.last().value;
    const auto term = state.state.term.value;
    auto after = state;
    if (*rc::gen::inRange(0, 4) == 0)
      result.request.state = voted(term + *rc::gen::inRange(0, 3),
                                   *rc::gen::inRange<std::uint64_t>(0, 4));
    if (*rc::gen::inRange(0, 6) == 0) {
      const auto index = *rc::gen::inRange(base + 1, last + 5);
      result.request.base = base_at(term, index);
      result.request.keep_tail = index <= last && *rc::gen::arbitrary<bool>();
    }
    after.apply(result.request);
    const auto low = after.base.index.value + 1;
    auto next = *rc::gen::weightedOneOf<std::uint64_t>(
      {{3, rc::gen::just(after.last().value + 1)},
       {1, rc::gen::inRange(low, after.last().value + 2)}});
    const auto count = *rc::gen::inRange(0, 6);
    for (int i = 0; i < count; ++i, ++next) {
      const auto size = *rc::gen::weightedOneOf<std::size_t>(
        {{20, rc::gen::inRange<std::size_t>(0, 600)},
         {3, rc::gen::inRange<std::size_t>(3'000, 16'000)},
         {1, rc::gen::inRange<std::size_t>(16'000, 70'000)}});
      const auto entry_term = term + (i > 2 ? 1 : 0);
      const auto kind = *rc::gen::inRange(0, 8);
      result.request.entries.push_back(
        kind == 0   ? configuration_entry(entry_term, next, term + 1)
        : kind == 1 ? empty_entry(entry_term, next)
                    : command(entry_term, next,
                              std::string(size, static_cast<char>(next))));
    }
    return result;
  });
}

struct state {
  std::unique_ptr<faulty_file_system> disk = make_disk();
  open_request request = small_request();
  opened_log opened;
  model_log model;
};

void write_some(state& s) {
  std::vector<set_write> writes;
  auto ahead = s.model;
  const auto count = *rc::gen::inRange(1, 5);
  for (int i = 0; i < count; ++i) {
    const auto set = *rc::gen::inRange<std::uint64_t>(1, 5);
    writes.push_back(*any_request(set, ahead.sets[set_id{set}]));
    ahead.apply({&writes.back(), 1});
  }
  const auto written = s.opened.log->write(writes);
  if (written)
    s.model.apply(writes);
  else // only a full log refuses, and says so
    RC_ASSERT(written.err().code == errc::no_space);
}

void reopen(state& s) {
  s.opened.log.reset();
  s.opened = must_open(*s.disk, s.request);
  RC_ASSERT(s.opened.verdict == tail_verdict::clean);
  check_recovered(s.opened, s.model);
}

void remove_some(state& s) {
  const set_id set{*rc::gen::inRange<std::uint64_t>(1, 5)};
  if (s.opened.log->remove_set(set))
    s.model.sets.erase(set);
}

void read_some(state& s) {
  for (const auto& [set, expected] : s.model.sets) {
    if (expected.entries.empty())
      continue;
    const auto low = expected.entries.begin()->first;
    const auto high = expected.last();
    const index_t first{*rc::gen::inRange(low.value, high.value + 1)};
    const index_t last{*rc::gen::inRange(first.value, high.value + 3)};
    const auto bytes_max = *rc::gen::inRange<std::size_t>(0, 20'000);
    const auto read = s.opened.log->read(set, first, last, bytes_max);
    RC_ASSERT(read.ok());
    RC_ASSERT(!read->empty());
    std::size_t weight = 0;
    auto next = first;
    for (const auto& x : *read) {
      RC_ASSERT(x.index == next && x.index <= last);
      RC_ASSERT(same(x, expected.entries.at(next)));
      weight += x.weight();
      ++next;
    }
    RC_ASSERT(read->size() == 1 || weight <= bytes_max);
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(log_property_suite)

BOOST_AUTO_TEST_CASE(the_log_agrees_with_a_naive_one) {
  const bool holds = rc::check("log and model agree", [] {
    state s;
    s.opened = must_open(*s.disk, s.request);
    const auto steps = *rc::gen::inRange(1, 150);
    for (int i = 0; i < steps; ++i) {
      switch (*rc::gen::inRange(0, 12)) {
        case 0:
          reopen(s);
          break;
        case 1:
          RC_ASSERT(s.opened.log->cover_tail().ok());
          break;
        case 2:
          RC_ASSERT(s.opened.log->reclaim().ok());
          break;
        case 3:
          remove_some(s);
          break;
        case 4:
        case 5:
          read_some(s);
          break;
        default:
          write_some(s);
      }
    }
    reopen(s);
  });
  BOOST_TEST(holds);
}

BOOST_AUTO_TEST_SUITE_END()
