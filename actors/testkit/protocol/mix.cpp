#include "testkit/protocol/mix.hpp"

#include <cstring>

namespace cohort::testkit::protocol {

using namespace replication;

namespace {

std::uint64_t digest_of(const configuration& x) {
  auto hash = mixed(x.m, x.epoch, x.voters.size(),
                    static_cast<std::uint64_t>(x.mode));
  for (const auto node : x.voters)
    hash = mixed(hash, node);
  for (const auto node : x.learners)
    hash = mixed(hash, node);
  return hash;
}

/// One for each kind of message; `kind` keeps those apart that are alike.
struct message_digest {
  std::uint64_t kind;

  std::uint64_t operator()(const vote_request& x) const {
    return mixed(kind, x.term, x.pre + 2 * x.transfer, x.last);
  }
  std::uint64_t operator()(const vote_reply& x) const {
    return mixed(kind, x.term, x.pre + 2 * x.granted);
  }
  std::uint64_t operator()(const append_request& x) const {
    auto hash = mixed(kind, x.term, x.prev, x.commit_index, x.round, x.lift);
    for (const auto& e : x.entries)
      hash = mixed(hash, digest(e));
    return hash;
  }
  std::uint64_t operator()(const append_reply& x) const {
    return mixed(kind, x.term, static_cast<std::uint64_t>(x.verdict), x.round,
                 x.match, x.refused, x.hint, x.boot,
                 x.suspect + 2 * x.tail_cut);
  }
  std::uint64_t operator()(const timeout_now& x) const {
    return mixed(kind, x.term);
  }
  std::uint64_t operator()(const state_query& x) const {
    return mixed(kind, x.term, x.boot);
  }
  std::uint64_t operator()(const state_answer& x) const {
    return mixed(kind, x.term, x.boot, x.last);
  }
};

} // namespace

std::uint64_t digest(std::string_view text) {
  std::uint64_t hash = text.size();
  for (; text.size() >= sizeof(hash); text.remove_prefix(sizeof(hash))) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), sizeof(word));
    hash = mixed(hash, word);
  }
  std::uint64_t word = 0;
  if (!text.empty())
    std::memcpy(&word, text.data(), text.size());
  return mixed(hash, word);
}

std::uint64_t digest(const membership& x) {
  const auto hash = digest_of(x.current);
  return x.next ? mixed(hash, digest_of(*x.next)) : hash;
}

std::uint64_t digest(const entry& x) {
  const auto hash = mixed(static_cast<std::uint64_t>(x.kind), x.term, x.index,
                          static_cast<std::uint64_t>(x.log_time_ms),
                          digest(x.payload.view()));
  return x.members ? mixed(hash, digest(*x.members)) : hash;
}

std::uint64_t digest(const message& x) {
  return std::visit(message_digest{x.index()}, x);
}

} // namespace cohort::testkit::protocol
