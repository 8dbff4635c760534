#include "storage/snapshot_file.hpp"

#include "core/check.hpp"
#include "core/crc32c.hpp"
#include "core/little_endian.hpp"
#include "core/mutant.hpp"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

namespace cohort::storage {

namespace {

constexpr std::uint32_t magic = 0x53484f43; // "COHS"
constexpr std::uint16_t version = 1;

// The head of a chunk; docs/STORAGE_FORMAT.md.
constexpr std::size_t head_checksum_at = 0;
constexpr std::size_t magic_at = 4;
constexpr std::size_t version_at = 8;
constexpr std::size_t kind_at = 10;
constexpr std::size_t size_at = 12;
constexpr std::size_t offset_at = 16;
constexpr std::size_t follows_at = 24;
constexpr std::size_t head_bytes = 32;

constexpr std::size_t footer_body_bytes = 16;

/// A head may list many terms; an attachment or content chunk is smaller.
constexpr std::size_t body_bytes_max = std::size_t{16} << 20;

/// What a node keeps beside its machine must fit into memory.
constexpr std::uint64_t attachment_bytes_max = std::uint64_t{1} << 30;

/// Written to the disk in steps, so that the log's syncs do not wait for one
/// huge one.
constexpr std::uint64_t sync_step_bytes = std::uint64_t{8} << 20;

struct chunk_head {
  std::uint32_t checksum = 0;
  std::uint16_t version = 0;
  snapshot_chunk kind{};
  std::uint32_t size = 0;
  std::uint64_t offset = 0;
  std::uint32_t follows = 0;
};

chunk_head read_chunk_head(const char* from) {
  return {load_le<std::uint32_t>(from + head_checksum_at),
          load_le<std::uint16_t>(from + version_at),
          static_cast<snapshot_chunk>(load_le<std::uint16_t>(from + kind_at)),
          load_le<std::uint32_t>(from + size_at),
          load_le<std::uint64_t>(from + offset_at),
          load_le<std::uint32_t>(from + follows_at)};
}

std::span<std::byte> writable(std::string& x) {
  return std::as_writable_bytes(std::span{x});
}

} // namespace

// -- writing ------------------------------------------------------------------

snapshot_file_writer::snapshot_file_writer(std::unique_ptr<file> to)
  : to_(std::move(to)) {
  // nop
}

result<void> snapshot_file_writer::write_chunk(snapshot_chunk kind,
                                               std::string_view body) {
  COHORT_CHECK(body.size() <= body_bytes_max);
  chunk_.assign(head_bytes + body.size(), '\0');
  auto* at = chunk_.data();
  store_le(at + magic_at, magic);
  store_le(at + version_at, version);
  store_le(at + kind_at, static_cast<std::uint16_t>(kind));
  store_le(at + size_at, static_cast<std::uint32_t>(body.size()));
  store_le(at + offset_at, offset_);
  store_le(at + follows_at, last_checksum_);
  std::copy(body.begin(), body.end(), at + head_bytes);
  last_checksum_ = crc32c(at + magic_at, chunk_.size() - magic_at);
  store_le(at + head_checksum_at, last_checksum_);
  if (auto written = to_->write_at(offset_, std::as_bytes(std::span{chunk_}));
      !written)
    return written;
  offset_ += chunk_.size();
  unsynced_ += chunk_.size();
  if (unsynced_ < sync_step_bytes)
    return {};
  unsynced_ = 0;
  return to_->sync();
}

result<void> snapshot_file_writer::write_pieces(snapshot_chunk kind,
                                                std::string_view data) {
  while (!data.empty()) {
    const auto piece = data.substr(0, snapshot_chunk_bytes);
    if (auto written = write_chunk(kind, piece); !written)
      return written;
    data.remove_prefix(piece.size());
  }
  return {};
}

result<void> snapshot_file_writer::begin(codec::snapshot_head head,
                                         std::string_view attachment) {
  COHORT_CHECK(offset_ == 0);
  if (attachment.size() > attachment_bytes_max)
    return {errc::too_large, "the attachment of a snapshot is too large"};
  head.attachment_bytes = attachment.size();
  const auto encoded = encode(head);
  if (auto written = write_chunk(snapshot_chunk::head,
                                 {encoded.data(), encoded.size()});
      !written)
    return written;
  return write_pieces(snapshot_chunk::attachment, attachment);
}

result<void> snapshot_file_writer::append(std::string_view content) {
  content_bytes_ += content.size();
  while (!content.empty()) {
    if (buffer_.empty() && content.size() >= snapshot_chunk_bytes) {
      const auto whole = content.size() / snapshot_chunk_bytes
                         * snapshot_chunk_bytes;
      if (auto written = write_pieces(snapshot_chunk::content,
                                      content.substr(0, whole));
          !written)
        return written;
      content.remove_prefix(whole);
      continue;
    }
    const auto count = std::min(content.size(),
                                snapshot_chunk_bytes - buffer_.size());
    buffer_.append(content.substr(0, count));
    content.remove_prefix(count);
    if (buffer_.size() < snapshot_chunk_bytes)
      return {};
    if (auto written = write_chunk(snapshot_chunk::content, buffer_); !written)
      return written;
    buffer_.clear();
  }
  return {};
}

result<void> snapshot_file_writer::finish() {
  if (auto written = write_pieces(snapshot_chunk::content, buffer_); !written)
    return written;
  buffer_.clear();
  char body[footer_body_bytes] = {};
  store_le(body, content_bytes_);
  store_le(body + 8, offset_ + head_bytes + footer_body_bytes);
  if (auto written = write_chunk(snapshot_chunk::footer,
                                 {body, footer_body_bytes});
      !written)
    return written;
  if (mutated(mutant::snapshot_is_not_synced))
    return {};
  return to_->sync();
}

// -- reading ------------------------------------------------------------------

snapshot_file_reader::snapshot_file_reader(std::shared_ptr<const file> from,
                                           std::string path)
  : from_(std::move(from)),
    path_(std::move(path)) {
  // nop
}

error snapshot_file_reader::damaged() const {
  return {errc::corrupt, path_ + ": the snapshot is damaged at byte "
                           + std::to_string(offset_)};
}

result<snapshot_file_reader>
snapshot_file_reader::open(std::shared_ptr<const file> from, std::string path) {
  snapshot_file_reader result{std::move(from), std::move(path)};
  auto size = result.from_->size();
  if (!size)
    return size.err();
  result.file_bytes_ = *size;
  if (auto read = result.read_head(); !read)
    return read.err();
  if (auto read = result.read_footer(); !read)
    return read.err();
  if (auto read = result.read_attachment(); !read)
    return read.err();
  return result;
}

/// Reads the chunk at the current place, which must be of the kind expected.
result<void> snapshot_file_reader::read_chunk(snapshot_chunk expected,
                                              std::string& body) {
  std::string head(head_bytes, '\0');
  auto read = from_->read_at(offset_, writable(head));
  if (!read)
    return read.err();
  if (*read < head_bytes
      || load_le<std::uint32_t>(head.data() + magic_at) != magic)
    return damaged();
  const auto said = read_chunk_head(head.data());
  if (said.version > version)
    return {errc::unsupported,
            path_ + ": has version " + std::to_string(said.version)
              + ", this release reads up to " + std::to_string(version)};
  if (said.size > body_bytes_max
      || said.size > file_bytes_ - std::min(file_bytes_, offset_ + head_bytes))
    return damaged();
  body.resize(said.size);
  auto rest = from_->read_at(offset_ + head_bytes, writable(body));
  if (!rest)
    return rest.err();
  const auto checksum =
    crc32c(body.data(), body.size(),
           crc32c(head.data() + magic_at, head_bytes - magic_at));
  if (*rest < body.size() || checksum != said.checksum || said.kind != expected
      || said.offset != offset_ || said.follows != last_checksum_)
    return damaged();
  offset_ += head_bytes + body.size();
  last_checksum_ = checksum;
  return {};
}

result<void> snapshot_file_reader::read_head() {
  std::string body;
  if (auto read = read_chunk(snapshot_chunk::head, body); !read)
    return read;
  if (body.size() % sizeof(std::uint64_t) != 0)
    return damaged();
  frame_buffer buffer{body.size() / sizeof(std::uint64_t)};
  std::memcpy(buffer.data(), body.data(), body.size());
  auto decoded = codec::decode_snapshot_head(frame{std::move(buffer)});
  if (!decoded)
    return {decoded.err().code == errc::unsupported ? errc::unsupported
                                                    : errc::corrupt,
            path_ + ": " + decoded.err().message};
  head_ = std::move(*decoded);
  return {};
}

/// Looks at the end, to know at once whether the file is whole. That its footer
/// follows the last chunk is seen when it is reached.
result<void> snapshot_file_reader::read_footer() {
  constexpr auto footer_bytes = head_bytes + footer_body_bytes;
  if (file_bytes_ < offset_ + footer_bytes)
    return damaged();
  const auto back = std::pair{offset_, last_checksum_};
  offset_ = file_bytes_ - footer_bytes;
  std::string head(head_bytes, '\0');
  auto read = from_->read_at(offset_, writable(head));
  if (!read)
    return read.err();
  last_checksum_ = read_chunk_head(head.data()).follows;
  std::string body;
  if (auto whole = read_chunk(snapshot_chunk::footer, body); !whole)
    return whole;
  if (body.size() != footer_body_bytes
      || load_le<std::uint64_t>(body.data() + 8) != file_bytes_)
    return damaged();
  content_bytes_ = load_le<std::uint64_t>(body.data());
  std::tie(offset_, last_checksum_) = back;
  return {};
}

result<void> snapshot_file_reader::read_attachment() {
  if (head_.attachment_bytes > attachment_bytes_max
      || head_.attachment_bytes > file_bytes_)
    return damaged();
  std::string body;
  while (attachment_.size() < head_.attachment_bytes) {
    if (auto read = read_chunk(snapshot_chunk::attachment, body); !read)
      return read;
    attachment_ += body;
  }
  if (attachment_.size() != head_.attachment_bytes)
    return damaged();
  return {};
}

result<bool> snapshot_file_reader::next(std::string& chunk) {
  if (content_read_ == content_bytes_) {
    if (offset_ == file_bytes_)
      return false;
    if (auto read = read_chunk(snapshot_chunk::footer, chunk); !read)
      return read.err();
    chunk.clear();
    if (offset_ != file_bytes_)
      return damaged();
    return false;
  }
  if (auto read = read_chunk(snapshot_chunk::content, chunk); !read)
    return read.err();
  content_read_ += chunk.size();
  if (chunk.empty() || content_read_ > content_bytes_)
    return damaged();
  return true;
}

result<std::string>
snapshot_file_reader::read_raw(std::uint64_t offset,
                               std::size_t bytes_max) const {
  const auto left = file_bytes_ - std::min(file_bytes_, offset);
  std::string result(
    static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes_max)), '\0');
  auto read = from_->read_at(offset, writable(result));
  if (!read)
    return read.err();
  if (*read < result.size())
    return damaged();
  return result;
}

} // namespace cohort::storage
