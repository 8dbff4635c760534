// The machine of keys, whose replicas are watched while they apply.
#pragma once

#include "core/ids.hpp"
#include "machine/state_machine.hpp"
#include "runtime/node.hpp"
#include "testkit/history/operation.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::testkit {

class watched_kv_machine;

/// What the replicas of one set have in common: at each place of the log the
/// same commands with the same replies, and in the end the same keys.
class kv_witness {
public:
  /// Is told what is wrong, in the middle of an apply.
  using complaint = std::function<void(const std::string&)>;
  /// Is told of every command that the replica of a node applies.
  using listener =
    std::function<void(const std::string& node, index_t index, term_t term)>;

  kv_witness(complaint broken, listener applies)
    : broken_(std::move(broken)),
      applies_(std::move(applies)) {}

  /// Of one replica: the machine that is shipped, on the engine in memory.
  runtime::machine_factory machine_of(const std::string& node);

  /// Its node is gone: what its replica does while it ends does not count.
  void died(const std::string& node) {
    machines_.erase(node);
  }

  /// Whether the replica of a node has the same values of these keys, changed
  /// by the same commands, as that of the other node.
  bool same(const std::string& one, const std::string& other,
            const std::vector<history::key_id>& keys) const;

private:
  friend class watched_kv_machine;

  void applied(const watched_kv_machine& by, const std::string& node,
               const machine::apply_context& at, std::uint32_t command,
               std::string_view reply);
  void ended(const watched_kv_machine& x, const std::string& node);

  complaint broken_;
  listener applies_;
  std::map<std::string, watched_kv_machine*> machines_; ///< of nodes that live
  /// Of replies, by the index of the entry and by the command in it.
  std::map<std::pair<index_t, std::uint32_t>, std::uint64_t> hashes_;
};

} // namespace cohort::testkit
