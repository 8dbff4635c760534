#include "storage/log_replay.hpp"

#include "core/check.hpp"
#include "core/mutant.hpp"
#include "storage/log_options.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace cohort::storage {

namespace {

constexpr std::size_t word_bytes = sizeof(std::uint64_t);

/// One entry with its payload.
constexpr std::size_t large_record_bytes_max = payload_bytes_max
                                               + codec::record_head_bound;

error contradiction(const block_header& header) {
  return {errc::corrupt, "block " + std::to_string(header.number)
                           + " contradicts the blocks before it"};
}

/// Only a single entry is written in parts.
bool may_lie_in(std::span<const record_place> places,
                std::span<const replication::entry> entries) {
  return places.size() <= 1
         || (entries.size() <= 1 && places.size() <= chunk::parts_max);
}

template <class Map>
void erase_from(Map& map, index_t first) {
  map.erase(map.lower_bound(first), map.end());
}

} // namespace

// -- entry_facts --------------------------------------------------------------

void entry_facts::erase_range(index_t first, index_t last) {
  terms_.erase(terms_.lower_bound(first), terms_.upper_bound(last));
  members_.erase(members_.lower_bound(first), members_.upper_bound(last));
}

void entry_facts::insert(std::span<const replication::entry> entries) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto& x = entries[i];
    if (i == 0 || entries[i - 1].term != x.term)
      terms_.insert_or_assign(x.index, x.term);
    if (x.members)
      members_.insert_or_assign(x.index, *x.members);
  }
  if (entries.back().index >= last_) {
    last_ = entries.back().index;
    last_log_time_ms_ = entries.back().log_time_ms;
  }
}

void entry_facts::base_moved(index_t base, bool keep_tail) {
  if (!keep_tail) {
    *this = {};
    last_ = base;
    return;
  }
  // The run that reaches beyond the base goes on behind it.
  const auto behind = terms_.upper_bound(base);
  if (behind != terms_.begin() && base < last_) {
    const auto term = std::prev(behind)->second;
    terms_.try_emplace(base.next(), term);
  }
  erase_range(index_t{}, base);
  if (last_ <= base) {
    last_ = base;
    last_log_time_ms_ = 0;
  }
}

void entry_facts::cut(index_t first) {
  if (!mutated(mutant::recovery_forgets_cuts))
    erase_from(terms_, first);
  erase_from(members_, first);
  if (last_ >= first)
    last_ = first.prev();
}

void entry_facts::appended(std::span<const replication::entry> entries) {
  cut(entries.front().index);
  insert(entries);
}

void entry_facts::moved(std::span<const replication::entry> entries) {
  erase_range(entries.front().index, entries.back().index);
  insert(entries);
}

replication::recovered_state entry_facts::state_of(const set_log& log) const {
  replication::recovered_state result;
  result.state = log.state;
  if (log.base)
    result.base = *log.base;
  result.last = log.last;
  result.last_log_time_ms = std::max(result.base.log_time_ms,
                                     last_log_time_ms_);
  for (const auto& [first, term] : terms_)
    if (result.runs.empty() || result.runs.back().term != term)
      result.runs.push_back({first, term});
  result.members.assign(members_.begin(), members_.end());
  return result;
}

// -- reading blocks -----------------------------------------------------------

log_replay::log_replay(codec::log_owner owner) : owner_(std::move(owner)) {
  // nop
}

result<void> log_replay::add(const block_header& header,
                             std::span<const std::byte> pages) {
  index_.add_segment(header.life);
  if (header.continues || header.continued)
    return add_part(header, pages);
  return add_records(header, pages);
}

result<void> log_replay::add_records(const block_header& header,
                                     std::span<const std::byte> pages) {
  if (header.body_bytes % word_bytes != 0)
    return contradiction(header);
  frame_buffer buffer{header.body_bytes / word_bytes};
  const std::span body{reinterpret_cast<std::byte*>(buffer.data()),
                       buffer.size()};
  if (!gather_body(pages, 0, header.life, header.number, 0, body))
    return error{errc::corrupt, "block " + std::to_string(header.number)
                                  + " changed while it was read"};
  const frame whole{std::move(buffer)};
  for (std::size_t word = 0; word < whole.word_count();) {
    const auto* at = reinterpret_cast<const std::byte*>(whole.words() + word);
    const auto size = codec::record_size({at, codec::record_prefix_bytes});
    if (size == 0 || size / word_bytes > whole.word_count() - word)
      return contradiction(header);
    auto record = codec::decode_record(whole, word, size / word_bytes);
    if (!record)
      return record.err();
    const auto place = place_in(header, word * word_bytes, size);
    if (auto added = add_record(*record, {&place, 1}); !added)
      return added.err().code == errc::corrupt ? contradiction(header)
                                               : added.err();
    word += size / word_bytes;
  }
  return {};
}

result<void> log_replay::add_part(const block_header& header,
                                  std::span<const std::byte> pages) {
  if (!header.continues && !mutated(mutant::parts_are_mixed)) {
    part_bytes_.clear();
    part_places_.clear();
  } else if (part_places_.empty()) {
    // It began in a segment that is not needed any more, so it was moved.
    return {};
  }
  const auto before = part_bytes_.size();
  if (before + header.body_bytes > large_record_bytes_max)
    return contradiction(header);
  part_bytes_.resize(before + header.body_bytes);
  const std::span body{part_bytes_.data() + before, header.body_bytes};
  if (!gather_body(pages, 0, header.life, header.number, 0, body))
    return contradiction(header);
  part_places_.push_back(place_in(header, 0, header.body_bytes));
  if (header.continued)
    return {};
  if (part_bytes_.size() % word_bytes != 0)
    return contradiction(header);
  frame_buffer buffer{part_bytes_.size() / word_bytes};
  std::memcpy(buffer.data(), part_bytes_.data(), part_bytes_.size());
  const auto words = buffer.word_count();
  auto record = codec::decode_record(frame{std::move(buffer)}, 0, words);
  if (!record)
    return record.err();
  const auto places = std::exchange(part_places_, {});
  part_bytes_.clear();
  if (auto added = add_record(*record, places); !added)
    return contradiction(header);
  return {};
}

// -- carrying out records -----------------------------------------------------

result<void> log_replay::add_record(const codec::log_record& record,
                                    std::span<const record_place> places) {
  return std::visit([&](const auto& x) { return carry_out(x, places); },
                    record);
}

result<void> log_replay::carry_out(const codec::segment_head& x,
                                   std::span<const record_place>) {
  if (x.owner.cluster != owner_.cluster || x.owner.node != owner_.node)
    return {errc::wrong_cluster,
            "the log belongs to node " + x.owner.node + " of cluster "
              + to_string(x.owner.cluster) + ", this is node " + owner_.node
              + " of cluster " + to_string(owner_.cluster)};
  if (x.owner.incarnation > owner_.incarnation)
    return {errc::wrong_cluster,
            "the log was written by incarnation "
              + to_string(x.owner.incarnation) + ", which is newer than "
              + to_string(owner_.incarnation)
              + ": the identity of this node was put back to an older state"};
  head_ = x;
  return {};
}

result<void> log_replay::carry_out(const codec::set_state& x,
                                   std::span<const record_place>) {
  // Restates what is known, except in the oldest segment: it is all there is.
  log_effect effect;
  effect.set = x.set;
  effect.state = x.state;
  effect.base = x.base;
  effect.keep_tail = true;
  if (!index_.apply(effect, {}))
    return error{errc::corrupt, {}};
  auto& facts = facts_[x.set];
  if (x.base)
    facts.base_moved(x.base->index, true);
  return {};
}

result<void> log_replay::carry_out(const codec::set_change& x,
                                   std::span<const record_place> places) {
  if (!may_lie_in(places, x.entries))
    return error{errc::corrupt, {}};
  log_effect effect;
  effect.set = x.set;
  effect.state = x.state;
  effect.base = x.base;
  effect.keep_tail = x.keep_tail;
  if (!x.entries.empty()) {
    effect.first = x.entries.front().index;
    effect.count = static_cast<std::uint32_t>(x.entries.size());
  }
  if (!index_.apply(effect, x.entries.empty() ? std::span<const record_place>{}
                                              : places))
    return error{errc::corrupt, {}};
  auto& facts = facts_[x.set];
  if (x.base)
    facts.base_moved(x.base->index,
                     x.keep_tail || mutated(mutant::recovery_keeps_tail));
  if (!x.entries.empty())
    facts.appended(x.entries);
  return {};
}

result<void> log_replay::carry_out(const codec::moved_entries& x,
                                   std::span<const record_place> places) {
  if (!may_lie_in(places, x.entries))
    return error{errc::corrupt, {}};
  log_effect effect;
  effect.what = log_effect::kind::moved;
  effect.set = x.set;
  effect.first = x.entries.front().index;
  effect.count = static_cast<std::uint32_t>(x.entries.size());
  if (!index_.apply(effect, places))
    return error{errc::corrupt, {}};
  facts_[x.set].moved(x.entries);
  return {};
}

result<void> log_replay::carry_out(const codec::set_removal& x,
                                   std::span<const record_place>) {
  log_effect effect;
  effect.what = log_effect::kind::removed;
  effect.set = x.set;
  if (!index_.apply(effect, {}))
    return error{errc::corrupt, {}};
  facts_.erase(x.set);
  return {};
}

result<void> log_replay::carry_out(const codec::set_cut& x,
                                   std::span<const record_place>) {
  log_effect effect;
  effect.what = log_effect::kind::cut;
  effect.set = x.set;
  effect.first = x.first;
  if (!index_.apply(effect, {}))
    return error{errc::corrupt, {}};
  facts_[x.set].cut(x.first);
  return {};
}

// -- the outcome --------------------------------------------------------------

result<std::vector<codec::set_cut>> log_replay::finish(bool salvage) {
  std::vector<codec::set_cut> result;
  for (const auto set : index_.cut_at_gaps()) {
    if (!salvage)
      return error{errc::corrupt,
                   "entries of set " + to_string(set) + " are missing"};
    const auto first = index_.find(set)->last.next();
    facts_[set].cut(first);
    result.push_back({set, first});
  }
  return result;
}

std::map<set_id, replication::recovered_state> log_replay::states() const {
  std::map<set_id, replication::recovered_state> result;
  for (const auto& [set, log] : index_.sets()) {
    const auto facts = facts_.find(set);
    COHORT_CHECK(facts != facts_.end());
    result.emplace(set, facts->second.state_of(log));
  }
  return result;
}

} // namespace cohort::storage
