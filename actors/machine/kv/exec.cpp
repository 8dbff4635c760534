// MULTI and EXEC.
#include "machine/kv/reply.hpp"
#include "machine/kv/topics.hpp"

#include <algorithm>

namespace cohort::kv::topics {

/// Nothing runs if a watched key changed, or came, or went (K5).
void exec(evaluation& e, const command& x) {
  const bool unchanged =
    std::all_of(x.watches.begin(), x.watches.end(), [&e](const watch& w) {
      const auto found = e.find(w.key);
      return w.changed == (found ? found->changed : 0);
    });
  if (!unchanged)
    return reply::null(e.out());
  reply::array(e.out(), x.nested.size());
  for (const auto& one : x.nested)
    e.run(one);
}

} // namespace cohort::kv::topics
