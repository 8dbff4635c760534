#include "storage/node_log.hpp"

#include "core/check.hpp"
#include "core/mutant.hpp"

#include <algorithm>
#include <utility>

namespace cohort::storage {

namespace {

using replication::entry;
using replication::entry_kind;

constexpr std::size_t body_bytes_max(const log_options& options) {
  return body_capacity(
    static_cast<std::size_t>(options.block_bytes_max / page_bytes));
}

} // namespace

// -- write() ------------------------------------------------------------------

node_log::sole_writer::sole_writer(node_log& log) : log_(log) {
  COHORT_CHECK(!log_.written_to_.exchange(true));
}

node_log::sole_writer::~sole_writer() {
  log_.written_to_ = false;
}

result<void> node_log::write(std::span<const set_write> writes) {
  const sole_writer alone{*this};
  if (auto usable = check_usable(); !usable)
    return usable;
  auto needed = measure(writes);
  if (!needed)
    return needed.err();
  if (auto room = make_room(*needed); !room)
    return abandon(room.err());
  for (const auto& x : writes)
    if (auto added = add(x); !added)
      return abandon(added.err());
  return commit();
}

result<void> node_log::remove_set(set_id set) {
  const sole_writer alone{*this};
  if (auto usable = check_usable(); !usable)
    return usable;
  if (!index_.find(set))
    return {};
  const demand needed{.pages = 2};
  if (auto room = make_room(needed); !room)
    return abandon(room.err());
  log_effect effect;
  effect.what = log_effect::kind::removed;
  effect.set = set;
  if (auto added = add_record(effect, encoder_.encode(codec::set_removal{set}));
      !added)
    return abandon(added.err());
  return commit();
}

result<void> node_log::cover_tail() {
  const sole_writer alone{*this};
  if (auto usable = check_usable(); !usable)
    return usable;
  if (tail_.last_kind() == block_kind::cover)
    return {};
  if (auto written = write_block({.kind = block_kind::cover}); !written)
    return abandon(written.err());
  died_bytes_ += page_bytes;
  return commit();
}

result<void> node_log::check_usable() const {
  if (failed_)
    return {errc::io_failed,
            directory_ + ": an earlier write or sync failed; what the disk "
                         "holds is known only after a restart"};
  return {};
}

/// Gives up the call in progress.
result<void> node_log::abandon(const error& why) {
  block_.clear();
  pending_.clear();
  unfinished_from_ = no_life;
  if (why.code == errc::io_failed)
    failed_ = true;
  return why;
}

/// Writes what is left and makes everything durable.
result<void> node_log::commit() {
  if (auto flushed = flush(); !flushed)
    return abandon(flushed.err());
  if (auto synced = tail_.sync(); !synced) {
    if (mutated(mutant::failed_sync_is_repeated))
      return {errc::no_space, synced.err().message};
    failed_ = true; // whatever it failed with, it is never tried again (D6)
    return {errc::io_failed, synced.err().message};
  }
  if (auto done = after_sync(); !done)
    return abandon(done.err());
  return {};
}

// -- what is asked for --------------------------------------------------------

/// Refuses what cannot be written, and tells how much the rest may need.
result<node_log::demand>
node_log::measure(std::span<const set_write> writes) const {
  demand result;
  std::uint64_t bytes = 0;
  std::uint64_t blocks = 1;
  std::vector<set_id> unknown;
  for (const auto& x : writes) {
    check_request(x);
    bytes += codec::record_head_bound;
    for (const auto& e : x.request.entries) {
      if (e.payload.size() > payload_bytes_max)
        return error{errc::too_large, "an entry of "
                                        + std::to_string(e.payload.size())
                                        + " bytes does not go into the log"};
      if (e.kind == entry_kind::command)
        result.essential = false;
      bytes += codec::entry_bytes_bound(e);
    }
    if (!index_.find(x.set))
      unknown.push_back(x.set);
  }
  std::sort(unknown.begin(), unknown.end());
  unknown.erase(std::unique(unknown.begin(), unknown.end()), unknown.end());
  result.new_sets = unknown.size();
  if (index_.sets().size() + result.new_sets > options_.sets_max())
    return error{errc::too_large, "the log holds at most "
                                    + std::to_string(options_.sets_max())
                                    + " sets: enlarge segment_bytes"};
  // Records do not fill blocks to the last byte, and each block has a header.
  blocks += 2 * bytes / body_bytes_max(options_) + bytes / record_bytes_max;
  result.pages = pages_for_body(static_cast<std::size_t>(bytes)) + 2 * blocks;
  return result;
}

void node_log::check_request(const set_write& x) const {
  const auto& entries = x.request.entries;
  for (std::size_t i = 1; i < entries.size(); ++i)
    COHORT_CHECK(entries[i].index == entries[i - 1].index.next());
  if (entries.empty())
    return;
  COHORT_CHECK(entries.front().index > index_t{});
  if (x.request.base)
    COHORT_CHECK(entries.front().index > x.request.base->index);
}

// -- records ------------------------------------------------------------------

/// How many of `entries` go into one record; 0 if the first is too large for a
/// block.
std::size_t node_log::entries_for_record(std::span<const entry> entries) const {
  const auto limit = std::min(record_bytes_max, body_bytes_max(options_));
  auto total = codec::record_head_bound;
  std::size_t count = 0;
  for (const auto& x : entries) {
    total += codec::entry_bytes_bound(x);
    // What alone is larger than a record should be still may fit into a block.
    if (total > limit && (count > 0 || total > body_bytes_max(options_)))
      break;
    ++count;
  }
  return count;
}

/// Puts a request into records: the hard state and the base first, then as many
/// entries as fit, then the rest.
result<void> node_log::add(const set_write& x) {
  const auto& request = x.request;
  std::span<const entry> left{request.entries};
  bool head = request.state || request.base;
  while (head || !left.empty()) {
    auto count = entries_for_record(left);
    const bool large = count == 0 && !left.empty() && !head;
    if (large)
      count = 1;
    log_effect effect;
    effect.set = x.set;
    if (head) {
      effect.state = request.state;
      effect.base = request.base;
      effect.keep_tail = request.keep_tail;
    }
    if (count > 0)
      effect.first = left.front().index;
    effect.count = static_cast<std::uint32_t>(count);
    const auto& record = encoder_.encode(x.set, request, head,
                                         left.first(count));
    auto added = large ? add_large_record(std::move(effect), record)
                       : add_record(std::move(effect), record);
    if (!added)
      return added;
    head = false;
    left = left.subspan(count);
  }
  return {};
}

result<void> node_log::add_record(log_effect effect,
                                  const codec::encoded_record& record) {
  COHORT_CHECK(record.size <= body_bytes_max(options_));
  if (record.size > block_.room())
    if (auto flushed = flush(); !flushed)
      return flushed;
  const auto offset = block_.body_bytes();
  for (const auto piece : record.pieces)
    block_.append(piece);
  block_.name(effect.set);
  pending_.push_back({std::move(effect), static_cast<std::uint32_t>(offset),
                      static_cast<std::uint32_t>(record.size)});
  return {};
}

/// Cuts a record that is larger than a block into blocks of its own. It counts
/// once the last of them is written.
result<void> node_log::add_large_record(log_effect effect,
                                        const codec::encoded_record& record) {
  COHORT_CHECK(effect.count == 1 && !effect.state && !effect.base);
  if (auto flushed = flush(); !flushed)
    return flushed;
  std::vector<record_place> parts;
  auto left = record.size;
  const auto write_part = [&]() -> result<void> {
    const auto size = block_.body_bytes();
    block_.name(effect.set);
    auto header =
      write_block({.continues = !parts.empty(), .continued = left > 0});
    if (!header)
      return header.err();
    if (parts.empty())
      unfinished_from_ = header->life;
    parts.push_back(place_in(*header, 0, size));
    return {};
  };
  for (auto piece : record.pieces)
    while (!piece.empty()) {
      const auto count = std::min(piece.size(), block_.room());
      block_.append(piece.first(count));
      piece = piece.subspan(count);
      left -= count;
      if (block_.room() == 0 || left == 0)
        if (auto written = write_part(); !written)
          return written;
    }
  publish(effect, parts);
  unfinished_from_ = no_life;
  return {};
}

/// Writes the block that was built, and everything in it counts.
result<void> node_log::flush() {
  if (block_.empty())
    return {};
  auto header = write_block({});
  if (!header)
    return header.err();
  std::uint64_t needed = 0;
  bool copied = false;
  for (const auto& x : pending_) {
    const auto place = place_in(*header, x.offset, x.bytes);
    needed += x.effect.count > 0 ? packed_bytes(place) : 0;
    copied = copied || x.effect.what == log_effect::kind::moved;
    publish(x.effect, x.effect.count == 0
                        ? std::span<const record_place>{}
                        : std::span<const record_place>{&place, 1});
  }
  pending_.clear();
  if (!copied)
    died_bytes_ += std::uint64_t{header->pages} * page_bytes - needed;
  return {};
}

result<block_header> node_log::write_block(const log_tail::traits& traits) {
  if (pages_for_body(block_.body_bytes()) > tail_.room())
    if (auto begun = begin_segment(); !begun)
      return begun.err();
  return tail_.write(block_, traits);
}

void node_log::publish(const log_effect& effect,
                       std::span<const record_place> parts) {
  const std::lock_guard guard{mutex_};
  auto live = index_.packed_bytes();
  for (const auto& x : parts)
    live += packed_bytes(x);
  COHORT_CHECK(index_.apply(effect, parts));
  if (effect.what != log_effect::kind::moved)
    died_bytes_ += live - index_.packed_bytes();
}

// -- observers ----------------------------------------------------------------

std::optional<node_log::extent> node_log::extent_of(set_id set) const {
  const std::lock_guard guard{mutex_};
  const auto* log = index_.find(set);
  if (!log)
    return std::nullopt;
  extent result;
  result.first = log->base_index().next();
  result.last = log->last;
  result.oldest_life = ~std::uint64_t{0};
  for (const auto& x : log->chunks) {
    result.disk_bytes += x.at.disk_bytes;
    result.oldest_life = std::min(result.oldest_life, x.at.life);
  }
  return result;
}

node_log::usage node_log::current_usage() const {
  const std::lock_guard guard{mutex_};
  auto result = counters_;
  result.segments = segments_.size();
  result.spares = pool_.size();
  result.segment_bytes = used_bytes();
  result.live_bytes = index_.live_bytes();
  result.sets = index_.sets().size();
  result.chunks = index_.chunk_count();
  result.oldest_life = segments_.empty() ? 0 : segments_.begin()->first;
  result.newest_life = segments_.empty() ? 0 : segments_.rbegin()->first;
  return result;
}

} // namespace cohort::storage
