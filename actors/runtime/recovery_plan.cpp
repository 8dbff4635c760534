#include "runtime/recovery_plan.hpp"

#include <algorithm>
#include <utility>

namespace cohort::runtime {

namespace {

using replication::log_base;
using replication::recovered_state;
using replication::term_run;

/// The term of the log at `index`; nothing if it does not reach there.
std::optional<term_t> term_at(const recovered_state& log, index_t index) {
  if (index == log.base.index)
    return log.base.term;
  if (index < log.base.index || index > log.last)
    return std::nullopt;
  std::optional<term_t> result;
  for (const auto& run : log.runs)
    if (run.first <= index)
      result = run.term;
  return result;
}

/// The log as it is seen from `base` on, which it holds.
void forget_below(recovered_state& log, const log_base& base) {
  std::vector<term_run> runs;
  for (const auto& run : log.runs) {
    const auto first = std::max(run.first, base.index.next());
    if (!runs.empty() && runs.back().first == first)
      runs.back() = {first, run.term};
    else
      runs.push_back({first, run.term});
  }
  std::erase_if(runs, [&](const term_run& x) { return x.first > log.last; });
  log.runs = std::move(runs);
  std::erase_if(log.members,
                [&](const auto& x) { return x.first <= base.index; });
  log.base = base;
  log.last_log_time_ms = std::max(log.last_log_time_ms, base.log_time_ms);
}

void restart_at(recovered_state& log, const log_base& base) {
  log.runs.clear();
  log.members.clear();
  log.base = base;
  log.last = base.index;
  log.last_log_time_ms = base.log_time_ms;
  if (log.state.term < base.term) { // whom it voted for there is not known
    log.state.term = base.term;
    log.state.voted_for = replication::forgotten_vote;
  }
}

} // namespace

result<recovery_plan> plan_recovery(recovered_parts found) {
  recovery_plan plan;
  plan.start = std::move(found.log);
  const auto reaches = [&](const std::optional<log_base>& x) {
    return x && x->index > index_t{} && x->index >= plan.start.base.index;
  };
  log_base at;
  if (reaches(found.engine)) {
    at = *found.engine;
  } else if (reaches(found.snapshot)) {
    at = *found.snapshot;
    plan.from_snapshot = true;
  } else if (plan.start.base.index == index_t{}) {
    return plan;
  } else {
    return error{errc::corrupt,
                 "the log begins behind index "
                   + to_string(plan.start.base.index)
                   + ", and no snapshot reaches it. Empty the node's directory "
                     "so that it joins anew"};
  }
  if (term_at(plan.start, at.index) == at.term) {
    plan.shorten_log = at.index > plan.start.base.index;
    forget_below(plan.start, at);
  } else {
    restart_at(plan.start, at);
    plan.restart_log = true;
  }
  return plan;
}

} // namespace cohort::runtime
