// Every message comes back as it was sent.
#include "samples.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>

using namespace cohort;
using namespace cohort::codec;
using namespace cohort::codec::tests;
using namespace cohort::replication;

namespace {

/// Sends a body and gives it out as it is received.
template <class Body>
Body received(const frame& f) {
  const auto decoded = decode_peer(f);
  BOOST_REQUIRE_MESSAGE(decoded.ok(),
                        (decoded ? std::string{} : to_string(decoded.err())));
  BOOST_TEST((decoded->from == sample_node));
  BOOST_REQUIRE(std::holds_alternative<Body>(decoded->body));
  return std::get<Body>(decoded->body);
}

template <class Message>
void comes_back(const Message& x) {
  const auto back =
    received<message>(encode(sample_set, sample_node, message{x}));
  BOOST_REQUIRE(std::holds_alternative<Message>(back));
  BOOST_TEST((std::get<Message>(back) == x));
}

void check_same(const packed_replies& x, const packed_replies& y) {
  BOOST_TEST((x.data == y.data));
  BOOST_TEST((x.ends == y.ends));
}

bytes to_bytes(const frame& f) {
  return f.alias(f.data(), f.size());
}

} // namespace

BOOST_AUTO_TEST_SUITE(round_trip_suite)

// Fields that a decoder leaves out are missing when it is written again.
BOOST_AUTO_TEST_CASE(every_message_is_the_same_again) {
  std::set<std::string> names;
  for (const auto& x : all_samples()) {
    BOOST_TEST_CONTEXT(x.name) {
      BOOST_TEST(names.insert(x.name).second);
      const auto again = x.again(to_frame(x.content));
      BOOST_REQUIRE_MESSAGE(again.ok(),
                            (again ? std::string{} : to_string(again.err())));
      BOOST_TEST((*again == x.content));
    }
  }
  // One of each alternative, with both kinds of requests and all log messages.
  constexpr auto frames = std::variant_size_v<peer_body> - 1
                          + std::variant_size_v<message> + 1;
  constexpr auto commands =
    std::variant_size_v<command_body> + std::variant_size_v<meta_command>;
  BOOST_TEST(names.size()
             == frames + std::variant_size_v<handshake> + commands + 5);
}

BOOST_AUTO_TEST_CASE(votes_and_small_messages_come_back) {
  const log_position at{term_t{4}, index_t{88}};
  comes_back(vote_request{term_t{5}, true, false, at});
  comes_back(vote_request{term_t{5}, false, true, at});
  comes_back(vote_reply{term_t{5}, true, false});
  comes_back(vote_reply{term_t{5}, false, true});
  comes_back(timeout_now{term_t{5}});
  comes_back(state_query{term_t{5}, 6});
  comes_back(state_answer{term_t{5}, 6, at});
  for (const auto verdict : {append_verdict::accepted, append_verdict::mismatch,
                             append_verdict::busy}) {
    comes_back(append_reply{term_t{5}, verdict, 17, index_t{80}, index_t{88},
                            at, 3, true, false});
    comes_back(append_reply{term_t{5}, verdict, 17, index_t{80}, index_t{88},
                            at, 3, false, true});
  }
}

BOOST_AUTO_TEST_CASE(entries_come_back_and_alias_their_frame) {
  const auto x = sample_append();
  const auto f = encode(sample_set, sample_node, message{x});
  const auto back = std::get<append_request>(received<message>(f));
  BOOST_TEST((back.term == x.term && back.prev == x.prev));
  BOOST_TEST((back.commit_index == x.commit_index));
  BOOST_TEST((back.round == x.round && back.lift == x.lift));
  BOOST_REQUIRE(back.entries.size() == x.entries.size());
  for (std::size_t i = 0; i < x.entries.size(); ++i) {
    const auto& sent = x.entries[i];
    const auto& got = back.entries[i];
    BOOST_TEST((got.term == sent.term && got.index == sent.index));
    BOOST_TEST((got.kind == sent.kind));
    BOOST_TEST(got.log_time_ms == sent.log_time_ms);
    BOOST_TEST((got.payload == sent.payload));
    BOOST_REQUIRE(!got.members == !sent.members);
    BOOST_TEST((!sent.members || *got.members == *sent.members));
  }
  const auto* payload = back.entries[0].payload.data();
  BOOST_TEST((payload >= f.data() && payload < f.data() + f.size()));
}

BOOST_AUTO_TEST_CASE(requests_come_back) {
  const auto x = sample_work();
  const auto back =
    received<client_request>(encode(sample_set, sample_node, x));
  BOOST_TEST(back.id == x.id);
  BOOST_TEST(back.patience_ms == x.patience_ms);
  const auto& sent = std::get<work_request>(x.body);
  const auto& got = std::get<work_request>(back.body);
  BOOST_TEST((got.command == sent.command && got.queries == sent.queries));
  BOOST_TEST((got.query_after == sent.query_after));
  BOOST_TEST((got.session == sent.session));
  BOOST_TEST(got.after_sequence == sent.after_sequence);
  const client_request wait{8, 1, wait_request{index_t{4}, 2}};
  const auto waits =
    received<client_request>(encode(sample_set, sample_node, wait));
  BOOST_TEST((std::get<wait_request>(waits.body).index == index_t{4}));
  BOOST_TEST(std::get<wait_request>(waits.body).copies == 2u);
}

BOOST_AUTO_TEST_CASE(replies_come_back_with_every_outcome) {
  for (const auto outcome :
       {client_outcome::done, client_outcome::not_primary, client_outcome::busy,
        client_outcome::gap, client_outcome::expired, client_outcome::refused,
        client_outcome::disk_full}) {
    auto x = sample_reply();
    x.outcome = outcome;
    const auto back =
      received<client_reply>(encode(sample_set, sample_node, x));
    BOOST_TEST(back.id == x.id);
    BOOST_TEST((back.outcome == outcome));
    BOOST_TEST((back.primary == x.primary && back.at == x.at));
    BOOST_TEST(back.copies == x.copies);
    check_same(back.replies, x.replies);
    check_same(back.query_replies, x.query_replies);
    BOOST_TEST((back.lost == x.lost));
    BOOST_TEST(back.retry_after_ms == x.retry_after_ms);
    BOOST_TEST(back.message == x.message);
  }
}

BOOST_AUTO_TEST_CASE(handshakes_come_back) {
  const hello x{1, 2, "cluster", {3, 4}, "node", node_id{5}, 6, 7, true, 8};
  const auto back = decode_handshake(encode(handshake{x}));
  BOOST_REQUIRE(back.ok());
  BOOST_TEST((std::get<hello>(*back) == x));
  for (const auto code :
       {refusal_code::other_cluster, refusal_code::unknown_node,
        refusal_code::rolled_back, refusal_code::version,
        refusal_code::tombstone, refusal_code::topology}) {
    const auto refused =
      decode_handshake(encode(handshake{refusal{code, "w"}}));
    BOOST_REQUIRE(refused.ok());
    BOOST_TEST((std::get<refusal>(*refused).code == code));
    BOOST_TEST(std::get<refusal>(*refused).message == "w");
  }
}

BOOST_AUTO_TEST_CASE(command_bodies_come_back) {
  const auto x = sample_batch();
  const auto back = decode_command(to_bytes(encode(command_body{x})));
  BOOST_REQUIRE(back.ok());
  const auto& got = std::get<session_batch>(*back);
  BOOST_TEST((got.session == x.session && got.commands == x.commands));
  BOOST_TEST(got.first_sequence == x.first_sequence);
  BOOST_TEST(got.count == x.count);
  BOOST_TEST(got.answered_up_to == x.answered_up_to);
  const auto empty =
    decode_command(to_bytes(encode(command_body{session_batch{}})));
  BOOST_REQUIRE(empty.ok());
  BOOST_TEST(std::get<session_batch>(*empty).commands.empty());
  const auto close = decode_command(
    to_bytes(encode(command_body{close_session{{index_t{6}, term_t{2}}}})));
  BOOST_TEST((std::get<close_session>(*close).session
              == session_id{index_t{6}, term_t{2}}));
}

BOOST_AUTO_TEST_CASE(states_come_back) {
  BOOST_TEST((*decode_sessions(encode_sessions(sample_sessions()))
              == sample_sessions()));
  BOOST_TEST((*decode_meta_state(encode(sample_meta())) == sample_meta()));
  const auto attachment =
    decode_engine_attachment(encode(engine_attachment{sample_base(), "text"}));
  BOOST_REQUIRE(attachment.ok());
  BOOST_TEST((attachment->base == sample_base()));
  BOOST_TEST(attachment->sessions == "text");
}

BOOST_AUTO_TEST_CASE(frames_find_their_way_unread) {
  using target = frame_address::target;
  for (const auto& x : all_samples()) {
    if (!x.name.starts_with("peer-"))
      continue;
    BOOST_TEST_CONTEXT(x.name) {
      const auto f = to_frame(x.content);
      const auto address = address_of(f);
      BOOST_REQUIRE(address.ok());
      BOOST_TEST((address->from == sample_node));
      const auto kind = x.name.substr(5);
      const bool between_nodes = kind.starts_with("form-")
                                 || kind.starts_with("status-")
                                 || kind == "join-request"
                                 || kind == "join-reply" || kind == "refusal";
      const auto expected = kind == "client-reply" ? target::gateway
                            : between_nodes        ? target::node
                                                   : target::replica;
      BOOST_TEST((address->to == expected));
      BOOST_TEST((address->set == (between_nodes ? meta_set : sample_set)));
      BOOST_TEST(address->request == (kind == "client-reply" ? 9u : 0u));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
