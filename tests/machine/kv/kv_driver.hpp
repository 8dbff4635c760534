// Drives a kv machine in tests: one entry, or one query, per call.
#pragma once

#include "codec/kv_codec.hpp"
#include "machine/kv/kv_machine.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::kv::tests {

inline constexpr std::uint64_t test_seed = 42;

// -- replies
// -------------------------------------------------------------------

inline const std::string null = "_\r\n";
inline const std::string ok = "+OK\r\n";
inline const std::string zero = ":0\r\n";
inline const std::string one = ":1\r\n";

inline std::string bulk(const std::string& x) {
  return "$" + std::to_string(x.size()) + "\r\n" + x + "\r\n";
}

inline std::string number(std::int64_t x) {
  return ":" + std::to_string(x) + "\r\n";
}

// -- commands
// ------------------------------------------------------------------

inline command make(op what, std::string_view key = {},
                    std::string_view value = {}, std::int64_t number = 0,
                    std::uint32_t flags = 0) {
  command result;
  result.what = what;
  result.key = key;
  result.value = value;
  result.number = number;
  result.flags = flags;
  return result;
}

inline command make_many(op what, std::vector<std::string_view> more,
                         std::uint32_t flags = 0) {
  command result;
  result.what = what;
  result.more = std::move(more);
  result.flags = flags;
  return result;
}

inline command make_exec(std::vector<command> nested,
                         std::vector<watch> watches = {}) {
  command result;
  result.what = op::exec;
  result.nested = std::move(nested);
  result.watches = std::move(watches);
  return result;
}

inline bytes batch_of(const std::vector<command>& commands) {
  codec::kv_batch_builder builder;
  for (const auto& x : commands)
    builder.append(x);
  const auto encoded = builder.finish();
  return encoded.alias(encoded.data(), encoded.size());
}

inline std::vector<std::string> to_vector(const machine::reply_list& replies) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < replies.size(); ++i)
    result.emplace_back(replies[i]);
  return result;
}

// -- machines
// ------------------------------------------------------------------

/// A machine with the log that it is given.
struct kv_driver {
  explicit kv_driver(
    std::unique_ptr<kv_store> store = make_memory_store(test_seed))
    : machine(make_kv_machine(std::move(store))) {}

  std::vector<std::string> apply(const std::vector<command>& commands) {
    machine::reply_list replies;
    machine->apply(next_entry(), batch_of(commands), 0,
                   static_cast<std::uint32_t>(commands.size()), replies);
    return to_vector(replies);
  }

  /// The reply to a command that is an entry of its own.
  std::string run(const command& x) {
    return apply({x}).front();
  }

  void advance_to(std::int64_t to_ms) {
    now_ms = to_ms;
    machine->advance_time(next_entry());
  }

  machine::query_outcome query(const command& x, std::int64_t at_ms,
                               std::vector<std::string>& replies) {
    machine::reply_list list;
    const auto result = machine->query(batch_of({x}), 0, 1, at_ms, list);
    replies = to_vector(list);
    return result;
  }

  /// The reply at the present log time.
  std::string read(const command& x) {
    std::vector<std::string> replies;
    query(x, 0, replies);
    return replies.front();
  }

  std::string get(std::string_view key) {
    return read(make(op::get, key));
  }

  std::string snapshot(std::size_t chunk_bytes = 1'000) {
    const auto source = machine->begin_snapshot();
    std::string result;
    while (source->next(result, chunk_bytes)) {
    }
    return result;
  }

  result<void> restore(std::string_view from, std::size_t chunk_bytes = 777) {
    const auto sink = machine->begin_restore();
    for (; !from.empty();
         from.remove_prefix(std::min(chunk_bytes, from.size())))
      if (auto done = sink->write(from.substr(0, chunk_bytes)); !done)
        return done;
    return sink->finish();
  }

  machine::apply_context next_entry() {
    ++index;
    return {index_t{index}, term_t{1}, now_ms};
  }

  std::unique_ptr<machine::state_machine> machine;
  std::uint64_t index = 0;
  std::int64_t now_ms = 1'000'000;
};

} // namespace cohort::kv::tests
