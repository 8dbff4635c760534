// The directory that a node keeps everything in.
#pragma once

#include "codec/record_codec.hpp"
#include "core/result.hpp"
#include "storage/file_system.hpp"
#include "storage/node_log.hpp"

#include <memory>
#include <optional>
#include <string>

namespace cohort::storage {

/// Locked for one process; says who the node is (C2). Before a cluster is
/// formed there is no identity, and no log: the log is made after it.
///
/// Not thread-safe. Moves, never copies.
class node_directory {
public:
  /// Takes `path`, which is made if its parent is there.
  ///
  /// Errors: busy if another process has it; refused if it holds something but
  /// nothing of a node's; unsupported if a newer release wrote it; corrupt if
  /// the identity is damaged, or gone while a log is there.
  static result<node_directory> open(file_system& files, std::string path);

  const std::optional<codec::node_identity>& identity() const {
    return identity_;
  }

  /// Says who the node is, durably. Errors: invalid if it already is somebody
  /// else, or if the incarnation went back.
  result<void> write_owner(const codec::log_owner& owner);

  /// What the node knows beside its logs; the defaults if it never wrote it.
  const codec::node_state& state() const {
    return state_;
  }

  /// Durable when it returns. May be written before the owner is.
  result<void> write_state(const codec::node_state& state);

  /// Opens the node's log, or makes it if it never was. Precondition: there is
  /// an identity.
  result<opened_log> open_log(const log_options& options,
                              recovery_mode mode = recovery_mode::strict);

  /// Where snapshots are.
  std::string snapshots_path() const;

  /// Where a set's engine may keep its state. The directory may not be there.
  std::string engine_path(set_id set) const;

private:
  node_directory(file_system& files, std::string path,
                 std::unique_ptr<directory_lock> lock);

  result<void> look_around();
  result<void> read_identity();
  result<void> read_state();
  result<void> make_subdirectories();
  result<void> write_identity(const codec::node_identity& x);
  std::string log_path() const;

  file_system* files_;
  std::string path_;
  std::unique_ptr<directory_lock> lock_;
  std::optional<codec::node_identity> identity_;
  codec::node_state state_;
};

/// A set's name in paths: 16 hexadecimal digits. No part of a path ever comes
/// from outside.
std::string path_name(set_id set);

} // namespace cohort::storage
