// The invariants of a replicated log, judged against everything that any
// replica of the set did, and against what is durable on their disks.
#pragma once

#include "testkit/protocol/disk.hpp"
#include "testkit/protocol/log_book.hpp"
#include "testkit/protocol/mix.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::testkit::protocol {

class member;
class surroundings;

/// Told of what replicas do, as they do it; throws invariant_broken when that
/// breaks one of the rules of docs/PROTOCOL.md, section 5:
///
/// - one primary per term, elected by a vote quorum of votes that are durable,
///   none of them given twice; a new one has everything that earlier ones
///   committed;
/// - log matching between all logs;
/// - what is committed is durable on a commit quorum of the configuration it
///   was committed under, is never cut and never another entry;
/// - nothing is applied that is not committed, each entry once and in order,
///   and states that applied as much are equal;
/// - what a message promises is durable on the disk of its sender;
/// - a read is given an index that covers what was acknowledged before it.
///
/// Holds values only, so that it is copied with the group it judges.
class judge {
public:
  // -- told by members --------------------------------------------------------

  void started(const member& who);

  /// It asks for `x` to be written; its log is still without it.
  void wrote(const member& who, const replication::write_request& x);

  /// Its role, term and indexes after an input. `reconfigured`: so was its log.
  void settled(const member& who, bool reconfigured);

  /// Its disk has a new hard state, in the place of `before`.
  void state_written(const member& who,
                     const replication::hard_state& before) const;

  /// Its commit index has moved up from `before`. `former`: the configuration
  /// state before the input, which may have been replaced in the same breath.
  void committed(const member& who, index_t before,
                 const replication::membership& former,
                 const surroundings& around);

  /// Writes at or below `index` may be answered.
  void answers_up_to(const member& who, index_t index,
                     const replication::membership& former,
                     const surroundings& around);

  /// It told a client that `payload` is at `index`.
  void acknowledged(index_t index, bytes payload);

  void handed_out(const replication::entry& x) const;
  void applied(const applied_state& state) const;

  /// A message leaves.
  void sends(const member& who, node_id to, const replication::message& msg,
             const surroundings& around);

  void read_asked(const member& who, std::uint64_t id);
  void read_granted(const member& who, const replication::read_grant& grant);
  void read_refused(const member& who, std::uint64_t id);
  /// Its disk went back in time. A vote for itself is counted by nobody else:
  /// if it is lost, with the candidacy, it was not given.
  void lost_blocks(const member& who);
  /// It crashed: nobody waits for its answers any more.
  void forget_reads(const member& who);

  // -- looking ----------------------------------------------------------------

  std::size_t elections() const {
    return elections_;
  }
  std::size_t reads_granted() const {
    return reads_granted_;
  }
  /// The highest index that anybody has committed.
  index_t committed_up_to() const {
    return index_t{committed_.size()};
  }
  /// Precondition: 0 < index <= committed_up_to().
  const replication::entry& committed_at(index_t index) const;

  /// What clients were told, in this order.
  const std::vector<std::pair<index_t, bytes>>& acknowledged() const {
    return acknowledged_;
  }

  /// Of the facts that later checks depend on, but for what is about reads,
  /// suspects and changes of the configuration.
  std::uint64_t digest(const naming& names) const;

private:
  struct committed_entry {
    term_t term;
    term_t committed_in;      ///< whose primary was the first to know
    std::uint64_t state_hash; ///< once it is applied
  };
  struct waiting_read {
    node_id node;
    std::uint64_t id;
    index_t must_see;    ///< acknowledged before it was asked
    std::uint64_t round; ///< the newest that began before it
    index_t members;     ///< where the configuration is that was in force
  };

  /// The newest round of each node in each term.
  using rounds_by_term = std::vector<std::vector<std::uint64_t>>;

  static void note_round(rounds_by_term& of, node_id node, term_t term,
                         std::uint64_t round);
  static std::uint64_t newest_round(const rounds_by_term& of, node_id node,
                                    term_t term);
  bool is_committed(replication::log_position position) const;
  void check_cut(const member& who, const replication::write_request& x) const;
  void note_primary(const member& who);
  void note_vote(node_id voter, term_t term, node_id candidate);
  node_id vote_of(node_id voter, term_t term) const;
  void commit_first(const member& who, replication::log_position position);
  waiting_read take_read(const member& who, std::uint64_t id);
  bool
  confirmed_after(const member& who, std::uint64_t round,
                  std::size_t (*size)(const replication::configuration&)) const;
  void check_lift(const member& who, const member& suspect) const;
  void check_base(const replication::log_base& x) const;
  void check_append_reply(const member& who, node_id to,
                          const replication::append_reply& x,
                          const surroundings& around) const;

  log_book book_;
  std::vector<committed_entry> committed_;  ///< from index 1
  std::vector<node_id> primaries_;          ///< by term
  std::vector<std::vector<node_id>> votes_; ///< by node, by term
  std::vector<std::pair<index_t, bytes>> acknowledged_;
  index_t highest_acknowledged_;
  std::vector<waiting_read> reads_;
  rounds_by_term asked_;    ///< of the requests that a node sent
  rounds_by_term answered_; ///< of the requests that a node answered
  /// By node: the requests that were sent before its start.
  std::vector<rounds_by_term> before_start_;
  /// Where the configuration was changed, as far as that is committed.
  std::vector<index_t> changes_;
  std::size_t elections_ = 0;
  std::size_t reads_granted_ = 0;
};

} // namespace cohort::testkit::protocol
