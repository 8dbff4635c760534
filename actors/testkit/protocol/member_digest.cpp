#include "testkit/protocol/member_digest.hpp"

#include <algorithm>

namespace cohort::testkit::protocol {

using namespace replication;

namespace {

/// Entries are known by their positions: the judge sees to that.
std::uint64_t digest_of(const std::vector<entry>& xs) {
  std::uint64_t hash = xs.size();
  for (const auto& x : xs)
    hash = mixed(hash, x.term, x.index);
  return hash;
}

std::uint64_t digest_of(const progress& x) {
  const auto flags = static_cast<std::uint64_t>(x.state)
                     + (x.probe_sent ? 4u : 0u) + (x.heartbeat_due ? 8u : 0u)
                     + (x.regressed ? 16u : 0u) + (x.fetching ? 32u : 0u)
                     + (x.refused_snapshot ? 64u : 0u);
  return mixed(flags, x.match, x.boot, x.next, x.probe_from, x.commit_told);
}

/// With the names of nodes; in what order they stand does not matter.
struct named_digest {
  const naming& names;

  std::uint64_t operator()(const hard_state& x) const {
    return mixed(x.term.value, names(x.voted_for));
  }
  std::uint64_t operator()(const std::set<node_id>& xs) const {
    std::uint64_t hash = 0;
    for (const auto x : xs)
      hash += mixed(1, names(x));
    return hash;
  }
  std::uint64_t operator()(const ballot& x) const {
    return mixed((*this)(x.granted), (*this)(x.refused));
  }
  std::uint64_t operator()(const backup& x) const {
    return mixed(names(x.primary), x.verified, x.ack_owed);
  }
  std::uint64_t operator()(const pre_candidate& x) const {
    return (*this)(x.votes);
  }
  std::uint64_t operator()(const candidate& x) const {
    return (*this)(x.votes);
  }
  std::uint64_t operator()(const primary& x) const {
    std::uint64_t peers = 0;
    for (const auto& [node, peer] : x.peers)
      peers += mixed(names(node), digest_of(peer));
    return mixed(x.term_start.value, x.acknowledged, peers);
  }
  std::uint64_t operator()(const replica& x) const {
    return mixed((*this)(x.durable_state()), x.commit_index(),
                 x.durable_index(), x.log().memory_first(),
                 static_cast<std::uint64_t>(x.kind()),
                 std::visit(*this, x.current_role()));
  }
  std::uint64_t operator()(const envelope& x) const {
    std::uint64_t to = 0;
    for (const auto node : x.to)
      to += mixed(2, names(node));
    return mixed(digest(x.body), to);
  }
  std::uint64_t operator()(const write_request& x) const {
    return mixed(x.state ? (*this)(*x.state) : 0, digest_of(x.entries));
  }
};

} // namespace

std::uint64_t digest(const member& x, const naming& names) {
  const named_digest of{names};
  auto hash = mixed(names(x.id()), x.boot(), of(x.on_disk().state),
                    digest_of(x.on_disk().entries()), x.log().digest(),
                    of(x.core()));
  for (const auto& write : x.unsynced())
    hash = mixed(hash, of(write));
  std::uint64_t held = 0; // their order does not matter once they have left
  for (const auto& [ticket, message] : x.held()) {
    // The write that it waits for, counted from the oldest.
    const auto writes = std::count_if(
      x.unsynced().begin(), x.unsynced().end(),
      [&, at = ticket](const auto& write) { return write.ticket <= at; });
    held += mixed(static_cast<std::uint64_t>(writes), of(message));
  }
  hash = mixed(hash, held);
  for (const auto& [index, payload] : x.proposed())
    hash = mixed(hash, index);
  return hash;
}

} // namespace cohort::testkit::protocol
