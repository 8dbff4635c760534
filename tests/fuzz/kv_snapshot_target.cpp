// The content of a snapshot of keys, from a file or from a peer.
#include "fuzz/bytes_source.hpp"
#include "fuzz/fuzz_target.hpp"
#include "fuzz/kv_checks.hpp"
#include "fuzz/round_trip.hpp"
#include "machine/kv/key_order.hpp"
#include "machine/kv/snapshot_format.hpp"

#include <map>
#include <utility>

namespace cohort::fuzz::kv_snapshot_fuzz {

namespace {

/// What the description in `from` says, in the order that snapshots have; its
/// last bytes are damage.
std::string build(bytes_source& from) {
  using place = std::pair<std::uint64_t, std::string_view>;
  std::map<place, kv::item> items;
  std::string result;
  kv::write_header(result, {kv_seed, static_cast<std::int64_t>(from.number())});
  for (auto n = from.byte() % 32; n > 0; --n) {
    const auto key = from.text();
    kv::item x;
    x.value = from.text();
    x.expires_ms = static_cast<std::int64_t>(from.number());
    x.changed = from.number();
    items[{kv::position_of(kv_seed, key), key}] = x;
  }
  for (const auto& [at, x] : items) {
    kv::write_record_head(result, at.second, x);
    result += x.value;
  }
  kv::write_end(result, items.size() + from.byte());
  while (!from.empty()) {
    const auto at = static_cast<std::size_t>(from.number());
    result[at % result.size()] = static_cast<char>(from.byte());
  }
  return result;
}

result<void> restore(machine::state_machine& to, std::string_view content,
                     rng* random) {
  const auto sink = to.begin_restore();
  result<void> written;
  if (random)
    in_pieces(content, *random, [&](std::string_view piece) {
      written = sink->write(piece);
      return written.ok();
    });
  else
    written = sink->write(content);
  return written ? sink->finish() : written;
}

/// A machine with a key, to see that it stays as it was.
std::unique_ptr<machine::state_machine> make_other() {
  auto machine = make_kv();
  kv::command set;
  set.what = kv::op::set;
  set.key = "here before";
  codec::kv_batch_builder builder;
  builder.append(set);
  machine::reply_list replies;
  machine->apply({index_t{1}, term_t{1}, 1}, to_bytes(builder.finish()), 0, 1,
                 replies);
  return machine;
}

} // namespace

COHORT_FUZZ_TARGET(kv_snapshot) {
  bytes_source from{input};
  const bool raw = from.byte() % 4 == 0;
  const std::string content{raw ? std::string{from.rest()} : build(from)};
  auto random = rng_of(input);
  const auto whole = make_other();
  const auto before = snapshot_of(*whole, 100);
  const auto first = restore(*whole, content, nullptr);
  const auto cut = make_other();
  const auto second = restore(*cut, content, &random);
  expect(first.ok() == second.ok(), "how it is cut does not matter");
  if (!first) {
    expect_refusal(first.err());
    expect(snapshot_of(*whole, 100) == before
             && snapshot_of(*cut, 100) == before,
           "a refused snapshot changes nothing");
    return false;
  }
  expect(snapshot_of(*whole, 77) == content && snapshot_of(*cut, 77) == content,
         "what was restored is saved as the same bytes");
  return true;
}

} // namespace cohort::fuzz::kv_snapshot_fuzz
