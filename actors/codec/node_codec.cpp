#include "codec/node_codec.hpp"

#include "codec/message.hpp"
#include "codec/peer_codec.hpp"

#include <optional>
#include <utility>

namespace cohort::codec {

namespace {

/// What these take at least, in the first release.
constexpr std::size_t replica_words_min = 14;
constexpr std::size_t backup_words_min = 3;

void encode(wire::ClusterId::Builder to, const cluster_id& from) {
  to.setHigh(from.high);
  to.setLow(from.low);
}

cluster_id decode(wire::ClusterId::Reader from) {
  return {from.getHigh(), from.getLow()};
}

wire::RefusalCode to_wire(refusal_code x) {
  switch (x) {
    case refusal_code::unknown_node:
      return wire::RefusalCode::UNKNOWN_NODE;
    case refusal_code::rolled_back:
      return wire::RefusalCode::ROLLED_BACK;
    case refusal_code::version:
      return wire::RefusalCode::VERSION;
    case refusal_code::tombstone:
      return wire::RefusalCode::TOMBSTONE;
    case refusal_code::topology:
      return wire::RefusalCode::TOPOLOGY;
    case refusal_code::other_cluster:
      break;
  }
  return wire::RefusalCode::OTHER_CLUSTER;
}

std::optional<refusal_code> from_wire(wire::RefusalCode x) {
  switch (x) {
    case wire::RefusalCode::OTHER_CLUSTER:
      return refusal_code::other_cluster;
    case wire::RefusalCode::UNKNOWN_NODE:
      return refusal_code::unknown_node;
    case wire::RefusalCode::ROLLED_BACK:
      return refusal_code::rolled_back;
    case wire::RefusalCode::VERSION:
      return refusal_code::version;
    case wire::RefusalCode::TOMBSTONE:
      return refusal_code::tombstone;
    case wire::RefusalCode::TOPOLOGY:
      return refusal_code::topology;
  }
  return std::nullopt;
}

void encode_nodes(capnp::List<std::uint64_t>::Builder to,
                  const std::vector<node_id>& from) {
  for (unsigned i = 0; i < to.size(); ++i)
    to.set(i, from[i].value);
}

std::vector<node_id> decode_nodes(capnp::List<std::uint64_t>::Reader from) {
  std::vector<node_id> result;
  for (auto x : from)
    result.push_back(node_id{x});
  return result;
}

void encode(wire::ReplicaStatus::Builder to, const replica_status& x) {
  to.setSet(x.set.value);
  to.setSetName(x.set_name);
  to.setRole(x.role);
  to.setTerm(x.term.value);
  to.setPrimary(x.primary.value);
  to.setLastIndex(x.last_index.value);
  to.setDurableIndex(x.durable_index.value);
  to.setCommitIndex(x.commit_index.value);
  to.setAppliedIndex(x.applied_index.value);
  to.setEpoch(x.epoch.value);
  encode_nodes(to.initVoters(static_cast<unsigned>(x.voters.size())), x.voters);
  encode_nodes(to.initLearners(static_cast<unsigned>(x.learners.size())),
               x.learners);
  to.setNote(x.note);
  auto backups = to.initBackups(static_cast<unsigned>(x.backups.size()));
  for (unsigned i = 0; i < backups.size(); ++i) {
    backups[i].setNode(x.backups[i].node.value);
    backups[i].setDurableIndex(x.backups[i].durable_index.value);
    backups[i].setOnline(x.backups[i].online);
  }
}

result<replica_status> decode(wire::ReplicaStatus::Reader from,
                              const frame& whole) {
  const auto backups = from.getBackups();
  if (!can_hold(whole.size(), backups.size(), backup_words_min))
    return error{errc::malformed, "status reply: backups without bytes"};
  replica_status result;
  result.set = set_id{from.getSet()};
  result.set_name = from.getSetName().cStr();
  result.role = from.getRole().cStr();
  result.term = term_t{from.getTerm()};
  result.primary = node_id{from.getPrimary()};
  result.last_index = index_t{from.getLastIndex()};
  result.durable_index = index_t{from.getDurableIndex()};
  result.commit_index = index_t{from.getCommitIndex()};
  result.applied_index = index_t{from.getAppliedIndex()};
  result.epoch = epoch_t{from.getEpoch()};
  result.voters = decode_nodes(from.getVoters());
  result.learners = decode_nodes(from.getLearners());
  result.note = from.getNote().cStr();
  for (auto x : backups)
    result.backups.push_back(
      {node_id{x.getNode()}, index_t{x.getDurableIndex()}, x.getOnline()});
  return result;
}

void encode(wire::Hello::Builder to, const hello& x) {
  to.setOldestVersion(x.oldest_version);
  to.setNewestVersion(x.newest_version);
  to.setClusterName(x.cluster_name);
  encode(to.initCluster(), x.cluster);
  to.setNode(x.node);
  to.setIncarnation(x.incarnation.value);
  to.setBoot(x.boot);
  to.setBootNonce(x.boot_nonce);
  to.setFormed(x.formed);
  to.setTopology(x.topology);
}

hello decode(wire::Hello::Reader from) {
  hello result;
  result.oldest_version = from.getOldestVersion();
  result.newest_version = from.getNewestVersion();
  result.cluster_name = from.getClusterName().cStr();
  result.cluster = decode(from.getCluster());
  result.node = from.getNode().cStr();
  result.incarnation = node_id{from.getIncarnation()};
  result.boot = from.getBoot();
  result.boot_nonce = from.getBootNonce();
  result.formed = from.getFormed();
  result.topology = from.getTopology();
  return result;
}

} // namespace

// -- forming and joining ------------------------------------------------------

void encode_body(wire::PeerFrame::Builder root, const form_offer& x) {
  auto to = root.initFormOffer();
  encode(to.initCluster(), x.cluster);
  to.setComplete(x.complete);
  to.setIncarnation(x.incarnation.value);
  auto without = to.initWithout(static_cast<unsigned>(x.without.size()));
  for (unsigned i = 0; i < without.size(); ++i)
    without.set(i, x.without[i]);
}

void encode_body(wire::PeerFrame::Builder root, const form_answer& x) {
  auto to = root.initFormAnswer();
  encode(to.initCluster(), x.cluster);
  to.setComplete(x.complete);
}

void encode_body(wire::PeerFrame::Builder root, const join_request& x) {
  auto to = root.initJoinRequest();
  to.setNode(x.node);
  to.setNonce(x.nonce);
  to.setReplaces(x.replaces.value);
}

void encode_body(wire::PeerFrame::Builder root, const join_reply& x) {
  auto to = root.initJoinReply();
  encode(to.initCluster(), x.cluster);
  to.setNonce(x.nonce);
  to.setIncarnation(x.incarnation.value);
  to.setReplaces(x.replaces.value);
}

form_offer decode(wire::FormOffer::Reader from) {
  form_offer result{decode(from.getCluster()),
                    from.getComplete(),
                    node_id{from.getIncarnation()},
                    {}};
  for (auto name : from.getWithout())
    result.without.emplace_back(name.cStr());
  return result;
}

form_answer decode(wire::FormAnswer::Reader from) {
  return {decode(from.getCluster()), from.getComplete()};
}

join_request decode(wire::JoinRequest::Reader from) {
  return {from.getNode().cStr(), from.getNonce(), node_id{from.getReplaces()}};
}

join_reply decode(wire::JoinReply::Reader from) {
  return {decode(from.getCluster()), from.getNonce(),
          node_id{from.getIncarnation()}, node_id{from.getReplaces()}};
}

// -- status -------------------------------------------------------------------

void encode_body(wire::PeerFrame::Builder root, const status_request& x) {
  root.initStatusRequest().setId(x.id);
}

void encode_body(wire::PeerFrame::Builder root, const status_reply& x) {
  auto to = root.initStatusReply();
  to.setId(x.id);
  to.setNode(x.node);
  to.setIncarnation(x.incarnation.value);
  to.setBoot(x.boot);
  to.setVersion(x.version);
  to.setUptimeMs(x.uptime_ms);
  auto replicas = to.initReplicas(static_cast<unsigned>(x.replicas.size()));
  for (unsigned i = 0; i < replicas.size(); ++i)
    encode(replicas[i], x.replicas[i]);
}

result<status_reply> decode(wire::StatusReply::Reader from,
                            const frame& whole) {
  const auto replicas = from.getReplicas();
  if (!can_hold(whole.size(), replicas.size(), replica_words_min))
    return error{errc::malformed, "status reply: replicas without bytes"};
  status_reply result;
  result.id = from.getId();
  result.node = from.getNode().cStr();
  result.incarnation = node_id{from.getIncarnation()};
  result.boot = from.getBoot();
  result.version = from.getVersion().cStr();
  result.uptime_ms = from.getUptimeMs();
  for (const auto x : replicas) {
    auto replica = decode(x, whole);
    if (!replica)
      return replica.err();
    result.replicas.push_back(std::move(*replica));
  }
  return result;
}

// -- handshake ----------------------------------------------------------------

namespace {

void encode(wire::Refusal::Builder to, const refusal& x) {
  to.setCode(to_wire(x.code));
  to.setMessage(x.message);
}

} // namespace

void encode_body(wire::PeerFrame::Builder root, const refusal& x) {
  encode(root.initRefusal(), x);
}

result<refusal> decode(wire::Refusal::Reader from) {
  const auto code = from_wire(from.getCode());
  if (!code)
    return error{errc::unsupported, "refusal: unknown reason"};
  return refusal{*code, from.getMessage().cStr()};
}

frame encode(const handshake& msg) {
  capnp::MallocMessageBuilder builder;
  auto root = builder.initRoot<wire::Handshake>();
  if (const auto* x = std::get_if<hello>(&msg)) {
    encode(root.initHello(), *x);
  } else {
    encode(root.initRefusal(), std::get<refusal>(msg));
  }
  return to_frame(builder);
}

result<handshake> decode_handshake(const frame& f) {
  return decode_as<wire::Handshake>(
    "handshake", f.data(), f.size(),
    [](wire::Handshake::Reader root) -> result<handshake> {
      switch (root.which()) {
        case wire::Handshake::HELLO:
          return handshake{decode(root.getHello())};
        case wire::Handshake::REFUSAL: {
          auto refused = decode(root.getRefusal());
          if (!refused)
            return refused.err();
          return handshake{std::move(*refused)};
        }
      }
      return error{errc::unsupported, "handshake: unknown kind"};
    });
}

} // namespace cohort::codec
