// What the actors of one node tell each other. Structs, one type per message;
// none of them leaves the process.
#pragma once

#include "codec/client_messages.hpp"
#include "codec/meta_codec.hpp"
#include "codec/node_messages.hpp"
#include "core/frame.hpp"
#include "core/ids.hpp"
#include "core/result.hpp"
#include "replication/output.hpp"
#include "runtime/peer_book.hpp"
#include "transport/frame_format.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cohort::runtime {

// -- time ---------------------------------------------------------------------

/// Time passes. Made by the hub for itself, and for the actors that live in the
/// loop like it: they are reached without a wake-up. Through the node, one in
/// `slow_ticks` reaches those that have a thread of their own: waking them
/// costs more than they have to do.
struct tick {};

constexpr std::uint32_t slow_ticks = 10;

/// To itself, when a deadline is over.
struct time_is_up {};

/// To itself, at the first input of a turn: what has gathered is carried out.
struct end_turn {};

// -- hub ----------------------------------------------------------------------

/// A frame for one or several nodes. Those that cannot be reached miss it.
struct outbound {
  std::vector<node_id> to;
  transport::lane on = transport::lane::data;
  frame content;
};

/// A frame from another node, or from this one to itself.
struct inbound {
  node_id from;
  frame content;
};

/// A link to a node is open; what was on an earlier one may be lost.
struct peer_up {
  node_id node;
  std::string name;
};

/// The last link to a node is closed.
struct peer_down {
  node_id node;
  std::string name;
};

/// A frame between nodes, by name: nodes that are not formed have no id yet.
struct node_frame {
  std::string name; ///< of the other node
  frame content;
};

/// A node said hello and was let in.
struct node_met {
  hello who;
};

/// Another node does not want this one.
struct node_refused {
  std::string name;
  refusal why;
};

/// What this node says of itself from now on; links are made anew.
struct introduce_as {
  hello own;
};

/// Incarnations that are over.
struct bury_nodes {
  std::vector<node_id> incarnations;
};

/// Newest starts of other nodes, to be remembered on disk.
struct remember_boots {
  std::map<node_id, known_boot> boots;
};

/// Frames for a set go to this replica; none if the actor is empty.
struct serve_set {
  set_id set;
  caf::actor replica;
};

/// Answers to requests whose ids begin with `number` go to this gateway.
struct serve_gateway {
  std::uint16_t number = 0;
  caf::actor gateway;
  bool wants_ticks = false;
};

/// Where a gateway's number stands in the ids of its requests.
inline constexpr unsigned gateway_shift = 48;

/// Replies find a node by its incarnation, which outlives its processes. So ids
/// count from a place that each start of a node draws anew, `drawn`: a late
/// reply to the process before is none to a request of this one. At most 2^47
/// requests of one gateway keep their number.
constexpr std::uint64_t first_request_of(std::uint16_t gateway,
                                         std::uint64_t drawn) {
  constexpr auto places = std::uint64_t{1} << (gateway_shift - 1);
  return (std::uint64_t{gateway} << gateway_shift) + drawn % places;
}

/// Who has which number on a node.
namespace gateway_number {
inline constexpr std::uint16_t front = 1;
inline constexpr std::uint16_t meta = 2;
inline constexpr std::uint16_t first_client = 16;
} // namespace gateway_number

// -- log ----------------------------------------------------------------------

/// To the log_writer: make this durable, then tell `replica`.
struct log_write {
  set_id set;
  replication::write_request request;
  caf::actor replica;
};

/// Everything up to `ticket` is durable.
struct log_written {
  ticket_t ticket;
};

/// The disk is full. What was asked for is written once there is space; the
/// hard states up to `states` are durable already (D6).
struct log_full {
  ticket_t states;
};

/// The log has no room for what waits: a snapshot would make some, and is due
/// however little it covers. To every replica that writes, also to those that
/// wait for nothing, and on to its applier.
struct make_room {};

/// To the spare_maker: segments run low.
struct make_spares {};

/// To the log_reader: entries for `replica`.
struct log_read {
  set_id set;
  replication::log_fetch request;
  caf::actor replica;
};

struct log_entries {
  replication::log_fetch request;
  std::vector<replication::entry> entries; ///< none: not in the log any more
};

// -- applier ------------------------------------------------------------------

/// Who asked, and how the answer finds back.
struct asker {
  node_id gateway;
  std::uint64_t request = 0;
};

/// What the primary was asked together with the entry at `index`.
struct riding_work {
  index_t index;
  asker who;
  work_request work;
};

struct apply_entries {
  std::vector<replication::entry> entries;
  std::vector<riding_work> riding; ///< ascending
  index_t durable;                 ///< of the log here
};

/// Writes at or below may be answered.
struct acknowledge_up_to {
  index_t index;
  epoch_t epoch;
};

/// Queries without commands: answered once `index` is applied.
struct answer_queries {
  index_t index;
  std::int64_t now_ms = 0; ///< what log time would be now
  asker who;
  work_request work;
};

/// From the applier to the replica: say when the log here is durable up to
/// `at_least`, or is full and may not become so. Answered by may_store.
struct tell_durable {
  index_t at_least;
};

/// The state up to `index` may be stored.
struct may_store {
  index_t index;
};

/// This replica leads no more: whoever waits for it is told so.
struct stepped_down {
  node_id primary;
};

struct applied_up_to {
  index_t index;
};

/// A query, or a key that is due, needs log time to move.
struct move_time {};

/// Is anything due? Asked by the primary now and then.
struct check_time {
  std::int64_t now_ms = 0;
};

// -- replicas and what surrounds them -----------------------------------------

/// A replica has another role, or knows another primary.
struct role_changed {
  set_id set;
  replication::role_change change;
};

/// To a replica: hand over to somebody, if it leads. Answered by
/// handed_over.
struct hand_over {};

struct handed_over {
  set_id set;
};

/// To a replica: what is your state? Answered by a replica_status.
struct report_status {
  caf::actor to;
};

struct replica_report {
  replica_status status;
};

/// A member of the set was found on a disk that went back in time (C2).
struct member_regressed {
  set_id set;
  node_id member;
};

/// To the node: one more gateway, to the first set, which is told all that it
/// has missed; or, if the actor is empty, one less.
struct attach_gateway {
  std::uint16_t number = 0;
  caf::actor gateway;
  bool wants_ticks = false; ///< every tick of the node, busy or not
};

/// To gateways: the set is served here; requests may be sent.
struct set_ready {
  set_id set;
  node_id self;
  caf::actor hub;
  caf::actor replica;          ///< of this node; none if it is no member
  std::vector<node_id> voters; ///< as far as this node knows
};

/// To gateways: not yet, and why.
struct not_ready {
  std::string why;
};

/// To the node: gather the state of all nodes for people. Answered by
/// cluster_report.
struct report_cluster {
  caf::actor to;
};

struct cluster_report {
  std::string text;
};

/// To the node: the meta set's machine has another state.
struct meta_changed {
  meta_state state;
};

/// From the owner of a node: hand over, then stop everything. Answered by
/// nothing: the node's actor ends.
struct stop_node {
  std::int64_t patience_ms = 0;
};

/// From an operator: form the cluster although these nodes are not there.
struct form_without {
  std::vector<std::string> names;
};

/// This replica is a member now, or has ceased to be one.
struct membership_seen {
  set_id set;
  bool member = false;
};

} // namespace cohort::runtime

#define COHORT_LOCAL_MESSAGE(type) \
  CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cohort::runtime::type)

COHORT_LOCAL_MESSAGE(tick)
COHORT_LOCAL_MESSAGE(time_is_up)
COHORT_LOCAL_MESSAGE(end_turn)
COHORT_LOCAL_MESSAGE(outbound)
COHORT_LOCAL_MESSAGE(inbound)
COHORT_LOCAL_MESSAGE(peer_up)
COHORT_LOCAL_MESSAGE(peer_down)
COHORT_LOCAL_MESSAGE(node_frame)
COHORT_LOCAL_MESSAGE(node_met)
COHORT_LOCAL_MESSAGE(node_refused)
COHORT_LOCAL_MESSAGE(introduce_as)
COHORT_LOCAL_MESSAGE(bury_nodes)
COHORT_LOCAL_MESSAGE(remember_boots)
COHORT_LOCAL_MESSAGE(serve_set)
COHORT_LOCAL_MESSAGE(serve_gateway)
COHORT_LOCAL_MESSAGE(log_write)
COHORT_LOCAL_MESSAGE(log_written)
COHORT_LOCAL_MESSAGE(log_full)
COHORT_LOCAL_MESSAGE(make_room)
COHORT_LOCAL_MESSAGE(make_spares)
COHORT_LOCAL_MESSAGE(log_read)
COHORT_LOCAL_MESSAGE(log_entries)
COHORT_LOCAL_MESSAGE(apply_entries)
COHORT_LOCAL_MESSAGE(acknowledge_up_to)
COHORT_LOCAL_MESSAGE(answer_queries)
COHORT_LOCAL_MESSAGE(tell_durable)
COHORT_LOCAL_MESSAGE(may_store)
COHORT_LOCAL_MESSAGE(stepped_down)
COHORT_LOCAL_MESSAGE(applied_up_to)
COHORT_LOCAL_MESSAGE(move_time)
COHORT_LOCAL_MESSAGE(check_time)
COHORT_LOCAL_MESSAGE(role_changed)
COHORT_LOCAL_MESSAGE(hand_over)
COHORT_LOCAL_MESSAGE(handed_over)
COHORT_LOCAL_MESSAGE(report_status)
COHORT_LOCAL_MESSAGE(replica_report)
COHORT_LOCAL_MESSAGE(member_regressed)
COHORT_LOCAL_MESSAGE(membership_seen)
COHORT_LOCAL_MESSAGE(attach_gateway)
COHORT_LOCAL_MESSAGE(set_ready)
COHORT_LOCAL_MESSAGE(not_ready)
COHORT_LOCAL_MESSAGE(report_cluster)
COHORT_LOCAL_MESSAGE(cluster_report)
COHORT_LOCAL_MESSAGE(meta_changed)
COHORT_LOCAL_MESSAGE(stop_node)
COHORT_LOCAL_MESSAGE(form_without)
