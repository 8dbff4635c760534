#include "storage/segment_scan.hpp"

#include "core/check.hpp"
#include "core/mutant.hpp"

#include <algorithm>

namespace cohort::storage {

namespace {

/// Every sector of an image, inspected once.
std::vector<sector_view> inspect_all(std::span<const std::byte> image) {
  std::vector<sector_view> result;
  result.reserve(image.size() / sector_bytes);
  for (std::size_t i = 0; i < image.size(); i += sector_bytes) {
    auto x = inspect_sector(image.subspan(i, sector_bytes));
    if (x.id.life > log_number_max || x.id.block > log_number_max)
      x = {};
    result.push_back(x);
  }
  return result;
}

block_state state_of(const block_header& header,
                     std::span<const sector_view> sectors) {
  const auto begin = std::size_t{header.first_page} * sectors_per_page;
  const auto count = std::size_t{header.pages} * sectors_per_page;
  auto result = block_state::complete;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& sector = sectors[begin + i];
    if (sector.state == sector_state::damaged)
      return block_state::damaged;
    if (!sector.is({header.life, header.number, static_cast<std::uint32_t>(i)})
        && !mutated(mutant::torn_blocks_count))
      result = block_state::torn;
  }
  return result;
}

/// Notes what the highest numbers are, whatever they belong to.
void note_numbers(segment_scan& scan, std::span<const sector_view> sectors) {
  for (const auto& x : sectors) {
    if (x.state != sector_state::good)
      continue;
    scan.life = std::max(scan.life, x.id.life);
    scan.highest_block = std::max(scan.highest_block, x.id.block);
  }
}

} // namespace

const scanned_block* segment_scan::at(std::uint32_t page) const {
  const auto found =
    std::lower_bound(blocks.begin(), blocks.end(), page,
                     [](const scanned_block& x, std::uint32_t wanted) {
                       return x.header.first_page < wanted;
                     });
  return found != blocks.end() && found->header.first_page == page ? &*found
                                                                   : nullptr;
}

bool segment_scan::head_damaged(std::uint32_t page) const {
  return std::binary_search(damaged_heads.begin(), damaged_heads.end(), page);
}

const scanned_block* segment_scan::opening() const {
  const auto* first = at(0);
  return first && first->header.kind == block_kind::opening ? first : nullptr;
}

segment_scan scan_segment(std::string name, std::span<const std::byte> image) {
  COHORT_CHECK(image.size() % page_bytes == 0);
  segment_scan result;
  result.name = std::move(name);
  result.pages = static_cast<std::uint32_t>(image.size() / page_bytes);
  const auto sectors = inspect_all(image);
  note_numbers(result, sectors);
  for (std::uint32_t page = 0; page < result.pages; ++page) {
    const auto first = std::size_t{page} * sectors_per_page;
    const auto& head = sectors[first];
    if (head.state == sector_state::damaged)
      result.damaged_heads.push_back(page);
    if (head.state != sector_state::good || head.id.index != 0)
      continue;
    auto header =
      read_block_header(image.subspan(first * sector_bytes, sector_bytes));
    if (!header) {
      if (header.err().code == errc::unsupported)
        result.unsupported = header.err();
      continue;
    }
    result.highest_boot_counter = std::max(result.highest_boot_counter,
                                           header->boot_counter);
    const bool in_place = header->first_page == page
                          && header->pages <= result.pages - page;
    if (header->life == result.life && in_place)
      result.blocks.push_back({std::move(*header), {}});
  }
  for (auto& x : result.blocks)
    x.state = state_of(x.header, sectors);
  return result;
}

} // namespace cohort::storage
