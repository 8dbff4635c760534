// The file of one snapshot, and nothing about where it lies (D7).
#pragma once

#include "codec/record_codec.hpp"
#include "core/result.hpp"
#include "storage/file_system.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::storage {

/// Content is cut into chunks of this size, each with a checksum of its own.
inline constexpr std::size_t snapshot_chunk_bytes = std::size_t{256} << 10;

/// What a chunk of a snapshot file is.
enum class snapshot_chunk : std::uint32_t {
  head = 1,       ///< what the snapshot is of; the first
  attachment = 2, ///< what the node keeps beside the machine: its sessions
  content = 3,    ///< the machine's
  footer = 4,     ///< how much there is; the last
};

/// Writes a snapshot from its head to its footer. Each chunk says where it lies
/// and which chunk it follows, so that no part can be missing, repeated, or of
/// another file. Not thread-safe.
class snapshot_file_writer {
public:
  /// `to` is empty.
  explicit snapshot_file_writer(std::unique_ptr<file> to);

  /// First, once. The attachment's size in `head` is set here.
  result<void> begin(codec::snapshot_head head, std::string_view attachment);

  /// Any number of times, cut anywhere.
  result<void> append(std::string_view content);

  /// The last: everything is durable when it returns, but for the file's name.
  result<void> finish();

  std::uint64_t bytes() const {
    return offset_;
  }

private:
  result<void> write_chunk(snapshot_chunk kind, std::string_view body);
  result<void> write_pieces(snapshot_chunk kind, std::string_view data);

  std::unique_ptr<file> to_;
  std::string buffer_; ///< content that does not fill a chunk yet
  std::vector<char> chunk_;
  std::uint64_t offset_ = 0;
  std::uint64_t content_bytes_ = 0;
  std::uint64_t unsynced_ = 0;
  std::uint32_t last_checksum_ = 0;
};

/// Reads a snapshot and believes nothing. Errors: corrupt wherever a byte is
/// not what was written; unsupported if a newer release wrote it. Not
/// thread-safe.
class snapshot_file_reader {
public:
  /// Reads the head, the attachment and the footer. `path` is for errors.
  static result<snapshot_file_reader> open(std::shared_ptr<const file> from,
                                           std::string path);

  const codec::snapshot_head& head() const {
    return head_;
  }
  const std::string& attachment() const {
    return attachment_;
  }
  std::uint64_t file_bytes() const {
    return file_bytes_;
  }
  std::uint64_t content_bytes() const {
    return content_bytes_;
  }

  /// Replaces `chunk` by the next part of the content. False: there is none,
  /// and all of it was right.
  result<bool> next(std::string& chunk);

  /// Up to `bytes_max` bytes of the file itself from `offset` on, to be sent to
  /// a peer. Nothing at its end. Does not disturb next().
  result<std::string> read_raw(std::uint64_t offset,
                               std::size_t bytes_max) const;

private:
  snapshot_file_reader(std::shared_ptr<const file> from, std::string path);

  result<void> read_footer();
  result<void> read_head();
  result<void> read_attachment();
  result<void> read_chunk(snapshot_chunk expected, std::string& body);
  error damaged() const;

  std::shared_ptr<const file> from_;
  std::string path_;
  codec::snapshot_head head_;
  std::string attachment_;
  std::uint64_t file_bytes_ = 0;
  std::uint64_t content_bytes_ = 0;
  std::uint64_t content_read_ = 0;
  std::uint64_t offset_ = 0;
  std::uint32_t last_checksum_ = 0;
};

} // namespace cohort::storage
