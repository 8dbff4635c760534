// A naive log to compare with, and what the tests of the log share.
#pragma once

#include "storage/node_log.hpp"
#include "testkit/faulty_file_system.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cohort::storage::tests {

using replication::entry;
using replication::entry_kind;
using replication::hard_state;
using replication::log_base;
using replication::membership;
using testkit::faulty_file_system;

inline const std::string log_directory = "log";

/// What went wrong, for a message; empty if nothing did.
template <class T>
std::string why(const result<T>& x) {
  return x ? std::string{} : to_string(x.err());
}

/// Small enough that everything happens soon.
inline log_options small_options() {
  return {.segment_bytes = 64 << 10,
          .log_bytes_max = 256 << 10,
          .log_bytes_limit = 1 << 20,
          .block_bytes_max = 16 << 10,
          .spare_segments = 1,
          .disk_reserve_bytes = 0,
          .reclaim_bytes_max = 8 << 10};
}

inline codec::log_owner test_owner(std::uint64_t incarnation = 1) {
  return {
    {0x1122334455667788, 0x99aabbccddeeff00}, "node-a", node_id{incarnation}};
}

inline open_request small_request() {
  return {.directory = log_directory,
          .owner = test_owner(),
          .options = small_options()};
}

inline membership some_members(std::uint64_t epoch) {
  membership result;
  result.current.epoch = epoch_t{epoch};
  result.current.voters = {node_id{1}, node_id{2}, node_id{3}};
  result.current.m = 1;
  return result;
}

inline entry command(std::uint64_t term, std::uint64_t index,
                     std::string payload) {
  entry result;
  result.term = term_t{term};
  result.index = index_t{index};
  result.kind = entry_kind::command;
  result.log_time_ms = static_cast<std::int64_t>(1000 * index + term);
  result.payload = bytes::of(std::move(payload));
  return result;
}

inline entry empty_entry(std::uint64_t term, std::uint64_t index) {
  auto result = command(term, index, "");
  result.kind = entry_kind::empty;
  return result;
}

inline entry configuration_entry(std::uint64_t term, std::uint64_t index,
                                 std::uint64_t epoch) {
  auto result = command(term, index, "");
  result.kind = entry_kind::membership;
  result.members = std::make_shared<const membership>(some_members(epoch));
  return result;
}

inline log_base base_at(std::uint64_t term, std::uint64_t index) {
  log_base result;
  result.index = index_t{index};
  result.term = term_t{term};
  result.log_time_ms = static_cast<std::int64_t>(1000 * index + term);
  result.members = some_members(1);
  return result;
}

inline hard_state voted(std::uint64_t term, std::uint64_t node) {
  hard_state result;
  result.term = term_t{term};
  result.voted_for = node_id{node};
  return result;
}

inline set_write write_of(std::uint64_t set, std::vector<entry> entries) {
  set_write result;
  result.set = set_id{set};
  result.request.entries = std::move(entries);
  return result;
}

inline set_write state_of(std::uint64_t set, const hard_state& state) {
  set_write result;
  result.set = set_id{set};
  result.request.state = state;
  return result;
}

inline set_write base_of(std::uint64_t set, const log_base& base,
                         bool keep_tail) {
  set_write result;
  result.set = set_id{set};
  result.request.base = base;
  result.request.keep_tail = keep_tail;
  return result;
}

inline bool same(const entry& x, const entry& y) {
  const bool members = !x.members == !y.members
                       && (!x.members || *x.members == *y.members);
  return x.term == y.term && x.index == y.index && x.kind == y.kind
         && x.log_time_ms == y.log_time_ms && x.payload == y.payload && members;
}

/// What a set must be, kept the simplest way there is.
struct model_set {
  hard_state state;
  log_base base;
  std::map<index_t, entry> entries; ///< above the base

  index_t last() const {
    return entries.empty() ? base.index : entries.rbegin()->first;
  }

  void apply(const replication::write_request& x) {
    if (x.state)
      state = *x.state;
    if (x.base) {
      base = *x.base;
      if (x.keep_tail)
        entries.erase(entries.begin(), entries.upper_bound(base.index));
      else
        entries.clear();
    }
    if (!x.entries.empty())
      entries.erase(entries.lower_bound(x.entries.front().index),
                    entries.end());
    for (const auto& e : x.entries)
      entries[e.index] = e;
  }

  replication::recovered_state recovered() const {
    replication::recovered_state result;
    result.state = state;
    result.base = base;
    result.last = last();
    result.last_log_time_ms = base.log_time_ms;
    for (const auto& [index, e] : entries) {
      if (result.runs.empty() || result.runs.back().term != e.term)
        result.runs.push_back({index, e.term});
      if (e.members)
        result.members.emplace_back(index, *e.members);
      result.last_log_time_ms = std::max(base.log_time_ms, e.log_time_ms);
    }
    return result;
  }
};

struct model_log {
  std::map<set_id, model_set> sets;

  void apply(std::span<const set_write> writes) {
    for (const auto& x : writes)
      if (x.request.state || x.request.base || !x.request.entries.empty())
        sets[x.set].apply(x.request);
  }
};

inline bool same(const replication::recovered_state& x,
                 const replication::recovered_state& y) {
  return x.state == y.state && x.base == y.base && x.runs == y.runs
         && x.last == y.last && x.members == y.members
         && x.last_log_time_ms == y.last_log_time_ms;
}

/// The entries of a set as the log reads them back, in pieces of `bytes_max`.
inline std::vector<entry> read_all(const node_log& log, set_id set,
                                   std::size_t bytes_max = 4096) {
  std::vector<entry> result;
  const auto extent = log.extent_of(set);
  if (!extent)
    return result;
  for (auto next = extent->first; next <= extent->last;) {
    auto read = log.read(set, next, extent->last, bytes_max);
    BOOST_REQUIRE_MESSAGE(read.ok(), why(read));
    BOOST_REQUIRE(!read->empty());
    for (auto& x : *read) {
      BOOST_REQUIRE(x.index == next);
      ++next;
      result.push_back(std::move(x));
    }
  }
  return result;
}

/// What is read back is what the model has.
inline void check_entries(const node_log& log, const model_log& model) {
  for (const auto& [set, expected] : model.sets) {
    const auto read = read_all(log, set);
    BOOST_REQUIRE(read.size() == expected.entries.size());
    for (const auto& x : read)
      BOOST_REQUIRE(same(x, expected.entries.at(x.index)));
  }
}

/// What was recovered, and what is read back, is what the model has.
inline void check_recovered(const opened_log& opened, const model_log& model) {
  BOOST_REQUIRE(opened.sets.size() == model.sets.size());
  for (const auto& [set, expected] : model.sets)
    BOOST_REQUIRE(same(opened.sets.at(set), expected.recovered()));
  check_entries(*opened.log, model);
}

inline opened_log must_open(file_system& files,
                            const open_request& request = small_request()) {
  auto opened = node_log::open(files, request);
  BOOST_REQUIRE_MESSAGE(opened.ok(), why(opened));
  return std::move(*opened);
}

inline void must_write(node_log& log, std::vector<set_write> writes) {
  const auto written = log.write(writes);
  BOOST_REQUIRE_MESSAGE(written.ok(), why(written));
}

/// A disk with the log's directory on it.
inline std::unique_ptr<faulty_file_system>
make_disk(const faulty_file_system::options& options = {}) {
  auto result = std::make_unique<faulty_file_system>(options);
  BOOST_REQUIRE(result->make_directory(log_directory).ok());
  return result;
}

} // namespace cohort::storage::tests
