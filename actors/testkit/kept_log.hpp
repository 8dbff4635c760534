// One set's log as a disk keeps it for sure. For the disk_witness.
#pragma once

#include "codec/record_codec.hpp"
#include "replication/replica.hpp"
#include "testkit/log_witness.hpp"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>

namespace cohort::testkit {

/// Follows the records of one set in the order in which they become durable,
/// and judges each: terms never fall, a vote is given once in a term, entries
/// leave no gap, and no committed one is cut.
///
/// For one thread.
class kept_log {
public:
  using position = replication::log_position;
  using report = std::function<void(const std::string&)>;

  kept_log(log_witness& common, report broken, set_id set, node_id owner)
    : common_(&common),
      broken_(std::move(broken)),
      set_(set),
      owner_(owner) {}

  /// As a node recovers it: `entries` are all above the base.
  void begin(const replication::recovered_state& found,
             std::span<const replication::entry> entries);

  void add(const codec::set_state& x);
  void add(const codec::set_change& x);
  void add(const codec::moved_entries& x);

  /// What it holds above the snapshot is what `found` has; else what differs.
  std::optional<std::string>
  difference(const replication::recovered_state& found) const;

  /// Nothing of this is missing in `found`, but for what was replaced there: a
  /// term, a vote, a suspicion, an entry.
  bool is_within(const replication::recovered_state& found) const;

  /// What is committed in `older` is in this one, unless it is damaged; and no
  /// vote of a term is given a second time.
  void check_keeps(const kept_log& older, bool damaged);

  // -- observers --------------------------------------------------------------

  /// Nothing was ever written.
  bool blank() const {
    return state_ == replication::hard_state{} && last_index() == index_t{}
           && members_.empty();
  }

  term_t term() const {
    return state_.term;
  }
  bool suspect() const {
    return state_.suspect;
  }
  index_t last_index() const {
    return base_.index + terms_.size();
  }
  /// Whether it ends below what its node may have acknowledged before it lost
  /// that: then it helps nobody to lead who has not that, either.
  bool below_vote_floor() const;
  /// Whether the position is in the log, or below its base.
  bool holds(position at) const;
  std::optional<term_t> term_at(index_t index) const;
  /// Whether the vote of a term was given to `to`, at any time.
  bool voted(term_t in, node_id to) const;
  /// Of the newest configuration.
  epoch_t epoch() const;
  /// Whether its node is a voter, and no change of that is under way.
  bool votes() const;

private:
  void take(const replication::hard_state& x);
  void take(const replication::log_base& x, bool keep_tail);
  void append(std::span<const replication::entry> entries);
  void cut(index_t first);
  void forget_below(const position& base);
  void broken(const std::string& what) const;

  log_witness* common_;
  report broken_;
  set_id set_;
  node_id owner_;
  replication::hard_state state_;
  position base_;
  std::deque<term_t> terms_; ///< of the entries above the base
  std::map<index_t, replication::membership> members_;
  std::map<term_t, node_id> votes_;
};

} // namespace cohort::testkit
