// Scripts of calls on a log, run on a disk that stops anywhere.
#pragma once

#include "storage/log_model.hpp"

#include "core/rng.hpp"

#include <string>
#include <utility>
#include <vector>

namespace cohort::storage::tests {

/// One call.
struct step {
  enum class call : std::uint8_t { write, cover, reclaim, remove, prepare };

  call what = call::write;
  std::vector<set_write> writes;
  set_id removed;
};

inline step write_step(std::vector<set_write> writes) {
  return {step::call::write, std::move(writes), {}};
}
inline step call_step(step::call what) {
  return {what, {}, {}};
}
inline step remove_step(std::uint64_t set) {
  return {step::call::remove, {}, set_id{set}};
}

inline result<void> carry_out(node_log& log, const step& x) {
  switch (x.what) {
    case step::call::write:
      return log.write(x.writes);
    case step::call::cover:
      return log.cover_tail();
    case step::call::remove:
      return log.remove_set(x.removed);
    case step::call::prepare:
      return log.prepare_spare();
    case step::call::reclaim:
      break;
  }
  for (;;) {
    auto more = log.reclaim();
    if (!more)
      return more.err();
    if (!*more)
      return {};
  }
}

inline void carry_out(model_log& model, const step& x) {
  model.apply(x.writes);
  if (x.what == step::call::remove)
    model.sets.erase(x.removed);
}

/// What is durable for sure after a run that stopped, and what was on its way.
struct run_outcome {
  model_log done;
  step on_its_way; ///< nothing if the run ended, or stopped while opening
};

/// Opens a log and makes calls until all are made or the disk stops.
inline run_outcome run_script(faulty_file_system& disk,
                              const std::vector<step>& script,
                              model_log before = {},
                              const open_request& request = small_request()) {
  run_outcome result{std::move(before), {}};
  auto opened = node_log::open(disk, request);
  BOOST_REQUIRE_MESSAGE(opened.ok() || disk.stopped(), why(opened));
  if (!opened)
    return result;
  for (const auto& x : script) {
    const auto done = carry_out(*opened->log, x);
    if (!done) {
      BOOST_REQUIRE_MESSAGE(disk.stopped(), why(done));
      result.on_its_way = x;
      return result;
    }
    carry_out(result.done, x);
  }
  return result;
}

/// Every state that a set may be in if a call was interrupted: records are
/// written in order, so it is one that some part of the call, from its
/// beginning, leads to.
inline std::vector<model_set>
possible_states(const model_set& before, const step& interrupted, set_id set) {
  std::vector<model_set> result{before};
  auto state = before;
  for (const auto& x : interrupted.writes) {
    if (x.set != set)
      continue;
    auto part = x.request;
    part.entries.clear();
    if (part.state || part.base) {
      state.apply(part);
      result.push_back(state);
    }
    for (const auto& e : x.request.entries) {
      replication::write_request one;
      one.entries = {e};
      state.apply(one);
      result.push_back(state);
    }
  }
  return result;
}

/// Whether what was recovered is what an interrupted run may leave. Whatever
/// was durable must be there. If so, `outcome.done` becomes what is there.
inline bool is_possible(const opened_log& opened, run_outcome& outcome) {
  auto& done = outcome.done;
  const auto& call = outcome.on_its_way;
  auto names = done.sets;
  for (const auto& x : call.writes)
    names.try_emplace(x.set);
  for (const auto& [set, unused] : names) {
    const auto found = opened.sets.find(set);
    if (found == opened.sets.end()) {
      if (done.sets.contains(set)
          && !(call.what == step::call::remove && call.removed == set))
        return false;
      done.sets.erase(set);
      continue;
    }
    const auto states = possible_states(done.sets[set], call, set);
    const auto match = std::find_if(
      states.begin(), states.end(),
      [&](const model_set& x) { return same(found->second, x.recovered()); });
    if (match == states.end())
      return false;
    done.sets[set] = *match;
  }
  outcome.on_its_way = {};
  return opened.sets.size() == done.sets.size();
}

/// Appends, cuts, bases, an idle set, a removed set, large entries: enough to
/// use, free and recycle every segment several times.
inline std::vector<step> long_script(std::uint64_t seed, std::size_t steps) {
  rng random{seed};
  std::vector<step> result;
  model_log model;
  std::uint64_t term = 1;
  // Set 9 writes once and then never again: it must not hold the log (D5).
  result.push_back(write_step(
    {base_of(9, base_at(1, 3), false), write_of(9, {command(1, 4, "idle")})}));
  const auto random_write = [&](std::uint64_t set) {
    auto& state = model.sets[set_id{set}];
    set_write x;
    x.set = set_id{set};
    const auto last = state.last().value;
    const auto base = state.base.index.value;
    const auto kind = random.below(12);
    if (kind == 0 && last > base) // a snapshot
      x.request.base = base_at(term, random.between(base + 1, last));
    if (x.request.base)
      x.request.keep_tail = true;
    if (kind == 1) { // a snapshot of a primary, whose log is another
      x.request.base = base_at(++term, random.between(base + 1, last + 9));
      x.request.state = voted(term, 2);
    }
    if (kind == 2)
      x.request.state = voted(++term, random.between(1, 3));
    model_set after = state;
    after.apply(x.request);
    auto next = after.last().value + 1;
    if (kind == 3 && after.last() > after.base.index) { // a new primary's log
      next = random.between(after.base.index.value + 1, next);
      ++term;
    }
    const auto count = random.below(4);
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto size = random.below(20) == 0 ? random.between(9'000, 20'000)
                                              : random.below(2'500);
      x.request.entries.push_back(
        random.below(15) == 0
          ? configuration_entry(term, next, term)
          : command(term, next,
                    std::string(size, static_cast<char>('a' + next % 26))));
      ++next;
    }
    state.apply(x.request);
    return x;
  };
  while (result.size() < steps) {
    const auto kind = random.below(20);
    if (kind == 0) {
      result.push_back(call_step(step::call::cover));
    } else if (kind < 3) {
      result.push_back(call_step(step::call::reclaim));
    } else if (kind == 3) {
      result.push_back(call_step(step::call::prepare));
    } else if (kind == 4 && model.sets.contains(set_id{3})) {
      model.sets.erase(set_id{3});
      result.push_back(remove_step(3));
    } else {
      std::vector<set_write> writes;
      const auto count = random.between(1, 3);
      for (std::uint64_t i = 0; i < count; ++i)
        writes.push_back(random_write(random.between(1, 3)));
      // The model keeps up with a snapshot now and then, as nodes do.
      for (std::uint64_t set = 1; set <= 3; ++set) {
        auto& state = model.sets[set_id{set}];
        if (state.entries.size() < 25)
          continue;
        auto base = base_of(set, base_at(term, state.last().value - 5), true);
        state.apply(base.request);
        writes.push_back(base);
      }
      result.push_back(write_step(std::move(writes)));
    }
  }
  return result;
}

} // namespace cohort::storage::tests
