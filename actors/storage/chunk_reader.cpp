#include "storage/chunk_reader.hpp"

#include "codec/record_codec.hpp"
#include "storage/block.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

namespace cohort::storage {

namespace {

using replication::entry;

/// Records that lie close together are read in one go.
constexpr std::size_t window_pages = 64;

/// The pages of a segment that a chunk needs.
page_range range_of(const chunk& x) {
  const auto within = pages_of_body(x.at.offset, x.at.bytes);
  return {x.at.page + within.first, within.count};
}

/// The entries of a record, whichever kind it is.
result<std::vector<entry>> entries_in(const frame& whole) {
  auto record = codec::decode_record(whole, 0, whole.word_count());
  if (!record)
    return record.err();
  if (auto* change = std::get_if<codec::set_change>(&*record))
    return std::move(change->entries);
  if (auto* moved = std::get_if<codec::moved_entries>(&*record))
    return std::move(moved->entries);
  return error{errc::malformed, "record: has no entries"};
}

} // namespace

result<std::vector<entry>> chunk_reader::read(index_t first, index_t last,
                                              std::size_t bytes_max) {
  std::vector<entry> result;
  std::size_t weight = 0;
  while (at_ < chunks_.size()) {
    const auto parts = chunks_[at_].what.parts;
    auto entries = read_chunk();
    if (!entries)
      return entries.err();
    for (auto& x : *entries) {
      if (x.index < first)
        continue;
      weight += x.weight();
      if (x.index > last || (weight > bytes_max && !result.empty()))
        return result;
      result.push_back(std::move(x));
    }
    at_ += parts;
  }
  return result;
}

/// What is still in the log of the entries at the current place.
result<std::vector<entry>> chunk_reader::read_chunk() {
  const auto& live = chunks_[at_].what;
  auto record = read_record();
  if (!record)
    return record.err();
  auto entries = entries_in(*record);
  if (!entries)
    return damaged(chunks_[at_]);
  const auto begin =
    std::find_if(entries->begin(), entries->end(),
                 [&](const entry& x) { return x.index == live.first; });
  if (entries->end() - begin < static_cast<std::ptrdiff_t>(live.count))
    return damaged(chunks_[at_]);
  return std::vector<entry>{std::make_move_iterator(begin),
                            std::make_move_iterator(begin + live.count)};
}

/// Puts the parts of a record together.
result<frame> chunk_reader::read_record() {
  const auto parts = chunks_.subspan(at_, chunks_[at_].what.parts);
  std::size_t size = 0;
  for (const auto& x : parts)
    size += x.what.at.bytes;
  frame_buffer buffer{size / sizeof(std::uint64_t)};
  std::span left{reinterpret_cast<std::byte*>(buffer.data()), size};
  for (const auto& x : parts) {
    if (auto read = gather(x, left.first(x.what.at.bytes)); !read)
      return read.err();
    left = left.subspan(x.what.at.bytes);
  }
  return frame{std::move(buffer)};
}

result<void> chunk_reader::gather(const located_chunk& x,
                                  std::span<std::byte> to) {
  auto pages = pages_of(x);
  if (!pages)
    return pages.err();
  const auto& at = x.what.at;
  const auto first = range_of(x.what).first - at.page;
  if (!gather_body(*pages, first, at.life, at.block, at.offset, to))
    return damaged(x);
  return {};
}

result<std::span<const std::byte>>
chunk_reader::pages_of(const located_chunk& x) {
  const auto range = range_of(x.what);
  auto& w = window_;
  if (x.from != w.from || range.first < w.first
      || range.first + range.count > w.first + w.count) {
    const auto wanted = wanted_from(x);
    w.from.reset();
    w.buffer.reserve(wanted * page_bytes);
    auto read = x.from->read_at(std::uint64_t{range.first} * page_bytes,
                                w.buffer.span().first(wanted * page_bytes));
    if (!read)
      return read.err();
    if (*read < range.count * page_bytes)
      return damaged(x);
    w.from = x.from;
    w.first = range.first;
    w.count = *read / page_bytes;
  }
  const std::span<const std::byte> all{w.buffer.data(), w.buffer.size()};
  return all.subspan((range.first - w.first) * page_bytes,
                     range.count * page_bytes);
}

/// How many pages to read for `x` and the chunks close behind it.
std::size_t chunk_reader::wanted_from(const located_chunk& x) const {
  const auto range = range_of(x.what);
  auto result = range.count;
  for (const auto& next : chunks_.subspan(at_)) {
    const auto behind = range_of(next.what);
    const auto end = behind.first + behind.count;
    if (next.from != x.from || behind.first < range.first
        || end > range.first + window_pages)
      break;
    result = std::max(result, end - range.first);
  }
  return result;
}

error chunk_reader::damaged(const located_chunk& x) const {
  return {errc::corrupt,
          x.name + " at byte "
            + std::to_string(std::uint64_t{x.what.at.page} * page_bytes)
            + ": block " + std::to_string(x.what.at.block)
            + " is damaged; the node must be admitted anew"};
}

} // namespace cohort::storage
