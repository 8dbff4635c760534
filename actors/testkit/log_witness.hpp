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
/// - what is called committed is, or was, durable on a read quorum, and what is
///   acknowledged on an ack quorum, of one of the newest configurations;
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

  /// A configuration that somebody's disk knows.
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
  struct fact {
    term_t before;
    std::uint64_t content = 0;
    std::vector<node_id> holders; ///< all that ever had it
  };
  struct facts {
    std::map<position, fact> entries;
    std::vector<term_t> committed; ///< by index, from 1
    std::map<epoch_t, replication::configuration> configurations;
    std::map<node_id, index_t> snapshots;
  };

  bool held(const facts& in, position at, epoch_t since,
            std::size_t replication::quorum_sizes::*size_of) const;
  void extend(set_id set, facts& in, position at, const std::string& says);

  std::function<void(const std::string&)> broken_;
  std::map<set_id, facts> sets_;
};

std::string to_string(const replication::log_position& x);

} // namespace cohort::testkit
