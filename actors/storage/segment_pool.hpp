// Segment files that hold nothing that is needed.
#pragma once

#include "core/result.hpp"
#include "storage/file_system.hpp"
#include "storage/log_options.hpp"

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

namespace cohort::storage {

/// Keeps segments ready, so that beginning one needs no new blocks of the file
/// system (D2), and keeps the last ones back for what must always be written
/// (D6). Files are recycled under their name: what is left in them is of an
/// older life.
///
/// Safe to use from several threads.
class segment_pool {
public:
  /// `first_number` is above that of every file of the log.
  segment_pool(file_system& files, std::string directory,
               const log_options& options, std::uint64_t first_number);

  /// A segment, if one is ready. Who writes what may not use the reserve looks
  /// at size_beyond_reserve() first.
  std::optional<std::string> take();

  /// Gives a file back. It is removed if it has another size than segments have
  /// now, or if enough are kept already.
  result<void> give_back(const std::string& name, std::uint64_t size);

  /// Makes one more. Answers no_space if the disk does not hold one more beyond
  /// its reserve.
  result<void> prepare();

  /// Fewer are ready than options ask for.
  bool wants_more() const;

  std::size_t size() const;

  /// Segments that entries may use.
  std::size_t size_beyond_reserve() const;

  static constexpr const char* name_prefix = "segment-";
  static constexpr const char* staging_prefix = "preparing-";

private:
  std::string next_name(std::uint64_t number) const;

  file_system& files_;
  std::string directory_;
  log_options options_;

  mutable std::mutex mutex_; ///< guards what follows
  std::deque<std::string> ready_;
  std::uint64_t next_number_;
};

/// The number in the name of a segment file; nothing if it is not one of ours.
std::optional<std::uint64_t> segment_number(const std::string& name);

} // namespace cohort::storage
