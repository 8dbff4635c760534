// The records of a node's log and the heads of its other files, between their
// encoded form and domain types. How records lie in blocks is storage's matter.
#pragma once

#include "core/frame.hpp"
#include "core/ids.hpp"
#include "core/result.hpp"
#include "replication/entry.hpp"
#include "replication/output.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cohort::codec {

// -- domain types -------------------------------------------------------------

/// Whose files these are (C2).
struct log_owner {
  cluster_id cluster;
  std::string node;    ///< its name in the topology
  node_id incarnation; ///< grows each time the node is admitted anew (D4)

  bool operator==(const log_owner&) const = default;
};

/// The first record of a segment.
struct segment_head {
  log_owner owner;
  /// Sets that the log does not know start as suspect: a block whose sets are
  /// not known was cut (D3).
  bool unknown_sets_suspect = false;

  bool operator==(const segment_head&) const = default;
};

/// Everything about a set but its entries; at the head of each segment (D5).
struct set_state {
  set_id set;
  replication::hard_state state;
  std::optional<replication::log_base> base; ///< none yet: the log starts at 1

  bool operator==(const set_state&) const = default;
};

/// What replication::write_request asks for, or a part of it.
struct set_change {
  set_id set;
  std::optional<replication::hard_state> state;
  std::optional<replication::log_base> base;
  bool keep_tail = false;
  std::vector<replication::entry> entries;
};

/// Entries copied forward from an older segment (D5).
struct moved_entries {
  set_id set;
  std::vector<replication::entry> entries;
};

/// The set left this node.
struct set_removal {
  set_id set;
};

/// The set's log ends before `first`.
struct set_cut {
  set_id set;
  index_t first;
};

using log_record = std::variant<segment_head, set_state, set_change,
                                moved_entries, set_removal, set_cut>;

/// The file that says who a node is.
struct node_identity {
  log_owner owner;
  bool log_created =
    false; ///< a directory without a log is damaged from now on

  bool operator==(const node_identity&) const = default;
};

/// The newest start of another node that was heard of.
struct known_start {
  std::uint64_t boot = 0;
  std::uint64_t nonce = 0; ///< drawn at that start

  auto operator<=>(const known_start&) const = default;
};

/// What a node knows beside its logs.
struct node_state {
  node_id replaces;      ///< the member whose place it took; `nobody`: none
  bool complete = false; ///< all members have an identity: there may be votes
  bool coordinator = false;         ///< drew the cluster's id
  std::vector<std::string> without; ///< left out of the formation
  std::map<node_id, known_start> boots;

  bool operator==(const node_state&) const = default;
};

/// The head of a snapshot file.
struct snapshot_head {
  set_id set;
  replication::log_base base;
  std::uint32_t machine_version = 0;
  std::uint64_t attachment_bytes = 0;
  /// Where each term begins in what the snapshot replaces, oldest first (D7).
  std::vector<replication::term_run> terms;

  bool operator==(const snapshot_head&) const = default;
};

// -- log records --------------------------------------------------------------

/// A record in the pieces it is to be written in: a prefix, a message, and
/// payloads where they lay before. Each piece is whole words. Valid until the
/// encoder is used again, and while the entries it was made from live.
struct encoded_record {
  std::size_t size = 0;
  std::span<const std::span<const std::byte>> pieces;
};

/// Upper bounds on the encoded size: of an entry in a record, and of everything
/// else in one. A configuration has at most 64 voters and 64 learners.
std::size_t entry_bytes_bound(const replication::entry& x);
inline constexpr std::size_t record_head_bound = 3072;

/// Encodes records without allocating for each, and without copying payloads.
/// Not thread-safe.
class record_encoder {
public:
  record_encoder();
  ~record_encoder();

  record_encoder(const record_encoder&) = delete;
  record_encoder& operator=(const record_encoder&) = delete;

  const encoded_record& encode(const segment_head& x);
  const encoded_record& encode(const set_state& x);
  const encoded_record& encode(const set_removal& x);
  const encoded_record& encode(const set_cut& x);

  /// A part of `request` with `entries`, some of its own; its hard state and
  /// base come along with `head`.
  const encoded_record&
  encode(set_id set, const replication::write_request& request, bool head,
         std::span<const replication::entry> entries);

  /// Entries that are copied forward.
  const encoded_record& encode_moved(set_id set,
                                     std::span<const replication::entry> x);

private:
  struct state;

  std::unique_ptr<state> state_;
};

/// The bytes that the record takes whose first bytes are `prefix`, itself
/// included. Precondition: prefix.size() >= record_prefix_bytes.
std::size_t record_size(std::span<const std::byte> prefix);
inline constexpr std::size_t record_prefix_bytes = 8;

/// Decodes the record in `count` words of `whole` from `first_word` on.
/// Payloads alias `whole`.
result<log_record> decode_record(const frame& whole, std::size_t first_word,
                                 std::size_t count);

// -- heads of other files -----------------------------------------------------

frame encode(const node_identity& x);
result<node_identity> decode_identity(const frame& from);

frame encode(const node_state& x);
result<node_state> decode_node_state(const frame& from);

frame encode(const snapshot_head& x);
result<snapshot_head> decode_snapshot_head(const frame& from);

} // namespace cohort::codec
