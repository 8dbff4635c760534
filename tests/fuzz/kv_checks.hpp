// What targets about keys and values share.
#pragma once

#include "codec/kv_codec.hpp"
#include "fuzz/fuzz_target.hpp"
#include "fuzz/reply_shape.hpp"
#include "machine/kv/kv_machine.hpp"

#include <algorithm>
#include <memory>
#include <string>

namespace cohort::fuzz {

inline constexpr std::uint64_t kv_seed = 42;

inline std::unique_ptr<machine::state_machine> make_kv() {
  return kv::make_kv_machine(kv::make_memory_store(kv_seed));
}

inline bytes to_bytes(const frame& x) {
  return x.alias(x.data(), x.size());
}

inline bool same_command(const kv::command& x, const kv::command& y) {
  const auto same_watch = [](const kv::watch& a, const kv::watch& b) {
    return a.key == b.key && a.changed == b.changed;
  };
  return x.what == y.what && x.key == y.key && x.value == y.value
         && x.more == y.more && x.number == y.number && x.number2 == y.number2
         && x.flags == y.flags
         && std::equal(x.nested.begin(), x.nested.end(), y.nested.begin(),
                       y.nested.end(), same_command)
         && std::equal(x.watches.begin(), x.watches.end(), y.watches.begin(),
                       y.watches.end(), same_watch);
}

/// The whole state of a machine, in chunks of about `chunk_bytes`.
inline std::string snapshot_of(machine::state_machine& from,
                               std::size_t chunk_bytes) {
  std::string result;
  const auto source = from.begin_snapshot();
  for (bool more = true; more;) {
    std::string chunk;
    more = source->next(chunk, chunk_bytes);
    result += chunk;
  }
  return result;
}

/// Applies a whole batch that check() took. Returns its replies.
inline machine::reply_list apply_all(machine::state_machine& to,
                                     const machine::apply_context& context,
                                     const bytes& batch, std::uint32_t count) {
  machine::reply_list replies;
  to.apply(context, batch, 0, count, replies);
  expect(replies.size() == count, "each command has a reply");
  return replies;
}

inline void expect_replies(const machine::reply_list& replies) {
  for (std::size_t i = 0; i < replies.size(); ++i)
    expect(is_reply(replies[i]), "each reply is one reply");
}

} // namespace cohort::fuzz
