// The snapshots of all sets of a node (D7).
#pragma once

#include "codec/record_codec.hpp"
#include "core/result.hpp"
#include "replication/entry.hpp"
#include "storage/file_system.hpp"
#include "storage/snapshot_file.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::storage {

class snapshot_store;

/// A file that becomes a set's snapshot when it is finished, or goes away with
/// this object. Not thread-safe; must not outlive its store.
class staged_snapshot {
public:
  ~staged_snapshot();

  staged_snapshot(const staged_snapshot&) = delete;
  staged_snapshot& operator=(const staged_snapshot&) = delete;

protected:
  staged_snapshot(snapshot_store& store, set_id set, std::string name);

  /// The file is durable under its staging name: it becomes the snapshot at
  /// `at`, and older ones go.
  result<void> switch_to(replication::log_position at);

  snapshot_store& store_;
  set_id set_;
  std::string name_; ///< empty once there is nothing to remove
};

/// Takes a snapshot of this node.
class snapshot_writer final : public staged_snapshot {
public:
  /// Any number of times, cut anywhere.
  result<void> append(std::string_view content) {
    return file_.append(content);
  }

  /// The snapshot is durable, and is the set's newest, when it returns.
  result<void> finish();

private:
  friend class snapshot_store;

  snapshot_writer(snapshot_store& store, const codec::snapshot_head& head,
                  std::string name, std::unique_ptr<file> to);

  replication::log_position at_;
  snapshot_file_writer file_;
};

/// Receives a peer's snapshot file. Nothing of it is used before all of it was
/// checked.
class snapshot_receiver final : public staged_snapshot {
public:
  /// The bytes of the peer's file from `offset` on. Bytes that were received
  /// before are ignored; invalid if there is a gap or too much.
  result<void> append(std::uint64_t offset, std::string_view data);

  /// Where to go on.
  std::uint64_t received() const {
    return received_;
  }

  /// Checks every byte and switches. Errors: corrupt or unsupported if it is
  /// not a snapshot, invalid if it is not the one that was announced.
  result<void> finish();

private:
  friend class snapshot_store;

  snapshot_receiver(snapshot_store& store, set_id set,
                    replication::log_position at, std::uint64_t file_bytes,
                    std::string name, std::unique_ptr<file> to);

  result<void> verify();

  replication::log_position at_;
  std::uint64_t file_bytes_;
  std::uint64_t received_ = 0;
  std::shared_ptr<file> to_;
};

/// Keeps one snapshot per set, and stages the next beside it. A crash at any
/// step leaves the old one or the new one. The log may be cut only after
/// finish() returned.
///
/// Threads: safe to use for several sets at the same time; for one set, one
/// thread at a time switches. Readers go on reading what they opened, also when
/// it is replaced.
///
/// Errors: no_space is an answer; io_failed stops the node (D6).
class snapshot_store {
public:
  struct options {
    /// Left free on the disk when a snapshot is received.
    std::uint64_t disk_reserve_bytes = std::uint64_t{64} << 20;
  };

  /// Removes what earlier runs left unfinished in `directory`, which is there.
  static result<std::unique_ptr<snapshot_store>>
  open(file_system& files, std::string directory, const options& opts);

  /// Begins a snapshot of `head.set` as of `head.base`. `attachment` is what
  /// the node keeps beside the machine (its session table).
  result<std::unique_ptr<snapshot_writer>>
  begin(const codec::snapshot_head& head, std::string_view attachment);

  /// Begins to receive a peer's snapshot of `file_bytes` bytes as of `at`.
  result<std::unique_ptr<snapshot_receiver>>
  receive(set_id set, replication::log_position at, std::uint64_t file_bytes);

  /// Opens the newest snapshot of a set; nothing if there is none. corrupt if
  /// the newest is damaged: an older one could not be joined to the log.
  result<std::optional<snapshot_file_reader>> open_newest(set_id set);

  /// Where the newest snapshot of a set is, by its name alone.
  result<std::optional<replication::log_position>> newest(set_id set);

  /// Forgets a set. Nothing happens if there is nothing.
  result<void> remove_set(set_id set);

private:
  friend class staged_snapshot;
  friend class snapshot_writer;
  friend class snapshot_receiver;

  snapshot_store(file_system& files, std::string directory,
                 const options& opts);

  result<void> remove_leftovers(const std::string& set_directory);
  result<std::unique_ptr<file>> stage(set_id set, std::string& name);
  result<void> switch_to(set_id set, const std::string& staged,
                         replication::log_position at);
  result<void> remove_older(const std::string& set_directory);
  std::string directory_of(set_id set) const;

  file_system& files_;
  std::string directory_;
  options options_;
  std::atomic<std::uint64_t> next_staged_{1};
};

} // namespace cohort::storage
