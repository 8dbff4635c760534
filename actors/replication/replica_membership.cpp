// Changing the configuration: J, then K (C4).
#include "core/check.hpp"
#include "core/mutant.hpp"
#include "replication/replica.hpp"

#include <memory>
#include <utility>

namespace cohort::replication {

const membership& replica::members() const {
  auto newest = members_.rbegin();
  while (mutated(mutant::change_waits_for_commit) && newest != members_.rend()
         && newest->first > commit_)
    ++newest;
  return newest == members_.rend() ? base_.members : newest->second;
}

index_t replica::members_index() const {
  return members_.empty() ? base_.index : members_.back().first;
}

/// In force from the moment it is in the log, committed or not.
void replica::note_membership(const entry& x) {
  if (x.kind != entry_kind::membership)
    return;
  COHORT_CHECK(x.members != nullptr);
  members_.emplace_back(x.index, *x.members);
  out_.membership_changed = true;
}

/// After a cut, the state is that of the log that is left.
void replica::cut_membership(index_t first) {
  while (!members_.empty() && members_.back().first >= first) {
    members_.pop_back();
    out_.membership_changed = true;
  }
}

/// A voter, or one that a configuration entry removes that is not known to be
/// committed: only this log may have that entry (thesis 4.2.2).
bool replica::may_be_needed() const {
  for (auto i = members_.rbegin(); i != members_.rend(); ++i) {
    if (i->second.is_voter(options_.self))
      return true;
    if (i->first <= commit_)
      return false;
  }
  return base_.members.is_voter(options_.self);
}

void replica::append_membership(primary& self, membership x) {
  entry added;
  added.kind = entry_kind::membership;
  added.members = std::make_shared<const membership>(std::move(x));
  append_own(self, std::move(added));
  refresh_peers(self);
}

result<void> replica::reconfigure(epoch_t expected, configuration wanted) {
  auto* self = std::get_if<primary>(&role_);
  if (!self)
    return {errc::not_primary, "this replica does not lead its set"};
  if (commit_ < self->term_start)
    return {errc::busy, "the primary has not committed in its term yet"};
  if (members().joint() || members_index() > commit_)
    return {errc::busy, "another change is not finished"};
  if (self->transfer)
    return {errc::busy, "the primary hands over"};
  const auto& current = members().current;
  if (current.epoch != expected)
    return {errc::invalid, "the configuration is of epoch "
                             + to_string(current.epoch) + ", not "
                             + to_string(expected)};
  wanted.epoch = expected.next();
  if (auto valid = validate(wanted); !valid)
    return valid;
  append_membership(*self, membership{current, std::move(wanted)});
  return {};
}

/// Appends K once J is committed; leaves once a K without this node is.
void replica::close_joint(primary& self) {
  if (members_index() > commit_ && !mutated(mutant::joint_closes_early))
    return;
  if (members().joint()) {
    append_membership(self, membership{*members().next, std::nullopt});
    advance_commit(self);
  }
  if (!members().joint() && members_index() <= commit_
      && !members().is_voter(options_.self))
    become_backup(nobody);
}

} // namespace cohort::replication
