#include "store_oracle.hpp"

#include "machine/kv/key_order.hpp"
#include "machine/kv/snapshot_format.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <tuple>
#include <vector>

namespace cohort::kv::tests {

namespace {

kept_item to_kept(const item& x) {
  return {std::string{x.value}, x.expires_ms, x.changed};
}

} // namespace

std::optional<std::int64_t> store_oracle::soonest_expiry() const {
  std::optional<std::int64_t> result;
  for (const auto& [at, x] : items)
    if (x.expires_ms != never && (!result || x.expires_ms < *result))
      result = x.expires_ms;
  return result;
}

std::size_t store_oracle::erase_due(std::int64_t at_ms, std::size_t count_max) {
  std::vector<std::tuple<std::int64_t, std::uint64_t, std::string>> due;
  for (const auto& [at, x] : items)
    if (x.expires_ms != never && x.expires_ms <= at_ms)
      due.emplace_back(x.expires_ms, at.first, at.second);
  std::sort(due.begin(), due.end());
  due.resize(std::min(due.size(), count_max));
  for (const auto& [expires, position, key] : due)
    items.erase({position, key});
  return due.size();
}

// -- scripts ------------------------------------------------------------------

std::string store_script::some_key() {
  const auto n = random_.below(keys_);
  return "key" + std::to_string(n) + std::string(n % 40, '-');
}

void store_script::batch(kv_store& store, store_oracle& oracle) {
  oracle.log_time_ms += static_cast<std::int64_t>(random_.below(5));
  store.begin_batch(oracle.log_time_ms);
  for (auto n = random_.below(12); n > 0; --n)
    change(store, oracle);
  store.end_batch();
  BOOST_REQUIRE(store.failed().ok());
  BOOST_REQUIRE(store.log_time_ms() == oracle.log_time_ms);
}

void store_script::change(kv_store& store, store_oracle& oracle) {
  const auto dice = random_.below(1'000);
  if (dice < 550)
    return put(store, oracle);
  if (dice < 750) {
    const auto key = some_key();
    const auto at = std::pair{position_of(store.seed(), key), key};
    BOOST_REQUIRE(store.erase(key) == (oracle.items.erase(at) > 0));
  } else if (dice < 850) {
    const auto key = some_key();
    const auto at = oracle.items.find({position_of(store.seed(), key), key});
    const auto found = store.get(key);
    BOOST_REQUIRE(found.has_value() == (at != oracle.items.end()));
    BOOST_REQUIRE(!found || to_kept(*found) == at->second);
  } else if (dice < 950) {
    erase_due(store, oracle);
  } else if (dice < 953) {
    store.clear();
    oracle.items.clear();
  } else if (dice < 970) {
    check_same(store, oracle); // inside of a batch
  } else {
    BOOST_REQUIRE(store.soonest_expiry() == oracle.soonest_expiry());
  }
  BOOST_REQUIRE(store.size() == oracle.items.size());
}

/// Sometimes under a key that was just read, with its own value.
void store_script::put(kv_store& store, store_oracle& oracle) {
  const auto key = some_key();
  const auto at = std::pair{position_of(store.seed(), key), key};
  kept_item x;
  x.changed = ++changes_;
  const auto kind = random_.below(4);
  if (kind == 0)
    x.expires_ms = oracle.log_time_ms + 1
                   + static_cast<std::int64_t>(random_.below(50));
  const auto read = kind == 1 ? store.get(key) : std::nullopt;
  if (read)
    x.value = read->value;
  else
    x.value.assign(random_.below(20) == 0 ? random_.below(20'000)
                                          : random_.below(40),
                   static_cast<char>('a' + random_.below(26)));
  store.put(key, {read ? read->value : std::string_view{x.value}, x.expires_ms,
                  x.changed});
  oracle.items[at] = std::move(x);
}

void store_script::erase_due(kv_store& store, store_oracle& oracle) {
  // Which of those with the same expiry go first is the engine's choice: ask
  // for all of them.
  const auto at_ms = oracle.log_time_ms;
  auto copy = oracle;
  const auto due = copy.erase_due(at_ms, oracle.items.size());
  const auto erased = store.erase_due(at_ms, due + 1);
  BOOST_REQUIRE(erased == due);
  oracle = std::move(copy);
}

// -- comparing ----------------------------------------------------------------

void check_same(kv_store& store, const store_oracle& oracle) {
  BOOST_REQUIRE(store.size() == oracle.items.size());
  BOOST_REQUIRE(store.soonest_expiry() == oracle.soonest_expiry());
  auto expected = oracle.items.begin();
  store.walk(0, [&](const kv_store::placed& x) {
    BOOST_REQUIRE(expected != oracle.items.end());
    BOOST_REQUIRE(x.position == expected->first.first);
    BOOST_REQUIRE(x.key == expected->first.second);
    BOOST_REQUIRE(to_kept(x.what) == expected->second);
    ++expected;
    return true;
  });
  BOOST_REQUIRE(expected == oracle.items.end());
  for (const auto& [at, x] : oracle.items) {
    const auto found = store.get(at.second);
    BOOST_REQUIRE(found.has_value());
    BOOST_REQUIRE(to_kept(*found) == x);
  }
  BOOST_REQUIRE(store.failed().ok());
}

std::string read_snapshot(machine::snapshot_source& source,
                          std::size_t bytes_max) {
  std::string result;
  for (bool more = true; more;)
    more = source.next(result, bytes_max);
  return result;
}

std::string snapshot_of(kv_store& store, std::size_t chunk_bytes) {
  return read_snapshot(*store.begin_snapshot(), chunk_bytes);
}

std::string expected_snapshot(const store_oracle& oracle) {
  std::string result;
  write_header(result, {seed, oracle.log_time_ms});
  std::uint64_t count = 0;
  for (const auto& [at, x] : oracle.items) {
    const item what{x.value, x.expires_ms, x.changed};
    if (what.due(oracle.log_time_ms))
      continue;
    write_record_head(result, at.second, what);
    result += x.value;
    ++count;
  }
  write_end(result, count);
  return result;
}

result<void> restore(kv_store& store, std::string_view content,
                     std::size_t piece) {
  const auto sink = store.begin_restore();
  for (std::size_t at = 0; at < content.size(); at += piece)
    if (auto written = sink->write(content.substr(at, piece)); !written)
      return written;
  return sink->finish();
}

} // namespace cohort::kv::tests
