// The seam to files: just what the log and the snapshots need. Fault injection
// is another implementation of it.
#pragma once

#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace cohort::storage {

/// The unit of direct access: offsets, sizes and memory are multiples of it.
inline constexpr std::size_t page_bytes = 4096;

struct open_options {
  bool create = false;   ///< makes the file; it must not be there yet
  bool writable = false; ///< created files always are
  /// Past the cache, where the file system can: whole pages from page-aligned
  /// memory only.
  bool direct = false;
  /// A write is durable when it returns, where the file system can: see
  /// file::durable_writes().
  bool durable = false;
};

/// An open file. Reading is safe from several threads; so is reading what
/// another thread writes at the same time, except that the reader may see any
/// mixture of old and new.
///
/// Errors: no_space if the disk or a quota is full, io_failed for all else. A
/// write that failed may have written any part of what it was given.
class file {
public:
  virtual ~file() = default;

  /// Writes all of `data`, growing the file where needed.
  virtual result<void> write_at(std::uint64_t offset,
                                std::span<const std::byte> data) = 0;

  /// Fills `to`; less only at the end of the file. Returns the number of bytes.
  virtual result<std::size_t> read_at(std::uint64_t offset,
                                      std::span<std::byte> to) const = 0;

  /// Everything written to the file is durable, whoever wrote it. Never call it
  /// again after it failed: the system may have dropped what it could not write
  /// (D6).
  virtual result<void> sync() = 0;

  virtual result<std::uint64_t> size() const = 0;

  /// Whether a write that returned needs no sync(). False does no harm.
  virtual bool durable_writes() const = 0;
};

/// Held: nobody else holds a lock on the same directory. Released when it is
/// destroyed, and when the process dies.
class directory_lock {
public:
  virtual ~directory_lock() = default;
};

/// Opens and arranges files. Safe to use from several threads.
///
/// Creating, renaming and removing are durable only after sync_directory().
/// Errors: not_found, exists, no_space, or io_failed; they name the path.
class file_system {
public:
  virtual ~file_system() = default;

  virtual result<std::unique_ptr<file>> open(const std::string& path,
                                             const open_options& options) = 0;

  /// Replaces `to`, if it is there, in one step. Both in one directory.
  virtual result<void> rename(const std::string& from,
                              const std::string& to) = 0;

  /// Removes a file. Who has it open can go on using it.
  virtual result<void> remove(const std::string& path) = 0;

  /// Removes an empty directory.
  virtual result<void> remove_directory(const std::string& path) = 0;

  /// Makes a directory; nothing happens if it is there.
  virtual result<void> make_directory(const std::string& path) = 0;

  /// What was created, renamed or removed in `path` is durable.
  virtual result<void> sync_directory(const std::string& path) = 0;

  /// The names in `path`, sorted, without "." and "..".
  virtual result<std::vector<std::string>> list(const std::string& path) = 0;

  /// Refused with `busy` while somebody else holds it, also in this process.
  virtual result<std::unique_ptr<directory_lock>>
  lock_directory(const std::string& path) = 0;

  /// What may still be written to the disk that `path` is on.
  virtual result<std::uint64_t> free_bytes(const std::string& path) = 0;
};

/// "directory/name".
std::string join(const std::string& directory, const std::string& name);

/// Makes a new file `path` of `size` zero bytes, durable except for its name.
/// Writes every byte: blocks that were only promised would make each later sync
/// change the file system's own tables (D2). Precondition: whole pages. Nothing
/// is left behind on failure, where that can be helped.
result<void> create_zeroed(file_system& files, const std::string& path,
                           std::uint64_t size);

/// The names in `directory` that begin with `prefix`.
result<std::vector<std::string>> list_with_prefix(file_system& files,
                                                  const std::string& directory,
                                                  const std::string& prefix);

} // namespace cohort::storage
