#include "storage/block.hpp"

#include "core/check.hpp"
#include "core/little_endian.hpp"

#include <algorithm>
#include <cstring>

namespace cohort::storage {

namespace {

constexpr std::uint32_t magic = 0x4c484f43; // "COHL"

// Where the fields of a header are, in the payload of the first sector;
// docs/STORAGE_FORMAT.md.
constexpr std::size_t magic_at = 0;
constexpr std::size_t version_at = 4;
constexpr std::size_t kind_at = 6;
constexpr std::size_t flags_at = 8;
constexpr std::size_t set_count_at = 10;
constexpr std::size_t pages_at = 12;
constexpr std::size_t first_page_at = 16;
constexpr std::size_t body_bytes_at = 20;
constexpr std::size_t previous_at = 24;
constexpr std::size_t synced_before_at = 32;
constexpr std::size_t boot_counter_at = 40;
constexpr std::size_t oldest_life_at = 48;
constexpr std::size_t sets_at = 64;

static_assert(sets_at + named_sets_max * sizeof(std::uint64_t)
              <= sector_payload_bytes);

constexpr std::uint16_t continues_flag = 1;
constexpr std::uint16_t continued_flag = 2;
constexpr std::uint16_t too_many_sets = 0xffff;

/// The sector of a block in which a byte of its body lies.
constexpr std::size_t sector_of(std::size_t offset) {
  return 1 + offset / sector_payload_bytes;
}

void write_header(std::byte* to, const block_header& from) {
  std::memset(to, 0, sector_payload_bytes);
  store_le(to + magic_at, magic);
  store_le(to + version_at, format_version);
  store_le(to + kind_at, static_cast<std::uint16_t>(from.kind));
  store_le(to + flags_at,
           static_cast<std::uint16_t>((from.continues ? continues_flag : 0)
                                      | (from.continued ? continued_flag : 0)));
  store_le(to + pages_at, from.pages);
  store_le(to + first_page_at, from.first_page);
  store_le(to + body_bytes_at, from.body_bytes);
  store_le(to + previous_at, from.previous);
  store_le(to + synced_before_at, from.synced_before);
  store_le(to + boot_counter_at, from.boot_counter);
  store_le(to + oldest_life_at, from.oldest_life);
  if (!from.sets)
    return store_le(to + set_count_at, too_many_sets);
  store_le(to + set_count_at, static_cast<std::uint16_t>(from.sets->size()));
  for (std::size_t i = 0; i < from.sets->size(); ++i)
    store_le(to + sets_at + i * sizeof(std::uint64_t), (*from.sets)[i].value);
}

} // namespace

page_range pages_of_body(std::size_t offset, std::size_t size) {
  const auto first = sector_of(offset) / sectors_per_page;
  const auto last = sector_of(offset + std::max<std::size_t>(size, 1) - 1)
                    / sectors_per_page;
  return {first, last - first + 1};
}

// -- building -----------------------------------------------------------------

block_builder::block_builder(std::size_t size) : buffer_(size) {
  COHORT_CHECK(size > 0 && size % page_bytes == 0);
}

void block_builder::append(std::span<const std::byte> data) {
  COHORT_CHECK(data.size() <= room());
  while (!data.empty()) {
    const auto within = body_bytes_ % sector_payload_bytes;
    const auto count = std::min(data.size(), sector_payload_bytes - within);
    std::memcpy(buffer_.data() + sector_of(body_bytes_) * sector_bytes
                  + sector_head_bytes + within,
                data.data(), count);
    body_bytes_ += count;
    data = data.subspan(count);
  }
}

void block_builder::name(set_id set) {
  if (!sets_ || (!sets_->empty() && sets_->back() == set)
      || std::find(sets_->begin(), sets_->end(), set) != sets_->end())
    return;
  if (sets_->size() == named_sets_max)
    sets_.reset();
  else
    sets_->push_back(set);
}

std::span<const std::byte> block_builder::finish(block_header& header) {
  const auto pages = pages_for_body(body_bytes_);
  const auto sectors = pages * sectors_per_page;
  header.pages = static_cast<std::uint32_t>(pages);
  header.body_bytes = static_cast<std::uint32_t>(body_bytes_);
  header.sets = sets_;
  write_header(buffer_.data() + sector_head_bytes, header);
  // What is left of the last sector, and whole sectors behind it: the buffer
  // still holds an older block there.
  const auto within = body_bytes_ % sector_payload_bytes;
  auto* end = buffer_.data() + sector_of(body_bytes_) * sector_bytes
              + sector_head_bytes + within;
  auto* limit = buffer_.data() + sectors * sector_bytes;
  if (end < limit)
    std::memset(end, 0, static_cast<std::size_t>(limit - end));
  seal(sectors, header);
  clear();
  return buffer_.span().first(pages * page_bytes);
}

void block_builder::seal(std::size_t sectors, const block_header& header) {
  for (std::size_t i = 0; i < sectors; ++i)
    seal_sector(buffer_.span().subspan(i * sector_bytes, sector_bytes),
                {header.life, header.number, static_cast<std::uint32_t>(i)});
}

void block_builder::clear() {
  body_bytes_ = 0;
  if (!sets_)
    sets_.emplace();
  sets_->clear();
}

// -- reading ------------------------------------------------------------------

result<block_header> read_block_header(std::span<const std::byte> sector) {
  const auto view = inspect_sector(sector);
  COHORT_CHECK(view.state == sector_state::good && view.id.index == 0);
  const auto* from = sector.data() + sector_head_bytes;
  if (load_le<std::uint32_t>(from + magic_at) != magic)
    return error{errc::malformed, "block: not a header"};
  const auto version = load_le<std::uint16_t>(from + version_at);
  if (version > format_version)
    return error{errc::unsupported,
                 "the log has format " + std::to_string(version)
                   + ", this release reads up to "
                   + std::to_string(format_version)
                   + ": start a release at least as new as the one that wrote "
                     "it"};
  const auto kind = load_le<std::uint16_t>(from + kind_at);
  const auto flags = load_le<std::uint16_t>(from + flags_at);
  block_header result;
  result.kind = static_cast<block_kind>(kind);
  result.continues = (flags & continues_flag) != 0;
  result.continued = (flags & continued_flag) != 0;
  result.pages = load_le<std::uint32_t>(from + pages_at);
  result.first_page = load_le<std::uint32_t>(from + first_page_at);
  result.body_bytes = load_le<std::uint32_t>(from + body_bytes_at);
  result.life = view.id.life;
  result.number = view.id.block;
  result.previous = load_le<std::uint64_t>(from + previous_at);
  result.synced_before = load_le<std::uint64_t>(from + synced_before_at);
  result.boot_counter = load_le<std::uint64_t>(from + boot_counter_at);
  result.oldest_life = load_le<std::uint64_t>(from + oldest_life_at);
  const auto set_count = load_le<std::uint16_t>(from + set_count_at);
  if (set_count == too_many_sets) {
    result.sets.reset();
  } else {
    if (set_count > named_sets_max)
      return error{errc::malformed, "block: names too many sets"};
    for (std::size_t i = 0; i < set_count; ++i)
      result.sets->push_back(set_id{
        load_le<std::uint64_t>(from + sets_at + i * sizeof(std::uint64_t))});
  }
  const bool in_parts = result.continues || result.continued;
  if (kind < 1 || kind > 3 || result.pages == 0
      || result.pages != pages_for_body(result.body_bytes)
      || (in_parts && result.body_bytes == 0)
      || result.synced_before > result.previous
      || result.previous >= result.number
      || result.boot_counter > log_number_max
      || result.oldest_life > result.life)
    return error{errc::malformed, "block: a header that nobody writes"};
  return result;
}

bool gather_body(std::span<const std::byte> pages, std::size_t first_page,
                 std::uint64_t life, std::uint64_t number, std::size_t offset,
                 std::span<std::byte> to) {
  const auto first_sector = first_page * sectors_per_page;
  while (!to.empty()) {
    const auto at = sector_of(offset);
    COHORT_CHECK(at >= first_sector
                 && (at - first_sector + 1) * sector_bytes <= pages.size());
    const auto sector = pages.subspan((at - first_sector) * sector_bytes,
                                      sector_bytes);
    if (!inspect_sector(sector).is(
          {life, number, static_cast<std::uint32_t>(at)}))
      return false;
    const auto within = offset % sector_payload_bytes;
    const auto count = std::min(to.size(), sector_payload_bytes - within);
    std::memcpy(to.data(), sector.data() + sector_head_bytes + within, count);
    offset += count;
    to = to.subspan(count);
  }
  return true;
}

} // namespace cohort::storage
