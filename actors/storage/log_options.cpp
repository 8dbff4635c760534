#include "storage/log_options.hpp"

namespace cohort::storage {

namespace {

constexpr std::uint64_t block_bytes_min = 4 * page_bytes;
constexpr std::uint64_t segment_bytes_limit = std::uint64_t{1} << 30;
constexpr std::uint64_t segments_limit = 4096;

} // namespace

result<void> log_options::validate() const {
  if (segment_bytes % page_bytes != 0 || segment_bytes > segment_bytes_limit)
    return {errc::invalid,
            "segment_bytes must be a multiple of 4096, and at most 1 GiB"};
  if (block_bytes_max % page_bytes != 0 || block_bytes_max < block_bytes_min)
    return {errc::invalid,
            "block_bytes_max must be a multiple of 4096, and at least 16 KiB"};
  if (block_bytes_max > segment_bytes / 4)
    return {errc::invalid,
            "block_bytes_max must be at most a quarter of segment_bytes"};
  if (log_bytes_max < (reserved_segments + 2) * segment_bytes)
    return {errc::invalid, "log_bytes_max must hold at least 4 segments"};
  if (log_bytes_limit < log_bytes_max
      || log_bytes_limit / segment_bytes > segments_limit)
    return {errc::invalid,
            "log_bytes_limit must be at least log_bytes_max, "
            "and at most 4096 segments"};
  if (reclaim_bytes_max == 0)
    return {errc::invalid, "reclaim_bytes_max must be above 0"};
  return {};
}

} // namespace cohort::storage
