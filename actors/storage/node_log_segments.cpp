// Beginning, freeing and emptying segments (D5, D6).
#include "core/check.hpp"
#include "core/mutant.hpp"
#include "storage/node_log.hpp"

#include <algorithm>
#include <utility>

namespace cohort::storage {

namespace {

/// The state of one set in an opening, with everything a configuration can
/// have.
constexpr std::uint64_t set_state_bytes_max = codec::record_head_bound;

std::uint64_t pages_for_opening(std::uint64_t sets) {
  return pages_for_body(
    static_cast<std::size_t>((sets + 1) * set_state_bytes_max));
}

} // namespace

std::uint64_t node_log::used_bytes() const {
  std::uint64_t result = 0;
  for (const auto& [life, x] : segments_)
    result += x.size;
  return result;
}

// -- room ---------------------------------------------------------------------

/// Segments that a call may have to begin, at most.
std::uint64_t node_log::segments_for(const demand& x) const {
  if (x.pages <= tail_.room())
    return 0;
  // At worst, a block that does not fit leaves the end of a segment unused.
  const auto pages = options_.segment_bytes / page_bytes;
  const auto opening = pages_for_opening(index_.sets().size() + x.new_sets);
  const auto usable = pages - opening - options_.block_bytes_max / page_bytes;
  return (x.pages + usable - 1) / usable;
}

/// Makes sure that a call will not fail halfway for want of segments, and that
/// what is not essential leaves the reserved ones alone.
result<void> node_log::make_room(const demand& x) {
  const auto count = segments_for(x);
  if (count == 0)
    return {};
  const auto over_limit = [&] {
    return used_bytes() + count * options_.segment_bytes
           > options_.log_bytes_limit;
  };
  while (!x.essential && over_limit()) {
    auto freed = reclaim_step(true);
    if (!freed)
      return freed.err();
    if (!*freed)
      return {errc::no_space, directory_ + ": the log is at log_bytes_limit; "
                                           "snapshots do not keep up"};
  }
  return ensure_spares(count, x.essential);
}

result<void> node_log::ensure_spares(std::uint64_t count, bool essential) {
  const auto ready = [&] {
    return essential ? pool_.size() : pool_.size_beyond_reserve();
  };
  while (ready() < count) {
    auto made = pool_.prepare();
    if (made)
      continue;
    if (made.err().code != errc::no_space)
      return made;
    // The disk is full: what is dead in the log is the only space left.
    auto freed = reclaim_step(true);
    if (!freed && freed.err().code != errc::no_space)
      return freed.err();
    if (!freed || !*freed)
      return made;
  }
  return {};
}

// -- beginning ----------------------------------------------------------------

/// Puts the state of every set into `to` (D5). Returns its size.
std::size_t node_log::build_opening(block_builder& to) {
  // Not the member: that may hold the record for whose sake this is done.
  codec::record_encoder encoder;
  const auto append = [&](const codec::encoded_record& record) {
    for (const auto piece : record.pieces)
      to.append(piece);
  };
  append(encoder.encode(codec::segment_head{owner_, unknown_sets_suspect_}));
  for (const auto& [set, log] : index_.sets()) {
    if (mutated(mutant::segments_forget_states))
      continue;
    append(encoder.encode(codec::set_state{set, log.state, log.base}));
    to.name(set);
  }
  for (const auto& x : cuts_)
    append(encoder.encode(x));
  return to.body_bytes();
}

/// Goes on in a new segment. What is before it becomes durable first, so that
/// only the newest segment can end in a block that is not.
result<void> node_log::begin_segment() {
  if (auto synced = tail_.sync(); !synced)
    return {errc::io_failed, synced.err().message};
  if (auto done = after_sync(); !done)
    return done;
  auto name = pool_.take();
  if (!name)
    return {errc::no_space, directory_ + ": no segment is left"};
  const auto give_back = [&](const error& why) -> result<void> {
    if (auto kept = pool_.give_back(*name, options_.segment_bytes); !kept)
      return kept;
    return why;
  };
  auto opened =
    files_.open(join(directory_, *name),
                {.writable = true, .direct = true, .durable = true});
  if (!opened)
    return give_back(opened.err());
  const auto pages = pages_for_opening(index_.sets().size() + cuts_.size());
  block_builder opening{static_cast<std::size_t>(pages * page_bytes)};
  build_opening(opening);
  const auto segment_pages =
    static_cast<std::uint32_t>(options_.segment_bytes / page_bytes);
  if (auto begun = tail_.begin_segment(std::move(*opened), segment_pages,
                                       opening);
      !begun)
    return give_back(begun.err());
  cuts_.clear();
  const std::lock_guard guard{mutex_};
  segments_[tail_.life()] = {*name, options_.segment_bytes, nullptr};
  index_.add_segment(tail_.life());
  return {};
}

// -- freeing ------------------------------------------------------------------

/// Retires the oldest segments while nothing in them is needed, and frees those
/// of which a durable block says that they are not needed: only then may they
/// be overwritten.
result<void> node_log::after_sync() {
  {
    const std::lock_guard guard{mutex_};
    counters_.durable_block = tail_.durable();
    counters_.bytes_written = tail_.bytes_written();
    counters_.bytes_moved = moved_bytes_;
    const auto needed_from = std::min(tail_.life(), unfinished_from_);
    while (!segments_.empty() && segments_.begin()->first < needed_from
           && index_.live_bytes(segments_.begin()->first) == 0) {
      const auto oldest = segments_.begin();
      index_.remove_segment(oldest->first);
      retired_.insert(segments_.extract(oldest));
    }
  }
  if (!segments_.empty())
    tail_.set_oldest_life(segments_.begin()->first);
  while (!retired_.empty()
         && (retired_.begin()->first < tail_.durable_oldest_life()
             || mutated(mutant::segments_are_reused_early))) {
    const auto free = retired_.extract(retired_.begin());
    if (auto kept = pool_.give_back(free.mapped().name, free.mapped().size);
        !kept)
      return kept;
  }
  return {};
}

bool node_log::oldest_is_due(bool forced) const {
  if (segments_.empty() || segments_.begin()->first == tail_.life())
    return false;
  const auto& [life, oldest] = *segments_.begin();
  if (index_.live_bytes(life) < oldest.size / 4)
    return true;
  // Emptying the oldest segments one after the other must gain something in the
  // end: a quarter of the log, or as much as it takes to begin a segment. What
  // is dead is gained, and what pads short blocks; but not all of that: blocks
  // leave the ends of segments unused.
  const auto used = used_bytes();
  auto gain = used - std::min(used, index_.packed_bytes());
  if (life > pass_end_)
    gain = std::min(gain, died_bytes_);
  if (forced)
    return gain >= 2 * options_.segment_bytes;
  return used > options_.log_bytes_max && gain >= used / 4;
}

bool node_log::reclaim_due() const {
  const std::lock_guard guard{mutex_};
  return oldest_is_due(false);
}

result<bool> node_log::reclaim() {
  const sole_writer alone{*this};
  if (auto usable = check_usable(); !usable)
    return usable.err();
  auto done = reclaim_step(false);
  if (!done)
    return abandon(done.err()).err();
  return done;
}

/// `forced`: segments are needed now; those that became free are usable when
/// this returns.
result<bool> node_log::reclaim_step(bool forced) {
  const auto spares_before = pool_.size();
  const bool due = oldest_is_due(forced);
  if (!due && (!forced || retired_.empty()))
    return false;
  if (due)
    if (auto done = empty_oldest(); !done)
      return done.err();
  if (forced && !retired_.empty() && pool_.size() == spares_before) {
    if (auto told = write_block({.kind = block_kind::cover}); !told)
      return told.err();
    if (auto done = commit(); !done)
      return done.err();
  }
  return true;
}

/// A step of a pass over the log, from its oldest segment to the one that is
/// the newest when the pass begins; or, for a segment of which little is
/// needed, worth it by itself.
result<void> node_log::empty_oldest() {
  const auto& [life, oldest] = *segments_.begin();
  if (life > pass_end_ && index_.live_bytes(life) >= oldest.size / 4) {
    pass_end_ = tail_.life();
    died_bytes_ = 0;
  }
  for (const auto& [set, chunks] :
       index_.live_in(life, set_id{}, options_.reclaim_bytes_max))
    if (auto moved = move_chunks(set, chunks); !moved)
      return moved;
  return commit();
}

/// Writes the entries of some chunks anew. Their old places die with that.
result<void> node_log::move_chunks(set_id set, std::span<const chunk> chunks) {
  while (!chunks.empty()) {
    const auto& first = chunks.front();
    auto entries = read(set, first.first, first.last(), ~std::size_t{0});
    if (!entries)
      return entries.err();
    COHORT_CHECK(entries->size() == first.count);
    if (auto moved = move_entries(set, *entries); !moved)
      return moved;
    chunks = chunks.subspan(first.parts);
  }
  return {};
}

result<void> node_log::move_entries(set_id set,
                                    std::span<const replication::entry> left) {
  while (!left.empty()) {
    const auto fit = entries_for_record(left);
    const auto count = std::max<std::size_t>(fit, 1);
    const auto& record = encoder_.encode_moved(set, left.first(count));
    log_effect effect;
    effect.what = log_effect::kind::moved;
    effect.set = set;
    effect.first = left.front().index;
    effect.count = static_cast<std::uint32_t>(count);
    moved_bytes_ += record.size;
    auto added = fit == 0 ? add_large_record(std::move(effect), record)
                          : add_record(std::move(effect), record);
    if (!added)
      return added;
    left = left.subspan(count);
  }
  return {};
}

// -- spares -------------------------------------------------------------------

result<void> node_log::prepare_spare() {
  if (auto usable = check_usable(); !usable)
    return usable;
  auto made = pool_.prepare();
  if (!made && made.err().code == errc::io_failed)
    failed_ = true;
  return made;
}

} // namespace cohort::storage
