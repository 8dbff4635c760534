// What the logs of all replicas have in common: entries, and which of them are
// committed.
#pragma once

#include "core/ids.hpp"
#include "replication/configuration.hpp"
#include "replication/entry.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cohort::testkit {

/// Is told of every entry that becomes durable and of every claim that one is
/// committed, and judges them:
///
/// - two logs with the same term at an index have the same entry there and the
///   same log before it;
/// - what is called committed is, or was, durable on a read quorum of a
///   configuration state that a primary with this entry may be in, under J on
///   one of each; a configuration entry on a majority (C4);
/// - what is acknowledged is on an ack quorum of the newer one of such a state;
/// - at an index one entry is committed, for ever.
///
/// For one thread. Memory grows with the entries of a run.
class log_witness {
public:
  using position = replication::log_position;

  /// `broken` is told what is wrong.
  explicit log_witness(std::function<void(const std::string&)> broken)
    : broken_(std::move(broken)) {}

  /// An entry behind one of the term `before` is durable at `holder`.
  void durable(set_id set, node_id holder, const replication::entry& x,
               term_t before);

  /// A snapshot that reaches up to a committed entry is durable at `holder`.
  void covered(set_id set, node_id holder, index_t up_to);

  /// A configuration state that somebody's disk knows.
  void configured(set_id set, const replication::membership& x);

  /// Whoever says so knows no configuration before `since`.
  void committed(set_id set, position at, epoch_t since,
                 const std::string& says);

  /// As committed(), with the copies that an acknowledgement needs.
  void acknowledged(set_id set, position at);

  /// The term of the committed entry at `index`; nothing if none is known.
  std::optional<term_t> committed_at(set_id set, index_t index) const;

  /// The highest index that is known to be committed.
  index_t commit_index(set_id set) const;

private:
  /// Where a state stands among all: by its newest epoch, J before K.
  using state_order = std::pair<epoch_t, bool>;

  struct fact {
    term_t before;
    std::uint64_t content = 0;
    state_order state; ///< of a log that ends here
    bool configures = false;
    std::vector<node_id> holders; ///< all that ever had it
  };
  struct known_state {
    replication::membership members;
    std::optional<position> at; ///< its entry; nothing: below some base
  };
  struct facts {
    std::map<position, fact> entries;
    std::vector<term_t> committed; ///< by index, from 1
    /// Several at one place: all but one of them were cut.
    std::map<state_order, std::vector<known_state>> states;
    std::map<node_id, index_t> snapshots;
  };

  static void know(facts& in, const replication::membership& x,
                   std::optional<position> at);
  static auto holders_of(const facts& in, position at);
  static bool may_close(const facts& in, const known_state& joint);
  static state_order order_of(const replication::membership& x);
  static state_order order_behind(const facts& in, position before);
  /// Whether some state from `since` on, and from that of the log up to `at`
  /// on, satisfies `enough`, which is given who holds the entry.
  template <class Enough>
  static bool
  held(const facts& in, position at, state_order since, Enough enough);
  void extend(set_id set, facts& in, position at, const std::string& says);

  std::function<void(const std::string&)> broken_;
  std::map<set_id, facts> sets_;
};

std::string to_string(const replication::log_position& x);

} // namespace cohort::testkit
