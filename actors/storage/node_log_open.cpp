// Opening a log: recovery, and the first blocks after it.
#include "core/check.hpp"
#include "core/mutant.hpp"
#include "storage/node_log.hpp"

#include <utility>

namespace cohort::storage {

namespace {

/// Left out after a restart: sectors that cannot be read may carry numbers
/// above the highest seen, but not by as many as one sync had blocks.
constexpr std::uint64_t number_gap = std::uint64_t{1} << 16;

log_tail::numbers numbers_after(const recovered_log& recovered) {
  const auto& chain = recovered.chain;
  return {.life = chain.highest_life,
          .block = mutated(mutant::block_numbers_return)
                     ? recovered.last_block
                     : chain.highest_block + number_gap,
          .last = recovered.last_block,
          .boot_counter = chain.highest_boot_counter
                          + (mutated(mutant::boot_counter_returns) ? 0 : 1),
          .oldest_life = chain.empty() ? 0 : chain.oldest_life};
}

/// Whether the log ends where it cannot simply go on: what is there must stay
/// until a verdict about it is durable somewhere else.
bool has_doubt(const log_chain& chain) {
  return chain.verdict == tail_verdict::ambiguous
         || chain.verdict == tail_verdict::corrupt;
}

result<void> check_salvage(const open_request& request,
                           const recovered_log& recovered) {
  const auto& chain = recovered.chain;
  if (chain.verdict != tail_verdict::corrupt || chain.empty()
      || recovered.head.owner.incarnation < request.owner.incarnation)
    return {};
  return {errc::invalid,
          request.directory
            + ": a damaged log can be salvaged only for a newer incarnation: "
              "this one may have promised what is lost"};
}

} // namespace

node_log::node_log(file_system& files, const open_request& request,
                   recovered_log& recovered,
                   std::unique_ptr<directory_lock> lock)
  : files_(files),
    directory_(request.directory),
    owner_(request.owner),
    options_(request.options),
    lock_(std::move(lock)),
    tail_(numbers_after(recovered)),
    block_(static_cast<std::size_t>(request.options.block_bytes_max)),
    cuts_(recovered.cuts),
    pool_(files, request.directory, request.options,
          recovered.next_file_number),
    index_(std::move(recovered.index)) {
  boot_counter_ = tail_.boot_counter();
  for (const auto& x : recovered.segments)
    segments_[x.life] = {x.name, x.size, nullptr};
  died_bytes_ = used_bytes();
}

node_log::~node_log() = default;

result<opened_log> node_log::open(file_system& files,
                                  const open_request& request) {
  if (auto valid = request.options.validate(); !valid)
    return valid.err();
  auto lock = files.lock_directory(request.directory);
  if (!lock)
    return lock.err();
  auto recovered = recover_log(files, request.directory, request.owner,
                               request.mode, request.must_exist);
  if (!recovered)
    return recovered.err();
  if (auto allowed = check_salvage(request, *recovered); !allowed)
    return allowed.err();
  opened_log result;
  result.verdict = recovered->chain.verdict;
  result.reason = recovered->chain.reason;
  result.log.reset(new node_log{files, request, *recovered, std::move(*lock)});
  if (auto started = result.log->start(*recovered); !started)
    return started.err();
  result.sets = std::move(recovered->sets);
  result.boot_counter = result.log->boot_counter();
  result.unknown_sets_suspect = result.log->unknown_sets_suspect_;
  return result;
}

/// Makes the new boot counter and every verdict durable.
result<void> node_log::start(recovered_log& recovered) {
  for (const auto& name : recovered.leftovers)
    if (auto removed = files_.remove(join(directory_, name)); !removed)
      return removed;
  for (const auto& x : recovered.spares)
    if (auto kept = pool_.give_back(x.name, x.size); !kept)
      return kept;
  mark_suspects(recovered);
  if (auto filled = fill_reserve(); !filled)
    return filled;
  auto resumed = resume(recovered);
  if (!resumed)
    return resumed.err();
  if (auto written = write_boot_blocks(*resumed); !written)
    return written;
  for (const auto& x : recovered.evidence)
    if (auto removed = files_.remove(join(directory_, x.name)); !removed)
      return removed;
  // What comes back after a crash would lead to the same verdict once more.
  if (recovered.evidence.empty() && recovered.leftovers.empty())
    return {};
  return files_.sync_directory(directory_);
}

/// Sets that may have lost something neither vote nor acknowledge until that is
/// settled (D3). Durable with the opening that follows.
void node_log::mark_suspects(recovered_log& recovered) {
  const auto& chain = recovered.chain;
  // What an earlier incarnation may have promised binds nobody any more.
  unknown_sets_suspect_ = recovered.head.unknown_sets_suspect
                          && recovered.head.owner == owner_;
  if (chain.verdict != tail_verdict::ambiguous || chain.empty())
    return;
  unknown_sets_suspect_ = unknown_sets_suspect_ || chain.all_suspect;
  auto suspects = chain.suspects;
  if (chain.all_suspect)
    for (const auto& [set, state] : recovered.sets)
      suspects.push_back(set);
  for (const auto set : suspects) {
    auto& state = recovered.sets[set].state;
    state.suspect = true;
    log_effect effect;
    effect.set = set;
    effect.state = state;
    if (!mutated(mutant::verdict_stays_in_memory))
      publish(effect, {});
  }
}

/// Prepares the segments that must be there. Without space, what is there has
/// to do: the node starts, and says so when it refuses entries.
result<void> node_log::fill_reserve() {
  while (pool_.size() <= reserved_segments) {
    auto made = pool_.prepare();
    if (!made && made.err().code == errc::no_space)
      return {};
    if (!made)
      return made;
  }
  return {};
}

/// Goes on where the log ends, or in a new segment. Returns whether it goes on.
/// Not towards damage, if that can be helped: the next start would not know
/// that nothing was lost there.
result<bool> node_log::resume(const recovered_log& recovered) {
  const auto& chain = recovered.chain;
  if (chain.empty()) {
    if (auto begun = begin_segment(); !begun)
      return begun.err();
    return false;
  }
  const auto& end = recovered.segments.back();
  auto opened =
    files_.open(join(directory_, end.name),
                {.writable = true, .direct = true, .durable = true});
  if (!opened)
    return opened.err();
  // What was read back may not have been durable: a process that died is not a
  // machine that did.
  if (!mutated(mutant::found_tail_is_lost))
    if (auto synced = (*opened)->sync(); !synced)
      return error{errc::io_failed, synced.err().message};
  const auto pages = static_cast<std::uint32_t>(end.size / page_bytes);
  tail_.resume(std::move(*opened), end.life, chain.end_page, pages);
  const bool clear = !chain.damage_ahead || pool_.size() == 0;
  const bool goes_on = !has_doubt(chain) && clear && recovered.cuts.empty()
                       && recovered.head.owner == owner_ && tail_.room() >= 2;
  if (!goes_on)
    if (auto begun = begin_segment(); !begun)
      return begun.err();
  return goes_on;
}

/// The boot counter must survive the loss of one block: it is in two of them,
/// and the first is covered by the second.
result<void> node_log::write_boot_blocks(bool resumed) {
  const auto cover = [&]() -> result<void> {
    if (auto written = write_block({.kind = block_kind::cover}); !written)
      return abandon(written.err());
    return commit();
  };
  if (auto first = resumed ? cover() : commit(); !first)
    return first;
  return cover();
}

} // namespace cohort::storage
