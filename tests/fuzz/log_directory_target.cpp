// A node's log as any directory may hold it: it is refused, or it is a log.
#include "fuzz/fuzz_target.hpp"
#include "fuzz/log_image.hpp"
#include "storage/node_log.hpp"

#include <optional>

namespace cohort::fuzz::log_directory_fuzz {

namespace {

using namespace storage;
using replication::entry;
using replication::recovered_state;
using testkit::faulty_file_system;

open_request request_of(std::uint8_t mode) {
  open_request result;
  result.directory = log_path;
  result.owner = {{1, 2}, "node-a", node_id{(mode & 1) != 0 ? 2u : 1u}};
  result.options = {.segment_bytes = image_bytes,
                    .log_bytes_max = 4 * image_bytes,
                    .log_bytes_limit = 8 * image_bytes,
                    .block_bytes_max = image_bytes / 4,
                    .spare_segments = 1,
                    .disk_reserve_bytes = 0,
                    .reclaim_bytes_max = 8 << 10};
  result.mode = (mode & 2) != 0 ? recovery_mode::salvage
                                : recovery_mode::strict;
  result.must_exist = (mode & 4) != 0;
  return result;
}

/// But for suspicion.
bool same(const recovered_state& x, recovered_state y) {
  y.state.suspect = x.state.suspect;
  return x.state == y.state && x.base == y.base && x.runs == y.runs
         && x.last == y.last && x.members == y.members
         && x.last_log_time_ms == y.last_log_time_ms;
}

using all_sets = std::map<set_id, recovered_state>;

bool same_suspects(const all_sets& x, const all_sets& y) {
  return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                    [](const auto& a, const auto& b) {
                      return a.second.state.suspect == b.second.state.suspect;
                    });
}

bool same(const all_sets& x, const all_sets& y) {
  return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                    [](const auto& a, const auto& b) {
                      return a.first == b.first && same(a.second, b.second);
                    });
}

/// What a replica relies on when it starts.
void check_state(const recovered_state& x) {
  expect(x.base.index <= x.last, "a log does not end below its base");
  expect(x.runs.empty() == (x.base.index == x.last),
         "where there are entries there are terms, and nowhere else");
  expect(x.runs.empty() || x.runs.front().first == x.base.index.next(),
         "the terms begin behind the base");
  for (std::size_t i = 1; i < x.runs.size(); ++i)
    expect(x.runs[i].first > x.runs[i - 1].first
             && x.runs[i].term != x.runs[i - 1].term
             && x.runs[i].first <= x.last,
           "runs of terms ascend, and end with the log");
  for (std::size_t i = 0; i < x.members.size(); ++i)
    expect(x.members[i].first > x.base.index && x.members[i].first <= x.last
             && (i == 0 || x.members[i].first > x.members[i - 1].first),
           "configurations lie in the log");
}

term_t term_of(const recovered_state& x, index_t index) {
  term_t result;
  for (const auto& run : x.runs)
    if (run.first <= index)
      result = run.term;
  return result;
}

void check_entry(const recovered_state& x, const entry& e) {
  expect(e.term == term_of(x, e.index), "an entry has the term of its run");
  const auto known =
    std::find_if(x.members.begin(), x.members.end(),
                 [&](const auto& one) { return one.first == e.index; });
  expect((known != x.members.end()) == (e.members != nullptr)
           && (!e.members || *e.members == known->second),
         "what recovery says of configurations is what entries say");
}

/// Everything that is kept can be read.
void check_entries(const node_log& log, set_id set, const recovered_state& x) {
  const auto extent = log.extent_of(set);
  expect(extent.has_value() && extent->first == x.base.index.next()
           && extent->last == x.last,
         "the log has what recovery says");
  for (auto next = extent->first; next <= extent->last;) {
    const auto read = log.read(set, next, extent->last, 1'000);
    expect(read.ok() && !read->empty(), "what is kept can be read");
    for (const auto& e : *read) {
      expect(e.index == next, "entries are read in order");
      check_entry(x, e);
      ++next;
    }
  }
}

void check_opened(const opened_log& opened) {
  for (const auto& [set, state] : opened.sets) {
    check_state(state);
    check_entries(*opened.log, set, state);
  }
  expect(opened.verdict == tail_verdict::clean || !opened.reason.empty(),
         "a verdict says why");
}

void check_refused(const open_request& request, const error& err,
                   const faulty_file_system& disk, std::uint64_t changes) {
  expect(err.code == errc::corrupt || err.code == errc::wrong_cluster
           || err.code == errc::unsupported || err.code == errc::invalid,
         "a log is refused for what is in it");
  expect(err.code != errc::invalid || request.mode == recovery_mode::salvage,
         "only what is to be salvaged can be asked for wrongly");
  expect(!err.message.empty(), "an error says why");
  expect(disk.changes() == changes, "what is refused is not changed (D3)");
}

/// As the node does it the next time: all that was decided is durable.
void check_again(faulty_file_system& disk, open_request request,
                 const opened_log& before) {
  request.mode = recovery_mode::strict;
  request.must_exist = true;
  auto again = node_log::open(disk, request);
  expect(again.ok(), "a log that was opened can be opened again");
  expect(same(again->sets, before.sets), "opening it twice gives the same");
  expect(again->boot_counter > before.boot_counter, "boot counters grow");
  expect(again->unknown_sets_suspect || !before.unknown_sets_suspect,
         "suspicion stays");
  expect(again->verdict == tail_verdict::clean, "a verdict is given once");
  expect(same_suspects(again->sets, before.sets)
           && again->unknown_sets_suspect == before.unknown_sets_suspect,
         "nobody is suspect without a reason");
  check_opened(*again);
}

/// The log goes on from what it found.
void write_more(node_log& log, const opened_log& opened) {
  std::vector<set_write> writes;
  for (const auto& [set, state] : opened.sets) {
    entry x;
    x.index = state.last.next();
    x.term = state.runs.empty() ? state.base.term : state.runs.back().term;
    x.kind = replication::entry_kind::command;
    x.payload = bytes::of("one more");
    auto& to = writes.emplace_back();
    to.set = set;
    to.request.entries = {x};
  }
  if (writes.size() > 8)
    writes.resize(8);
  const auto written = log.write(writes);
  expect(written.ok() || written.err().code == errc::no_space,
         "a log that was opened can be written to");
  if (!written)
    return;
  for (const auto& x : writes) {
    const auto& e = x.request.entries.front();
    const auto read = log.read(x.set, e.index, e.index, 100);
    expect(read.ok() && read->size() == 1 && read->front().payload == e.payload,
           "what was written can be read");
  }
}

} // namespace

COHORT_FUZZ_TARGET(log_directory) {
  bytes_source from{input};
  const auto request = request_of(from.byte());
  const log_image image{from};
  auto disk = image.disk();
  const auto changes = disk->changes();
  auto opened = node_log::open(*disk, request);
  if (!opened) {
    check_refused(request, opened.err(), *disk, changes);
    const auto again = node_log::open(*disk, request);
    expect(!again.ok() && again.err().code == opened.err().code
             && again.err().message == opened.err().message,
           "what is refused is refused again, for the same reason");
    return false;
  }
  check_opened(*opened);
  const auto crashed = disk->crash_losing_all();
  check_again(*crashed, request, *opened);
  opened->log.reset();
  check_again(*disk, request, *opened);
  auto last = node_log::open(*crashed, request);
  expect(last.ok(), "opening has an end");
  write_more(*last->log, *last);
  return true;
}

} // namespace cohort::fuzz::log_directory_fuzz
