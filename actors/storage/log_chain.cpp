#include "storage/log_chain.hpp"

#include "core/mutant.hpp"

#include <algorithm>
#include <optional>

namespace cohort::storage {

namespace {

/// Builds a chain from the scans of all files.
class chain_builder {
public:
  explicit chain_builder(const std::vector<segment_scan>& scans)
    : scans_(scans) {}

  log_chain build() {
    collect_claims();
    if (!begin())
      return std::move(chain_);
    while (const auto next = find_next())
      take(*next);
    judge_end();
    return std::move(chain_);
  }

private:
  // -- what headers claim -----------------------------------------------------

  /// Any header that can be read tells the truth about what was before it, also
  /// if its own block was never completed.
  void collect_claims() {
    for (const auto& scan : scans_) {
      chain_.highest_life = std::max(chain_.highest_life, scan.life);
      chain_.highest_block = std::max(chain_.highest_block, scan.highest_block);
      chain_.highest_boot_counter = std::max(chain_.highest_boot_counter,
                                             scan.highest_boot_counter);
      for (const auto& x : scan.blocks) {
        chain_.oldest_life = std::max(chain_.oldest_life, x.header.oldest_life);
        if (!mutated(mutant::covered_damage_is_cut))
          durable_ = std::max(durable_, x.header.synced_before);
      }
    }
  }

  // -- following --------------------------------------------------------------

  /// Finds the first block. False: there is none, and the verdict is set.
  bool begin() {
    for (std::size_t i = 0; i < scans_.size(); ++i) {
      if (scans_[i].life != chain_.oldest_life || scans_[i].life == 0)
        continue;
      chain_.end_segment = i;
      const auto* opening = scans_[i].opening();
      if (opening && opening->state == block_state::complete) {
        take({i, 0});
        return true;
      }
    }
    if (durable_ > 0)
      conclude(tail_verdict::corrupt,
               "the log needs the segment of life "
                 + std::to_string(chain_.oldest_life)
                 + ", whose first block is damaged or missing");
    else
      judge_files_beyond(0);
    return false;
  }

  const scanned_block& block(chain_link link) const {
    return scans_[link.segment].blocks[link.block];
  }
  const segment_scan& end() const {
    return scans_[chain_.end_segment];
  }

  void take(chain_link link) {
    const auto& header = block(link).header;
    chain_.links.push_back(link);
    chain_.end_segment = link.segment;
    chain_.end_page = header.first_page + header.pages;
    last_ = header.number;
  }

  /// The complete block that follows the last one: behind it, or at the head of
  /// a newer segment. If both are there, an interrupted write was given up for
  /// the block with the higher number.
  std::optional<chain_link> find_next() const {
    std::optional<chain_link> best;
    const auto consider = [&](std::size_t segment, const scanned_block* x) {
      if (!x || x->state != block_state::complete || x->header.previous != last_
          || x->header.number <= last_)
        return;
      if (!best || block(*best).header.number < x->header.number)
        best = chain_link{
          segment, static_cast<std::size_t>(x - scans_[segment].blocks.data())};
    };
    consider(chain_.end_segment, behind_end());
    for (std::size_t i = 0; i < scans_.size(); ++i)
      if (scans_[i].life > end().life)
        consider(i, scans_[i].opening());
    return best;
  }

  /// The block whose header is where the next one would be.
  const scanned_block* behind_end() const {
    const auto* found = end().at(chain_.end_page);
    return found && found->header.previous == last_ ? found : nullptr;
  }

  // -- judging ----------------------------------------------------------------

  void judge_end() {
    if (durable_ > last_)
      return conclude(tail_verdict::corrupt,
                      "block " + std::to_string(durable_)
                        + " was durable, but the blocks behind "
                        + std::to_string(last_) + " are damaged or missing");
    const auto& damaged = end().damaged_heads;
    chain_.damage_ahead = !damaged.empty() && damaged.back() >= chain_.end_page;
    const auto* next = behind_end();
    if (mutated(mutant::damaged_tail_is_cut))
      return conclude(tail_verdict::torn, "the last block is damaged");
    if (next && next->state == block_state::damaged)
      suspect_from(*next);
    else if (end().head_damaged(chain_.end_page))
      suspect_all("the header behind block " + std::to_string(last_)
                  + " is damaged");
    judge_files_beyond(end().life);
    if (chain_.verdict == tail_verdict::clean && chain_.highest_block > last_)
      conclude(tail_verdict::torn, "the write behind block "
                                     + std::to_string(last_)
                                     + " was interrupted");
  }

  /// A segment that is not in the chain may have been about to follow it. Which
  /// one cannot be told if its first sector is damaged.
  void judge_files_beyond(std::uint64_t life) {
    for (const auto& scan : scans_) {
      const bool beyond = scan.life > life || scan.life < chain_.oldest_life;
      const auto* opening = scan.life > life ? scan.opening() : nullptr;
      if (beyond && scan.head_damaged(0))
        suspect_all("the first sector of " + scan.name + " is damaged");
      else if (opening && opening->state == block_state::damaged)
        suspect_all("the first block of " + scan.name + " is damaged");
    }
    if (chain_.links.empty() && chain_.verdict == tail_verdict::clean
        && chain_.highest_life > 0)
      conclude(tail_verdict::torn, "the log was being created");
  }

  /// The blocks from `damaged` on are cut, and their sets are suspect.
  void suspect_from(const scanned_block& damaged) {
    conclude(tail_verdict::ambiguous,
             "block " + std::to_string(damaged.header.number)
               + ", which no later block covers, is damaged");
    const auto* at = &damaged;
    while (at) {
      const auto& header = at->header;
      if (!header.sets)
        chain_.all_suspect = true;
      else
        chain_.suspects.insert(chain_.suspects.end(), header.sets->begin(),
                               header.sets->end());
      const auto page = header.first_page + header.pages;
      if (end().head_damaged(page))
        chain_.all_suspect = true;
      const auto* next = end().at(page);
      at = next && next->header.previous == header.number ? next : nullptr;
    }
    std::sort(chain_.suspects.begin(), chain_.suspects.end());
    const auto same = std::unique(chain_.suspects.begin(),
                                  chain_.suspects.end());
    chain_.suspects.erase(same, chain_.suspects.end());
  }

  void suspect_all(std::string reason) {
    conclude(tail_verdict::ambiguous, std::move(reason));
    chain_.all_suspect = true;
  }

  void conclude(tail_verdict verdict, std::string reason) {
    chain_.verdict = verdict;
    chain_.reason = std::move(reason);
  }

  const std::vector<segment_scan>& scans_;
  log_chain chain_;
  std::uint64_t durable_ = 0; ///< the highest block that was durable for sure
  std::uint64_t last_ = 0;    ///< the chain's last block
};

} // namespace

const char* to_string(tail_verdict verdict) {
  switch (verdict) {
    case tail_verdict::clean:
      return "clean";
    case tail_verdict::torn:
      return "torn";
    case tail_verdict::ambiguous:
      return "ambiguous";
    case tail_verdict::corrupt:
      return "corrupt";
  }
  return "unknown";
}

log_chain follow_chain(const std::vector<segment_scan>& scans) {
  return chain_builder{scans}.build();
}

} // namespace cohort::storage
