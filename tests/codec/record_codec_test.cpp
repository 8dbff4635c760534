#include "codec/record_codec.hpp"

#include "core/rng.hpp"

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <string>

using namespace cohort;
using namespace cohort::codec;
using replication::entry;
using replication::entry_kind;

namespace {

replication::membership members(std::size_t count) {
  replication::membership result;
  auto fill = [&](replication::configuration& to, std::uint64_t from) {
    to.epoch = epoch_t{from};
    for (std::uint64_t i = 0; i < count; ++i) {
      to.voters.push_back(node_id{from + i});
      to.learners.push_back(node_id{from + 1'000 + i});
    }
    to.m = replication::default_m(count);
  };
  fill(result.current, 1);
  fill(result.next.emplace(), 2);
  return result;
}

replication::log_base some_base(std::size_t count) {
  replication::log_base result;
  result.index = index_t{~std::uint64_t{0} - 9};
  result.term = term_t{77};
  result.log_time_ms = -5;
  result.members = members(count);
  return result;
}

replication::hard_state some_state() {
  replication::hard_state result;
  result.term = term_t{78};
  result.voted_for = replication::forgotten_vote;
  result.suspect = true;
  result.vote_floor = {term_t{3}, index_t{4}};
  return result;
}

std::vector<entry> some_entries(std::uint64_t seed, std::size_t count) {
  rng random{seed};
  std::vector<entry> result;
  for (std::size_t i = 0; i < count; ++i) {
    entry x;
    x.term = term_t{5 + i / 3};
    x.index = index_t{100 + i};
    x.log_time_ms = static_cast<std::int64_t>(1'700'000'000'000 + i);
    x.kind = i % 5 == 4   ? entry_kind::membership
             : i % 5 == 3 ? entry_kind::empty
                          : entry_kind::command;
    if (x.kind == entry_kind::membership)
      x.members = std::make_shared<const replication::membership>(members(3));
    std::string payload(random.below(300), '\0');
    for (auto& c : payload)
      c = static_cast<char>(random.next());
    x.payload = bytes::of(std::move(payload));
    result.push_back(std::move(x));
  }
  return result;
}

/// The record in one piece, as it is read back.
frame whole(const encoded_record& from) {
  BOOST_REQUIRE(from.size % 8 == 0);
  frame_buffer buffer{from.size / 8};
  auto* to = buffer.data();
  for (const auto piece : from.pieces) {
    std::memcpy(to, piece.data(), piece.size());
    to += piece.size();
  }
  BOOST_REQUIRE(to == buffer.data() + buffer.size());
  return frame{std::move(buffer)};
}

template <class T>
T decoded(const encoded_record& from) {
  const auto record = whole(from);
  BOOST_REQUIRE(
    record_size({reinterpret_cast<const std::byte*>(record.data()), 8})
    == from.size);
  auto result = decode_record(record, 0, record.word_count());
  BOOST_REQUIRE_MESSAGE(result.ok(),
                        (result ? std::string{} : to_string(result.err())));
  BOOST_REQUIRE(std::holds_alternative<T>(*result));
  return std::get<T>(std::move(*result));
}

void check_same(const std::vector<entry>& xs, const std::vector<entry>& ys) {
  BOOST_REQUIRE(xs.size() == ys.size());
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const auto& x = xs[i];
    const auto& y = ys[i];
    BOOST_REQUIRE(x.term == y.term && x.index == y.index && x.kind == y.kind);
    BOOST_REQUIRE(x.log_time_ms == y.log_time_ms && x.payload == y.payload);
    BOOST_REQUIRE(!x.members == !y.members);
    BOOST_REQUIRE(!x.members || *x.members == *y.members);
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(record_codec_suite)

BOOST_AUTO_TEST_CASE(every_kind_of_record_comes_back) {
  record_encoder encoder;
  const segment_head head{{{1, 2}, "node-a", node_id{3}}, true};
  BOOST_TEST((decoded<segment_head>(encoder.encode(head)) == head));
  for (const auto& state : {set_state{set_id{9}, some_state(), some_base(64)},
                            set_state{set_id{9}, {}, {}}})
    BOOST_TEST((decoded<set_state>(encoder.encode(state)) == state));
  BOOST_TEST((decoded<set_removal>(encoder.encode(set_removal{set_id{4}})).set
              == set_id{4}));
  const auto cut =
    decoded<set_cut>(encoder.encode(set_cut{set_id{4}, index_t{17}}));
  BOOST_TEST((cut.set == set_id{4} && cut.first == index_t{17}));
}

BOOST_AUTO_TEST_CASE(requests_come_back_whole_and_in_parts) {
  record_encoder encoder;
  replication::write_request request;
  request.state = some_state();
  request.base = some_base(3);
  request.keep_tail = true;
  request.entries = some_entries(1, 40);
  const auto all = decoded<set_change>(
    encoder.encode(set_id{5}, request, true, request.entries));
  BOOST_TEST((all.set == set_id{5}));
  BOOST_TEST((all.state == request.state && all.base == request.base));
  BOOST_TEST(all.keep_tail);
  check_same(all.entries, request.entries);
  const std::span<const entry> some{request.entries.data() + 10, 7};
  const auto part =
    decoded<set_change>(encoder.encode(set_id{5}, request, false, some));
  BOOST_TEST((!part.state && !part.base && !part.keep_tail));
  check_same(part.entries, {some.begin(), some.end()});
  const auto moved =
    decoded<moved_entries>(encoder.encode_moved(set_id{6}, some));
  BOOST_TEST((moved.set == set_id{6}));
  check_same(moved.entries, {some.begin(), some.end()});
}

BOOST_AUTO_TEST_CASE(the_bounds_are_bounds) {
  record_encoder encoder;
  for (const std::size_t count : {0u, 1u, 5u, 100u, 5'000u}) {
    replication::write_request request;
    request.state = some_state();
    request.base = some_base(64);
    request.entries = some_entries(count, count);
    for (auto& x : request.entries)
      if (x.members)
        x.members =
          std::make_shared<const replication::membership>(members(64));
    auto bound = record_head_bound;
    for (const auto& x : request.entries)
      bound += entry_bytes_bound(x);
    BOOST_TEST(encoder.encode(set_id{1}, request, true, request.entries).size
               <= bound);
  }
  BOOST_TEST(
    encoder.encode(set_state{set_id{1}, some_state(), some_base(64)}).size
    <= record_head_bound);
}

// No byte string makes the decoder read outside, or fail other than by an
// error.
BOOST_AUTO_TEST_CASE(arbitrary_records_are_refused_or_read) {
  record_encoder encoder;
  replication::write_request request;
  request.state = some_state();
  request.base = some_base(2);
  request.entries = some_entries(3, 6);
  const auto good =
    whole(encoder.encode(set_id{5}, request, true, request.entries));
  rng random{7};
  std::size_t refused = 0;
  for (int i = 0; i < 30'000; ++i) {
    frame_buffer buffer{random.below(4) == 0 ? random.between(1, 40)
                                             : good.word_count()};
    std::memcpy(buffer.data(), good.data(),
                std::min(buffer.size(), good.size()));
    for (std::uint64_t n = random.between(1, 5); n > 0; --n)
      buffer.data()[random.below(buffer.size())] =
        static_cast<char>(random.next());
    const auto words = buffer.word_count();
    const auto outcome = decode_record(frame{std::move(buffer)}, 0, words);
    refused += outcome.ok() ? 0 : 1;
  }
  BOOST_TEST(refused > 1'000u);
}

BOOST_AUTO_TEST_CASE(heads_of_files_come_back) {
  const node_identity identity{{{7, 8}, "a name", node_id{9}}, true};
  BOOST_TEST((*decode_identity(encode(identity)) == identity));
  snapshot_head head;
  head.set = set_id{1};
  head.base = some_base(3);
  head.machine_version = 4;
  head.attachment_bytes = 5;
  head.terms = {{index_t{1}, term_t{2}}, {index_t{3}, term_t{4}}};
  BOOST_TEST((*decode_snapshot_head(encode(head)) == head));
}

BOOST_AUTO_TEST_SUITE_END()
