// A machine whose replicas are watched while they apply.
#pragma once

#include "machine/simple_machine.hpp"
#include "replication/entry.hpp"
#include "runtime/node.hpp"
#include "testkit/trace_hash.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::testkit {

/// What all replicas have applied: the log's order, which every one of them
/// must follow, and in which no command stands twice.
class apply_witness {
public:
  /// Is told what is wrong, in the middle of an apply.
  explicit apply_witness(std::function<void(const std::string&)> broken)
    : broken_(std::move(broken)) {}

  /// Is told of every command that the replica of a node applies, and where it
  /// stands in the log.
  using listener =
    std::function<void(const std::string& node, replication::log_position at)>;
  void on_apply(listener act) {
    listener_ = std::move(act);
  }

  /// What a replica has: so many commands, and a hash of them.
  struct progress {
    std::uint64_t position = 0;
    std::uint64_t state = 0;
  };

  /// The replica of a node applied `command`, and is there now.
  void applied(const std::string& node, const progress& now,
               std::string_view command, replication::log_position at = {});

  /// It took over another state.
  void restored(const std::string& node, const progress& now);

  /// It begins anew.
  void restarted(const std::string& node) {
    progress_[node] = {};
    dead_.erase(node);
  }

  /// Its node is gone: what it does until it begins anew does not count.
  void died(const std::string& node) {
    dead_.insert(node);
  }

  /// Whether the replica of a node has applied all that is known.
  bool has_all(const std::string& node) const;

  /// How many commands are known to be applied.
  std::uint64_t length() const {
    return states_.size();
  }

  /// Where a command stands; 0: nowhere.
  std::uint64_t position_of(const std::string& command) const;

  /// The entry of the log that a command stands in.
  /// Precondition: 0 < position <= length().
  replication::log_position entry_of(std::uint64_t position) const {
    return entries_[position - 1];
  }

private:
  std::function<void(const std::string&)> broken_;
  listener listener_;
  std::map<std::string, std::uint64_t, std::less<>> positions_;
  std::vector<std::uint64_t> states_; ///< after each command
  std::vector<replication::log_position> entries_;
  std::map<std::string, progress> progress_;
  std::set<std::string> dead_;
};

/// Counts commands, each of which is given once, and answers with the count; to
/// some commands with blanks after it, so many that no session keeps the reply.
/// Its state depends on every command, on their order, and on what a machine of
/// the user's, if there is one, replies to what follows a command's name.
class witnessed_machine final : public machine::simple_machine {
public:
  using machine::simple_machine::apply;
  using machine::simple_machine::query;

  witnessed_machine(apply_witness& witness, std::string node,
                    std::unique_ptr<machine::simple_machine> user = nullptr)
    : witness_(witness),
      node_(std::move(node)),
      user_(std::move(user)) {
    witness_.restarted(node_);
  }

  std::string apply(const machine::apply_context& context,
                    std::string_view command) override;
  std::string query(std::string_view question) const override;
  std::string save() const override;
  result<void> load(std::string_view saved) override;
  std::size_t approximate_bytes() const override {
    return user_ ? user_->approximate_bytes() : 0;
  }

private:
  apply_witness& witness_;
  std::string node_;
  std::unique_ptr<machine::simple_machine> user_;
  apply_witness::progress now_;
};

} // namespace cohort::testkit
