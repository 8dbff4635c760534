// What the disks of a simulated cluster keep for sure, and what nodes may say
// because of it.
#pragma once

#include "codec/peer_codec.hpp"
#include "core/frame.hpp"
#include "storage/block.hpp"
#include "storage/node_log.hpp"
#include "testkit/faulty_file_system.hpp"
#include "testkit/kept_log.hpp"
#include "testkit/log_witness.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cohort::testkit {

/// Reads the blocks of each node's log the moment they become durable, and
/// judges what the nodes do by them:
///
/// - a vote, an acknowledgement, a campaign, an answer to a suspect and a boot
///   counter leave a node only when its disk has what they promise (C7);
/// - what is committed is durable on a quorum, and never cut again;
/// - what recovery makes of what is durable, and nothing else, is just that.
///
/// For one thread. Errors are told to `broken`.
class disk_witness {
public:
  disk_witness(log_witness& common, kept_log::report broken)
    : common_(common),
      broken_(std::move(broken)) {}

  /// A node is about to start on this disk, in directory "/<name>". All that is
  /// there is durable; what was known of it holds still, unless it was damaged
  /// or exchanged since (see forget).
  void starts(const std::string& node, faulty_file_system& disk,
              const storage::log_options& options);

  /// It stops, in whatever way: nothing counts any more.
  void stops(const std::string& node);

  /// Its disk was exchanged: nothing of what was known of it holds.
  /// Precondition, also of the next: it does not run.
  void forget(const std::string& node);

  /// Its disk was damaged: it may have lost anything, but does not vote again
  /// where it had voted.
  void doubt(const std::string& node);

  /// Whether a start on this disk, which was damaged, would lack something that
  /// was durable, and take what lies there for a write that was interrupted.
  bool takes_for_torn(const std::string& node,
                      const faulty_file_system& disk) const;

  /// Whether a node that runs has opened its log.
  bool has_log(const std::string& node) const {
    const auto found = disks_.find(node);
    return found != disks_.end() && found->second.boot > 0;
  }

  /// What a node lacks until it is a voter of these sets, not suspect, and its
  /// disk has all that is known to be committed; empty: nothing.
  std::string lack_of(const std::string& node,
                      const std::vector<set_id>& sets) const;

  /// Whether every snapshot of these sets can be restored. Precondition for
  /// yes: the node runs.
  bool has_sound_snapshots(const std::string& node,
                           const std::vector<set_id>& sets) const;

  /// A frame leaves a node, on a link to the incarnation `to`.
  void sends(const std::string& from, node_id to, const frame& f);

  /// It says who it is.
  void greets(const std::string& from, const hello& who);

  /// A replica applies the entry at `at`.
  void applies(const std::string& node, set_id set,
               replication::log_position at);

private:
  /// What is known of one disk.
  struct known_disk {
    std::string node;
    faulty_file_system* files = nullptr; ///< of a node that runs
    storage::log_options options;
    node_id owner;
    std::uint64_t boot = 0; ///< the newest in a durable block
    bool doubted = false;
    std::map<set_id, kept_log> logs;
    std::vector<std::byte> parts; ///< of a record in several blocks
  };
  using image = std::unique_ptr<faulty_file_system>;

  known_disk& of(const std::string& node);
  void recover(known_disk& x, const image& disk, bool begins);
  void begin(known_disk& x, set_id set,
             const replication::recovered_state& found,
             const storage::node_log& from);
  void take(known_disk& x, const std::string& path,
            std::span<const std::byte> data);
  void take_block(known_disk& x, const storage::block_header& header,
                  std::span<const std::byte> pages);
  void take_records(known_disk& x, std::span<const std::byte> body);
  kept_log* log_of(known_disk& x, set_id set);

  void judge(known_disk& x, node_id to, const codec::peer_frame& said);
  void judge(known_disk& x, const kept_log& log, set_id set,
             const replication::append_request& said);
  void judge(known_disk& x, const kept_log& log, set_id set,
             const replication::append_reply& said);
  bool has_snapshot(const known_disk& x, set_id set, index_t index);

  log_witness& common_;
  kept_log::report broken_;
  std::map<std::string, known_disk> disks_;
  /// What the primary of a term said its log has, by index.
  std::map<std::pair<set_id, term_t>, std::map<index_t, term_t>> sent_;
};

} // namespace cohort::testkit
