// Reads a log directory back: which files there are, where the log ends, and
// what it says. Changes nothing.
#pragma once

#include "codec/record_codec.hpp"
#include "core/result.hpp"
#include "replication/replica.hpp"
#include "storage/file_system.hpp"
#include "storage/log_chain.hpp"
#include "storage/log_index.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cohort::storage {

/// How to treat a log that is damaged where it was durable.
enum class recovery_mode : std::uint8_t {
  /// Refuse it: this replica may have promised what it no longer knows.
  strict,
  /// Keep what comes before the damage. Only for a node that was admitted anew
  /// and gave its votes up: its intact data are a head start (D4).
  salvage,
};

struct log_file {
  std::string name;
  std::uint64_t life = 0;
  std::uint64_t size = 0;
};

struct recovered_log {
  log_chain chain;
  log_index index;
  std::map<set_id, replication::recovered_state> sets;
  /// For salvage: what the index and the sets lost behind gaps.
  std::vector<codec::set_cut> cuts;
  codec::segment_head head; ///< of the newest segment
  /// Segments of the chain that are needed, oldest first.
  std::vector<log_file> segments;
  /// Whole segment files that hold nothing.
  std::vector<log_file> spares;
  /// Files outside the chain whose damage led to the verdict. They stay until
  /// the verdict is durable, and are removed then.
  std::vector<log_file> evidence;
  /// Left behind by interrupted work; nothing of value.
  std::vector<std::string> leftovers;
  std::uint64_t next_file_number = 1;
  std::uint64_t last_block = 0; ///< of the chain
};

/// Errors: corrupt (strict only), wrong_cluster, unsupported, io_failed if the
/// directory cannot be read at all. An unreadable page counts as damaged.
///
/// `must_exist`: the log was created before; one that is not there is corrupt.
result<recovered_log>
recover_log(file_system& files, const std::string& directory,
            const codec::log_owner& owner, recovery_mode mode, bool must_exist);

} // namespace cohort::storage
