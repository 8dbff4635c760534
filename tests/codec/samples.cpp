#include "samples.hpp"

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <memory>
#include <utility>

namespace cohort::codec::tests {

namespace {

using namespace replication;

std::string to_content(const frame& f) {
  return {f.data(), f.size()};
}

bytes to_bytes(const frame& f) {
  return f.alias(f.data(), f.size());
}

configuration sample_configuration(std::uint64_t first) {
  configuration x;
  x.epoch = epoch_t{first};
  x.voters = {node_id{first}, node_id{first + 1}, node_id{first + 2}};
  x.learners = {node_id{first + 9}};
  x.mode = sync_mode::semi_async;
  x.m = 2;
  return x;
}

membership sample_membership() {
  return {sample_configuration(3), sample_configuration(4)};
}

entry sample_entry(std::uint64_t index, entry_kind kind) {
  entry x;
  x.term = term_t{5};
  x.index = index_t{index};
  x.kind = kind;
  x.log_time_ms = 1'700'000'000'123;
  if (kind == entry_kind::command)
    x.payload = bytes::of("a batch of commands");
  if (kind == entry_kind::membership)
    x.members = std::make_shared<const membership>(sample_membership());
  return x;
}

/// Encodes a body of a peer frame as decode_peer() gives it out.
frame encode_peer(const peer_frame& x) {
  return std::visit(
    [&](const auto& body) {
      if constexpr (requires { encode(x.set, x.from, body); })
        return encode(x.set, x.from, body);
      else
        return encode(x.from, body);
    },
    x.body);
}

result<std::string> peer_again(const frame& f) {
  const auto decoded = decode_peer(f);
  if (!decoded)
    return decoded.err();
  return to_content(encode_peer(*decoded));
}

sample peer(std::string name, peer_body body) {
  const peer_frame x{sample_set, sample_node, std::move(body)};
  return {"peer-" + std::move(name), to_content(encode_peer(x)), peer_again};
}

void add_log_protocol(std::vector<sample>& to) {
  const log_position at{term_t{4}, index_t{88}};
  to.push_back(
    peer("vote-request", message{vote_request{term_t{5}, true, true, at}}));
  to.push_back(peer("vote-reply", message{vote_reply{term_t{5}, true, true}}));
  to.push_back(peer("append-request", message{sample_append()}));
  to.push_back(
    peer("append-reply",
         message{append_reply{term_t{5}, append_verdict::mismatch, 17,
                              index_t{80}, index_t{88}, at, 3, true, true}}));
  to.push_back(peer("timeout-now", message{timeout_now{term_t{5}}}));
  to.push_back(peer("state-query", message{state_query{term_t{5}, 3}}));
  to.push_back(peer("state-answer", message{state_answer{term_t{5}, 3, at}}));
  to.push_back(
    peer("snapshot-chunk", snapshot_chunk{term_t{5}, at, 4'096, 9'999,
                                          bytes::of("part of a file")}));
  to.push_back(
    peer("snapshot-answer",
         snapshot_answer{term_t{5}, at, 4'110, snapshot_verdict::refused}));
}

void add_others(std::vector<sample>& to) {
  const cluster_id cluster{1, 2};
  to.push_back(peer("client-work", sample_work()));
  to.push_back(
    peer("client-wait", client_request{9, 5'000, wait_request{index_t{4}, 2}}));
  to.push_back(peer("client-reply", sample_reply()));
  to.push_back(peer("join-set", join_set{node_id{4}}));
  to.push_back(
    peer("form-offer", form_offer{cluster, true, node_id{3}, {"x", "y"}}));
  to.push_back(peer("form-answer", form_answer{cluster, true}));
  to.push_back(peer("join-request", join_request{"a", 77, node_id{2}}));
  to.push_back(
    peer("join-reply", join_reply{cluster, 77, node_id{9}, node_id{2}}));
  to.push_back(peer("refusal", refusal{refusal_code::rolled_back, "is older"}));
  to.push_back(peer("status-request", status_request{31}));
  to.push_back(
    peer("status-reply",
         status_reply{31, "a", node_id{3}, 4, "0.1", {sample_replica()}, 555}));
}

sample greeting(std::string name, const handshake& x) {
  return {"handshake-" + std::move(name), to_content(encode(x)),
          [](const frame& f) -> result<std::string> {
            const auto decoded = decode_handshake(f);
            if (!decoded)
              return decoded.err();
            return to_content(encode(*decoded));
          }};
}

sample command(std::string name, const command_body& x) {
  return {"command-" + std::move(name), to_content(encode(x)),
          [](const frame& f) -> result<std::string> {
            const auto decoded = decode_command(to_bytes(f));
            if (!decoded)
              return decoded.err();
            return to_content(encode(*decoded));
          }};
}

/// For what is encoded to text. Read as text that lies anywhere.
template <class Value, class Decode>
sample text(std::string name, const Value& x, Decode decode_text) {
  return {std::move(name), encode(x),
          [decode_text](const frame& f) -> result<std::string> {
            const auto unaligned = "x" + to_content(f);
            const auto decoded =
              decode_text(std::string_view{unaligned}.substr(1));
            if (!decoded)
              return decoded.err();
            return encode(*decoded);
          }};
}

void add_texts(std::vector<sample>& to) {
  to.push_back({"sessions", encode_sessions(sample_sessions()),
                [](const frame& f) -> result<std::string> {
                  const auto decoded = decode_sessions({f.data(), f.size()});
                  if (!decoded)
                    return decoded.err();
                  return encode_sessions(*decoded);
                }});
  to.push_back(text("engine-attachment",
                    engine_attachment{sample_base(), "sessions"},
                    decode_engine_attachment));
  to.push_back(text("meta-mint", meta_command{mint_command{"a", 77, nobody}},
                    decode_meta_command));
  to.push_back(text("meta-bury", meta_command{bury_command{node_id{3}}},
                    decode_meta_command));
  to.push_back(text("meta-reply", meta_reply{node_id{4}, node_id{2}, "no"},
                    decode_meta_reply));
  to.push_back(text("meta-state", sample_meta(), decode_meta_state));
  to.push_back({"command-list", to_content(encode_list({"first", "", "third"})),
                [](const frame& f) -> result<std::string> {
                  const auto decoded = decode_list(to_bytes(f));
                  if (!decoded)
                    return decoded.err();
                  std::vector<std::string> commands;
                  for (const auto& x : *decoded)
                    commands.emplace_back(x.view());
                  return to_content(encode_list(commands));
                }});
}

} // namespace

std::vector<sample> all_samples() {
  std::vector<sample> result;
  add_log_protocol(result);
  add_others(result);
  result.push_back(greeting(
    "hello", hello{1, 2, "cluster", {1, 2}, "a", node_id{3}, 4, 5, true, 6}));
  result.push_back(
    greeting("refusal", refusal{refusal_code::tombstone, "why"}));
  result.push_back(command("batch", sample_batch()));
  result.push_back(command("open", open_session{}));
  result.push_back(command("close", close_session{{index_t{6}, term_t{2}}}));
  add_texts(result);
  return result;
}

frame to_frame(std::string_view content) {
  frame_buffer buffer{content.size() / sizeof(std::uint64_t)};
  if (buffer.size() > 0)
    std::memcpy(buffer.data(), content.data(), buffer.size());
  return frame{std::move(buffer)};
}

// -- values -------------------------------------------------------------------

append_request sample_append() {
  append_request x;
  x.term = term_t{6};
  x.prev = {term_t{4}, index_t{88}};
  x.commit_index = index_t{90};
  x.round = 17;
  x.lift = 3;
  x.entries = {sample_entry(89, entry_kind::command),
               sample_entry(90, entry_kind::membership),
               sample_entry(91, entry_kind::empty)};
  return x;
}

log_base sample_base() {
  return {index_t{88}, term_t{4}, 1'700'000'000'000, sample_membership()};
}

client_request sample_work() {
  work_request work;
  work.command = to_bytes(encode(command_body{sample_batch()}));
  work.queries = bytes::of("queries");
  work.query_after = {0, 2, 2};
  work.session = {index_t{6}, term_t{2}};
  work.after_sequence = 40;
  return {9, 5'000, std::move(work)};
}

client_reply sample_reply() {
  client_reply x;
  x.id = 9;
  x.outcome = client_outcome::busy;
  x.primary = node_id{3};
  x.at = {epoch_t{2}, term_t{5}, index_t{91}};
  x.copies = 2;
  x.replies = {bytes::of("onetwo"), {3, 3, 6}};
  x.lost = {1};
  x.query_replies = {bytes::of("answer"), {6}};
  x.retry_after_ms = 20;
  x.message = "full";
  return x;
}

replica_status sample_replica() {
  replica_status x;
  x.set = set_id{7};
  x.set_name = "data";
  x.role = "primary";
  x.term = term_t{5};
  x.primary = node_id{3};
  x.last_index = index_t{91};
  x.durable_index = index_t{90};
  x.commit_index = index_t{89};
  x.applied_index = index_t{88};
  x.epoch = epoch_t{2};
  x.voters = {node_id{3}, node_id{4}};
  x.learners = {node_id{5}};
  x.note = "why";
  x.backups = {{node_id{4}, index_t{87}, true}};
  return x;
}

session_batch sample_batch() {
  session_batch x;
  x.session = {index_t{6}, term_t{2}};
  x.first_sequence = 41;
  x.count = 3;
  x.answered_up_to = 38;
  x.commands = bytes::of("three commands");
  return x;
}

std::map<session_id, session_state> sample_sessions() {
  session_state x;
  x.highest_applied = 41;
  x.answered_up_to = 38;
  x.last_active_ms = 1'700'000'000'000;
  x.replies = {"+OK\r\n", std::nullopt, ""};
  session_state idle;
  idle.last_active_ms = -1;
  return {{{index_t{6}, term_t{2}}, x}, {{index_t{9}, term_t{2}}, idle}};
}

meta_state sample_meta() {
  meta_state x;
  x.nodes["a"] = {node_id{4}, 77, node_id{1}};
  x.nodes["b"] = {node_id{2}, 0, nobody};
  x.last_incarnation = node_id{4};
  x.buried = {node_id{1}};
  return x;
}

} // namespace cohort::codec::tests
