// What a replica's log must be, by all that it asked to be written.
#pragma once

#include "testkit/protocol/disk.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace cohort::testkit::protocol {

/// The terms and the configurations of a log, from its base on; what is not
/// durable yet is there, too.
class written_log {
public:
  using members_ptr = std::shared_ptr<const replication::membership>;

  explicit written_log(const disk& x);

  void write(const replication::write_request& x);

  replication::log_position last() const {
    return {terms_.back(), base_ + (terms_.size() - 1)};
  }
  std::optional<term_t> term_at(index_t index) const {
    if (index < base_ || index - base_ >= terms_.size())
      return std::nullopt;
    return terms_[index - base_];
  }
  /// In force: the newest, committed or not (C4).
  const members_ptr& members() const {
    return members_.back().second;
  }
  std::uint64_t digest() const;

private:
  void move_base(const replication::log_base& base, bool keep_tail);

  index_t base_;
  std::vector<term_t> terms_; ///< the base's first
  /// Of the base, and of the entries that change it; oldest first.
  std::vector<std::pair<index_t, members_ptr>> members_;
};

} // namespace cohort::testkit::protocol
