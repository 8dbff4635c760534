// Bytes that no sender of ours writes give errors, and never anything worse.
#include "samples.hpp"

#include "core/little_endian.hpp"
#include "core/rng.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>

using namespace cohort;
using namespace cohort::codec;
using namespace cohort::codec::tests;
using namespace cohort::replication;

namespace {

/// Reads `content` as every kind of message. What can be read can be written.
/// Returns how many refused it.
std::size_t read_as_all(const std::vector<sample>& samples,
                        const std::string& content) {
  const auto f = to_frame(content);
  std::size_t refused = 0;
  for (const auto& x : samples) {
    const auto outcome = x.again(f);
    refused += outcome.ok() ? 0 : 1;
    BOOST_REQUIRE(outcome.ok() || !outcome.err().message.empty());
  }
  (void) address_of(f);
  return refused;
}

errc why(const append_request& x) {
  const auto decoded = decode_peer(encode(sample_set, sample_node, message{x}));
  BOOST_REQUIRE(!decoded.ok());
  return decoded.err().code;
}

/// The list of structs of `data` words and `pointers` pointers in `content`
/// claims `count` structs that take no room.
std::string claim(std::string content, std::uint32_t data,
                  std::uint32_t pointers, std::uint32_t count) {
  std::size_t found = 0;
  for (std::size_t at = 0; at < content.size(); at += 8) {
    const auto low = load_le<std::uint32_t>(content.data() + at);
    const auto high = load_le<std::uint32_t>(content.data() + at + 4);
    // The tag before the structs: how many, and of which size.
    if (low % 4 != 0 || low / 4 == 0 || low / 4 > 3
        || high != (data | pointers << 16))
      continue;
    ++found;
    store_le(content.data() + at, count * 4);
    store_le(content.data() + at + 4, std::uint32_t{0});
  }
  BOOST_REQUIRE(found > 0);
  return content;
}

constexpr std::uint32_t most_claimed = (1u << 29) - 1;

struct claimed_list {
  const char* name; ///< of the message it is in
  std::uint32_t data;
  std::uint32_t pointers;
};

} // namespace

BOOST_AUTO_TEST_SUITE(malformed_suite)

BOOST_AUTO_TEST_CASE(t1_structs_without_bytes_are_not_believed) {
  for (const auto& list : {claimed_list{"peer-append-request", 4, 2},
                           claimed_list{"peer-status-reply", 8, 6},
                           claimed_list{"peer-status-reply", 3, 0},
                           claimed_list{"sessions", 1, 1}}) {
    const auto samples = all_samples();
    const auto x =
      std::find_if(samples.begin(), samples.end(),
                   [&](const sample& one) { return one.name == list.name; });
    BOOST_REQUIRE(x != samples.end());
    BOOST_TEST_CONTEXT(list.name << " " << list.data) {
      for (const auto count : {500u, most_claimed}) {
        const auto outcome = x->again(
          to_frame(claim(x->content, list.data, list.pointers, count)));
        BOOST_REQUIRE(!outcome.ok());
        BOOST_TEST((outcome.err().code == errc::malformed));
        if (count != most_claimed)
          BOOST_TEST(outcome.err().message.ends_with("without bytes"),
                     outcome.err().message);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_batch_without_commands_can_be_read) {
  session_batch batch;
  batch.session = {index_t{7}, term_t{1}};
  const auto encoded = encode(command_body{batch});
  const auto decoded =
    decode_command(encoded.alias(encoded.data(), encoded.size()));
  BOOST_REQUIRE(decoded.ok());
  BOOST_TEST(std::get<session_batch>(*decoded).commands.empty());
}

BOOST_AUTO_TEST_CASE(random_words_are_refused) {
  const auto samples = all_samples();
  rng random{1};
  std::size_t refused = 0;
  for (int i = 0; i < 3'000; ++i) {
    std::string content(8 * random.below(20), '\0');
    for (auto& c : content)
      c = static_cast<char>(random.below(3) == 0 ? random.next() : 0);
    refused += read_as_all(samples, content);
  }
  BOOST_TEST(refused > 10'000u);
}

BOOST_AUTO_TEST_CASE(every_flipped_bit_gives_an_answer) {
  std::size_t refused = 0;
  std::size_t unsupported = 0;
  for (const auto& x : all_samples()) {
    BOOST_TEST_CONTEXT(x.name) {
      for (std::size_t bit = 0; bit < 8 * x.content.size(); ++bit) {
        auto content = x.content;
        content[bit / 8] = static_cast<char>(content[bit / 8] ^ 1 << bit % 8);
        const auto outcome = x.again(to_frame(content));
        refused += outcome.ok() ? 0 : 1;
        unsupported +=
          !outcome.ok() && outcome.err().code == errc::unsupported ? 1 : 0;
      }
    }
  }
  BOOST_TEST(refused > 1'000u);
  BOOST_TEST(unsupported > 100u); // kinds and enumerators of later releases
}

BOOST_AUTO_TEST_CASE(several_flipped_bits_give_an_answer) {
  const auto samples = all_samples();
  rng random{2};
  std::size_t refused = 0;
  for (int i = 0; i < 3'000; ++i) {
    auto content = samples[random.below(samples.size())].content;
    for (auto n = random.between(1, 6); n > 0; --n)
      content[random.below(content.size())] = static_cast<char>(random.next());
    refused += read_as_all(samples, content);
  }
  BOOST_TEST(refused > 1'000u);
}

BOOST_AUTO_TEST_CASE(what_is_cut_off_is_refused) {
  for (const auto& x : all_samples()) {
    BOOST_TEST_CONTEXT(x.name) {
      for (std::size_t size = 0; size < x.content.size(); size += 8)
        BOOST_TEST(!x.again(to_frame(x.content.substr(0, size))).ok());
    }
  }
}

BOOST_AUTO_TEST_CASE(entries_must_follow_each_other) {
  auto x = sample_append();
  x.entries[1].index = index_t{92};
  BOOST_TEST((why(x) == errc::malformed));
  x = sample_append();
  x.prev.index = index_t{80};
  BOOST_TEST((why(x) == errc::malformed));
  x = sample_append();
  x.entries[1].term = term_t{4};
  BOOST_TEST((why(x) == errc::malformed));
  x = sample_append();
  x.entries[0].term = term_t{3}; // below that of `prev`
  BOOST_TEST((why(x) == errc::malformed));
  x = sample_append();
  x.term = term_t{4};
  BOOST_TEST((why(x) == errc::malformed));
}

BOOST_AUTO_TEST_CASE(c7_a_commit_index_beyond_the_request_is_refused) {
  auto x = sample_append();
  x.commit_index = index_t{92};
  BOOST_TEST((why(x) == errc::malformed));
}

BOOST_AUTO_TEST_CASE(configurations_must_be_valid) {
  auto x = sample_append();
  auto members = *x.entries[1].members;
  members.current.voters.clear();
  x.entries[1].members = std::make_shared<const membership>(members);
  why(x);
  members = *sample_append().entries[1].members;
  for (std::uint64_t i = 100; i < 200; ++i)
    members.current.learners.push_back(node_id{i});
  x.entries[1].members = std::make_shared<const membership>(members);
  BOOST_TEST((why(x) == errc::too_large));
}

BOOST_AUTO_TEST_CASE(replies_must_lie_in_their_data) {
  for (const std::vector<std::uint32_t>& ends :
       {std::vector<std::uint32_t>{3, 7}, std::vector<std::uint32_t>{4, 3}}) {
    for (const bool of_queries : {false, true}) {
      auto x = sample_reply();
      (of_queries ? x.query_replies : x.replies).ends = ends;
      const auto decoded = decode_peer(encode(sample_set, sample_node, x));
      BOOST_REQUIRE(!decoded.ok());
      BOOST_TEST((decoded.err().code == errc::malformed));
    }
  }
}

BOOST_AUTO_TEST_CASE(session_tables_must_fit_together) {
  auto sessions = sample_sessions();
  sessions.begin()->second.replies.pop_back();
  BOOST_TEST(!decode_sessions(encode_sessions(sessions)).ok());
  sessions = sample_sessions();
  sessions.begin()->second.answered_up_to = 50;
  BOOST_TEST(!decode_sessions(encode_sessions(sessions)).ok());
}

BOOST_AUTO_TEST_SUITE_END()
