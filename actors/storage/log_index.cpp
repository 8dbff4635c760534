#include "storage/log_index.hpp"

#include "core/check.hpp"

#include <algorithm>
#include <utility>

namespace cohort::storage {

namespace {

using chunk_iterator = std::deque<chunk>::const_iterator;

/// The first chunk that ends at or above `index`.
chunk_iterator find_chunk(const set_log& log, index_t index) {
  return std::partition_point(log.chunks.begin(), log.chunks.end(),
                              [&](const chunk& x) { return x.last() < index; });
}

/// Behind the last part of the entry or entries that `at` begins.
chunk_iterator end_of_parts(const set_log& log, chunk_iterator at) {
  const auto left = log.chunks.end() - at;
  return at + std::min<std::ptrdiff_t>(left, at->parts - at->part);
}

} // namespace

/// Blocks have heads and ends, too: so only what is certain to gain.
std::uint64_t packed_bytes(const record_place& at) {
  const auto bytes = std::uint64_t{at.bytes};
  return 2 * bytes < at.disk_bytes ? bytes + bytes / 4 : at.disk_bytes;
}

record_place place_in(const block_header& header, std::size_t offset,
                      std::size_t bytes) {
  const auto block_bytes = std::uint64_t{header.pages} * page_bytes;
  return {header.life,
          header.number,
          header.first_page,
          static_cast<std::uint32_t>(offset),
          static_cast<std::uint32_t>(bytes),
          static_cast<std::uint32_t>(block_bytes * bytes / header.body_bytes)};
}

// -- segments -----------------------------------------------------------------

void log_index::add_segment(std::uint64_t life) {
  live_.try_emplace(life, 0);
}

void log_index::remove_segment(std::uint64_t life) {
  COHORT_CHECK(live_bytes(life) == 0);
  live_.erase(life);
}

std::uint64_t log_index::live_bytes(std::uint64_t life) const {
  const auto found = live_.find(life);
  COHORT_CHECK(found != live_.end());
  return found->second;
}

void log_index::release(const chunk& x) {
  const auto segment = live_.find(x.at.life);
  COHORT_CHECK(segment != live_.end() && segment->second >= x.at.disk_bytes);
  segment->second -= x.at.disk_bytes;
  live_total_ -= x.at.disk_bytes;
  packed_total_ -= storage::packed_bytes(x.at);
}

// -- changing -----------------------------------------------------------------

void log_index::cut(set_log& log, index_t first) {
  while (!log.chunks.empty() && log.chunks.back().last() >= first) {
    auto& back = log.chunks.back();
    if (back.first < first) {
      back.count = static_cast<std::uint32_t>(first - back.first);
      break;
    }
    release(back);
    log.chunks.pop_back();
  }
}

void log_index::drop_to(set_log& log, index_t base) {
  while (!log.chunks.empty() && log.chunks.front().first <= base) {
    auto& front = log.chunks.front();
    if (front.last() > base) {
      front.count = static_cast<std::uint32_t>(front.last() - base);
      front.first = base.next();
      break;
    }
    release(front);
    log.chunks.pop_front();
  }
}

void log_index::insert(set_log& log, chunk_iterator before,
                       const log_effect& effect,
                       std::span<const record_place> parts) {
  std::vector<chunk> added;
  added.reserve(parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    added.push_back({effect.first, effect.count, static_cast<std::uint16_t>(i),
                     static_cast<std::uint16_t>(parts.size()), parts[i]});
    const auto segment = live_.find(parts[i].life);
    COHORT_CHECK(segment != live_.end());
    segment->second += parts[i].disk_bytes;
    live_total_ += parts[i].disk_bytes;
    packed_total_ += storage::packed_bytes(parts[i]);
  }
  log.chunks.insert(before, added.begin(), added.end());
}

void log_index::change(const log_effect& effect,
                       std::span<const record_place> parts) {
  auto& log = sets_[effect.set];
  if (effect.state)
    log.state = *effect.state;
  if (effect.base) {
    if (effect.keep_tail)
      drop_to(log, effect.base->index);
    else
      cut(log, index_t{});
    log.last = effect.keep_tail ? std::max(log.last, effect.base->index)
                                : effect.base->index;
    log.base = effect.base;
  }
  if (effect.count > 0) {
    cut(log, effect.first);
    insert(log, log.chunks.end(), effect, parts);
    log.last = effect.first + (effect.count - 1);
  }
}

bool log_index::move(set_log& log, const log_effect& effect,
                     std::span<const record_place> parts) {
  const auto last = effect.first + (effect.count - 1);
  if (effect.first <= log.base_index())
    return false;
  const auto begin = find_chunk(log, effect.first);
  auto end = begin;
  while (end != log.chunks.end() && end->last() <= last)
    ++end;
  const bool splits = end != log.chunks.end() && end->first <= last;
  if ((begin != end || splits) && begin->first < effect.first)
    return false;
  if (splits) {
    // Only the beginning of it was moved: the rest stays where it is.
    auto& rest = log.chunks[static_cast<std::size_t>(end - log.chunks.begin())];
    rest.count = static_cast<std::uint32_t>(rest.last() - last);
    rest.first = last.next();
  }
  std::for_each(begin, end, [&](const chunk& x) { release(x); });
  const auto at = log.chunks.erase(begin, end);
  insert(log, at, effect, parts);
  log.last = std::max(log.last, last);
  return true;
}

bool log_index::apply(const log_effect& effect,
                      std::span<const record_place> parts) {
  COHORT_CHECK(parts.empty() == (effect.count == 0));
  COHORT_CHECK(parts.size() <= 1 || effect.count == 1);
  switch (effect.what) {
    case log_effect::kind::change: {
      const auto* log = find(effect.set);
      const auto base = effect.base ? effect.base->index
                        : log       ? log->base_index()
                                    : index_t{};
      if (effect.count > 0 && effect.first <= base)
        return false;
      change(effect, parts);
      return true;
    }
    case log_effect::kind::moved: {
      const auto found = sets_.find(effect.set);
      return found != sets_.end() && effect.count > 0
             && move(found->second, effect, parts);
    }
    case log_effect::kind::cut: {
      const auto found = sets_.find(effect.set);
      if (found == sets_.end() || effect.first <= found->second.base_index())
        return false;
      cut(found->second, effect.first);
      found->second.last = std::min(found->second.last, effect.first.prev());
      return true;
    }
    case log_effect::kind::removed: {
      const auto found = sets_.find(effect.set);
      if (found == sets_.end())
        return false;
      cut(found->second, index_t{});
      sets_.erase(found);
      return true;
    }
  }
  return false;
}

std::vector<set_id> log_index::cut_at_gaps() {
  std::vector<set_id> result;
  for (auto& [set, log] : sets_) {
    auto end = log.base_index();
    for (auto at = chunk_iterator{log.chunks.begin()}; at != log.chunks.end();
         at = end_of_parts(log, at)) {
      const bool whole = at->part == 0 && log.chunks.end() - at >= at->parts;
      if (at->first != end.next() || !whole)
        break;
      end = at->last();
    }
    if (end == log.last)
      continue;
    cut(log, end.next());
    log.last = end;
    result.push_back(set);
  }
  return result;
}

// -- observers ----------------------------------------------------------------

const set_log* log_index::find(set_id set) const {
  const auto found = sets_.find(set);
  return found == sets_.end() ? nullptr : &found->second;
}

std::vector<chunk> log_index::find(set_id set, index_t first, index_t last,
                                   std::size_t bytes_max) const {
  std::vector<chunk> result;
  const auto* log = find(set);
  if (!log || first > last || first <= log->base_index() || first > log->last)
    return result;
  std::size_t total = 0;
  auto at = find_chunk(*log, first);
  while (at != log->chunks.end() && at->first <= last
         && (result.empty() || total < bytes_max)) {
    const auto end = end_of_parts(*log, at);
    for (; at != end; ++at) {
      total += at->at.disk_bytes;
      result.push_back(*at);
    }
  }
  return result;
}

std::vector<std::pair<set_id, std::vector<chunk>>>
log_index::live_in(std::uint64_t life, set_id from,
                   std::size_t bytes_max) const {
  std::vector<std::pair<set_id, std::vector<chunk>>> result;
  std::size_t total = 0;
  for (auto in = sets_.lower_bound(from); in != sets_.end(); ++in) {
    const auto& log = in->second;
    std::vector<chunk> found;
    for (auto at = log.chunks.begin();
         at != log.chunks.end() && total < bytes_max;) {
      const auto end = end_of_parts(log, at);
      const bool here =
        std::any_of(at, end, [&](const chunk& x) { return x.at.life == life; });
      for (; at != end; ++at)
        if (here) {
          total += at->at.disk_bytes;
          found.push_back(*at);
        }
    }
    if (!found.empty())
      result.emplace_back(in->first, std::move(found));
    if (total >= bytes_max)
      break;
  }
  return result;
}

std::size_t log_index::chunk_count() const {
  std::size_t result = 0;
  for (const auto& [set, log] : sets_)
    result += log.chunks.size();
  return result;
}

} // namespace cohort::storage
