// Where a log ends, and why: the verdicts of D3. Pure.
#pragma once

#include "core/ids.hpp"
#include "storage/segment_scan.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace cohort::storage {

/// What follows the last block of a log.
enum class tail_verdict : std::uint8_t {
  clean,     ///< nothing was ever written there
  torn,      ///< a write that a crash interrupted: cut. No crash loses anything
             ///< by that, but damage may look the same (decision 10)
  ambiguous, ///< damage in what no later block covers: cut, and suspected
  corrupt,   ///< what was durable is damaged or gone: never cut (D3)
};

const char* to_string(tail_verdict verdict);

/// A block of the chain: the scan it is in, and its place among that's blocks.
struct chain_link {
  std::size_t segment = 0;
  std::size_t block = 0;
};

/// A log as its files show it.
struct log_chain {
  std::vector<chain_link> links; ///< from the oldest segment needed to the end
  tail_verdict verdict = tail_verdict::clean;
  /// For an ambiguous tail: the sets that may have lost something. Unless
  /// `all_suspect`: then any may have, also one that is not in the log.
  std::vector<set_id> suspects;
  bool all_suspect = false;
  /// Where the chain ends: the segment of its last block, or the one that
  /// should be its first; and the page behind that block.
  std::size_t end_segment = 0;
  std::uint32_t end_page = 0;
  /// A page of the end's segment, where a block may be once the log has grown,
  /// looks like a damaged header.
  bool damage_ahead = false;
  std::string reason; ///< for people; empty if the tail is clean
  std::uint64_t oldest_life = 0;
  std::uint64_t highest_life = 0;
  std::uint64_t highest_block = 0;
  std::uint64_t highest_boot_counter = 0;

  bool empty() const {
    return links.empty();
  }
};

/// Follows the blocks from the oldest segment that is needed to the last block,
/// and judges what comes behind it.
///
/// A block belongs to the chain if it is complete and names the chain's last
/// block as its predecessor. The chain is whole if it reaches every block that
/// some header, anywhere, says was durable. If it does not, something durable
/// is damaged: corruption. If it does, what follows was never confirmed durable
/// by a later block, and only damage (no crash causes that) leaves a doubt.
log_chain follow_chain(const std::vector<segment_scan>& scans);

} // namespace cohort::storage
