// What depends on all keys. Keys that are due at log time were removed before
// (see concerns_all_keys).
#include "machine/kv/glob.hpp"
#include "machine/kv/key_order.hpp"
#include "machine/kv/reply.hpp"
#include "machine/kv/topics.hpp"

#include <algorithm>
#include <string>

namespace cohort::kv::topics {

namespace {

/// Keys that one SCAN looks at, so that it stays below 200 us (K5).
constexpr std::int64_t scan_keys_max = 1000;

/// Pattern bytes x key bytes of one SCAN: the steps that matching may take.
constexpr std::size_t scan_steps_max = 1'000'000;

constexpr std::size_t pattern_bytes_max = 1024;

struct page {
  std::string keys; ///< as bulk strings
  std::size_t count = 0;
  std::uint64_t next = 0; ///< cursor; 0: there is nothing more
};

/// A position is never cut: a cursor names its begin.
page read_page(evaluation& e, const command& x) {
  page result;
  auto keys_left = std::clamp<std::int64_t>(x.number2, 1, scan_keys_max);
  std::size_t steps = 0;
  std::uint64_t last = 0;
  const bool all = x.value == "*";
  e.store().walk(static_cast<std::uint64_t>(x.number), [&](const auto& found) {
    if (found.position != last && (keys_left <= 0 || steps > scan_steps_max)) {
      result.next = found.position;
      return false;
    }
    last = found.position;
    --keys_left;
    steps += x.value.size() * found.key.size();
    if ((all || matches_glob(x.value, found.key)) && e.visible(found.what)) {
      reply::bulk(result.keys, found.key);
      ++result.count;
    }
    return true;
  });
  return result;
}

} // namespace

void scan(evaluation& e, const command& x) {
  if (x.value.size() > pattern_bytes_max)
    return reply::error(e.out(), "ERR the pattern is too long");
  const auto found = read_page(e, x);
  reply::array(e.out(), 2);
  reply::bulk(e.out(), std::to_string(found.next));
  reply::array(e.out(), found.count);
  e.out() += found.keys;
}

/// The first key from a drawn position on, else the first of all.
void randomkey(evaluation& e, const command& x) {
  const auto from = static_cast<std::uint64_t>(x.number) & (position_end - 1);
  bool found = false;
  const auto take = [&](const kv_store::placed& one) {
    e.visible(one.what);
    reply::bulk(e.out(), one.key);
    found = true;
    return false;
  };
  e.store().walk(from, take);
  if (!found)
    e.store().walk(0, take);
  if (!found)
    reply::null(e.out());
}

void dbsize(evaluation& e, const command&) {
  reply::integer(e.out(), static_cast<std::int64_t>(e.store().size()));
}

} // namespace cohort::kv::topics
