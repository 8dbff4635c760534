#include "codec/common_codec.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace cohort::codec {

namespace {

using replication::entry_kind;
using replication::sync_mode;

constexpr std::uint32_t members_max = 64; ///< of one configuration

void encode_nodes(capnp::List<std::uint64_t>::Builder to,
                  const std::vector<node_id>& from) {
  for (unsigned i = 0; i < to.size(); ++i)
    to.set(i, from[i].value);
}

std::vector<node_id> decode_nodes(capnp::List<std::uint64_t>::Reader from) {
  std::vector<node_id> result;
  result.reserve(from.size());
  for (auto x : from)
    result.push_back(node_id{x});
  return result;
}

wire::SyncMode to_wire(sync_mode mode) {
  switch (mode) {
    case sync_mode::semi_async:
      return wire::SyncMode::SEMI_ASYNC;
    case sync_mode::async:
      return wire::SyncMode::ASYNC;
    case sync_mode::multi_primary:
      return wire::SyncMode::MULTI_PRIMARY;
    case sync_mode::primary_backup:
      break;
  }
  return wire::SyncMode::PRIMARY_BACKUP;
}

std::optional<sync_mode> from_wire(wire::SyncMode mode) {
  switch (mode) {
    case wire::SyncMode::PRIMARY_BACKUP:
      return sync_mode::primary_backup;
    case wire::SyncMode::SEMI_ASYNC:
      return sync_mode::semi_async;
    case wire::SyncMode::ASYNC:
      return sync_mode::async;
    case wire::SyncMode::MULTI_PRIMARY:
      return sync_mode::multi_primary;
  }
  return std::nullopt;
}

wire::EntryKind to_wire(entry_kind kind) {
  switch (kind) {
    case entry_kind::command:
      return wire::EntryKind::COMMAND;
    case entry_kind::membership:
      return wire::EntryKind::MEMBERSHIP;
    case entry_kind::empty:
      break;
  }
  return wire::EntryKind::EMPTY;
}

std::optional<entry_kind> from_wire(wire::EntryKind kind) {
  switch (kind) {
    case wire::EntryKind::EMPTY:
      return entry_kind::empty;
    case wire::EntryKind::COMMAND:
      return entry_kind::command;
    case wire::EntryKind::MEMBERSHIP:
      return entry_kind::membership;
  }
  return std::nullopt;
}

} // namespace

// -- encoding -----------------------------------------------------------------

void encode(wire::Position::Builder to, replication::log_position from) {
  to.setTerm(from.term.value);
  to.setIndex(from.index.value);
}

void encode(wire::Configuration::Builder to,
            const replication::configuration& from) {
  to.setEpoch(from.epoch.value);
  encode_nodes(to.initVoters(static_cast<unsigned>(from.voters.size())),
               from.voters);
  encode_nodes(to.initLearners(static_cast<unsigned>(from.learners.size())),
               from.learners);
  to.setMode(to_wire(from.mode));
  to.setM(from.m);
}

void encode(wire::Membership::Builder to, const replication::membership& from) {
  encode(to.initCurrent(), from.current);
  if (from.next)
    encode(to.initNext(), *from.next);
}

void encode(wire::Entry::Builder to, const replication::entry& from) {
  to.setTerm(from.term.value);
  to.setIndex(from.index.value);
  to.setLogTimeMs(from.log_time_ms);
  to.setKind(to_wire(from.kind));
  if (!from.payload.empty())
    to.setPayload({reinterpret_cast<const kj::byte*>(from.payload.data()),
                   from.payload.size()});
  if (from.members)
    encode(to.initMembers(), *from.members);
}

void encode(wire::HardState::Builder to, const replication::hard_state& from) {
  to.setTerm(from.term.value);
  to.setVotedFor(from.voted_for.value);
  to.setSuspect(from.suspect);
  encode(to.initVoteFloor(), from.vote_floor);
}

void encode(wire::LogBase::Builder to, const replication::log_base& from) {
  encode(to.initPosition(), {from.term, from.index});
  to.setLogTimeMs(from.log_time_ms);
  encode(to.initMembers(), from.members);
}

// -- decoding -----------------------------------------------------------------

replication::log_position decode(wire::Position::Reader from) {
  return {term_t{from.getTerm()}, index_t{from.getIndex()}};
}

result<replication::configuration> decode(wire::Configuration::Reader from) {
  const auto mode = from_wire(from.getMode());
  if (!mode)
    return error{errc::unsupported, "configuration: unknown mode"};
  const auto voters = from.getVoters();
  const auto learners = from.getLearners();
  if (voters.size() > members_max || learners.size() > members_max)
    return error{errc::too_large, "configuration: too many members"};
  replication::configuration result;
  result.epoch = epoch_t{from.getEpoch()};
  result.voters = decode_nodes(voters);
  result.learners = decode_nodes(learners);
  result.mode = *mode;
  result.m = from.getM();
  if (auto valid = validate(result); !valid)
    return valid.err();
  return result;
}

result<replication::membership> decode(wire::Membership::Reader from) {
  auto current = decode(from.getCurrent());
  if (!current)
    return current.err();
  replication::membership result;
  result.current = std::move(*current);
  if (from.hasNext()) {
    auto next = decode(from.getNext());
    if (!next)
      return next.err();
    result.next = std::move(*next);
  }
  return result;
}

result<replication::entry> decode(wire::Entry::Reader from,
                                  const frame& whole) {
  const auto kind = from_wire(from.getKind());
  if (!kind)
    return error{errc::unsupported, "entry: unknown kind"};
  replication::entry result;
  result.term = term_t{from.getTerm()};
  result.index = index_t{from.getIndex()};
  result.log_time_ms = from.getLogTimeMs();
  result.kind = *kind;
  const auto payload = from.getPayload();
  result.payload = whole.alias(payload.begin(), payload.size());
  if (result.kind == entry_kind::membership) {
    auto members = decode(from.getMembers());
    if (!members)
      return members.err();
    result.members =
      std::make_shared<const replication::membership>(std::move(*members));
  }
  return result;
}

replication::hard_state decode(wire::HardState::Reader from) {
  replication::hard_state result;
  result.term = term_t{from.getTerm()};
  result.voted_for = node_id{from.getVotedFor()};
  result.suspect = from.getSuspect();
  result.vote_floor = decode(from.getVoteFloor());
  return result;
}

result<replication::log_base> decode(wire::LogBase::Reader from) {
  auto members = decode(from.getMembers());
  if (!members)
    return members.err();
  replication::log_base result;
  const auto at = decode(from.getPosition());
  result.index = at.index;
  result.term = at.term;
  result.log_time_ms = from.getLogTimeMs();
  result.members = std::move(*members);
  return result;
}

} // namespace cohort::codec
