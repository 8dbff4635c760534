#include "testkit/history/linearizability.hpp"

#include "testkit/history/explanation.hpp"

#include <algorithm>

namespace cohort::history {

result<verdict> check(std::span<const operation> operations,
                      const check_options& options) {
  if (operations.size() >= std::size_t{1} << 32)
    return {errc::too_large, "a history of 2^32 operations or more"};
  const auto valid = validate(operations);
  if (!valid)
    return valid.err();
  verdict found;
  for (const auto& members : partition(operations)) {
    const auto problem = make_problem(operations, members, options.initial);
    search run{problem, options.configurations_max};
    const auto ended = run.run();
    found.configurations = std::max(found.configurations, run.most());
    if (ended == search::ending::too_many)
      found.is = answer::unknown;
    if (ended == search::ending::stuck) {
      const auto& last = problem.items[run.stuck_at()];
      found.is = answer::impossible;
      found.why = explain({operations, members, options}, last.returned);
      return found;
    }
  }
  return found;
}

} // namespace cohort::history
