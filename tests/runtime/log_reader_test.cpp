// Reading the log and making its segments, on a disk that fails. D2, D6.
#include "runtime/log_reader.hpp"

#include "runtime/log_world.hpp"
#include "storage/log_images.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::runtime;
using namespace cohort::runtime::tests;
using storage::tests::must_write;
using storage::tests::write_of;

namespace {

struct reader_world : log_world {
  witness replica = make_witness();
  caf::actor reader =
    start<log_reader>(std::shared_ptr<const storage::node_log>{log});

  reader_world() {
    for (std::uint64_t i = 1; i <= 5; ++i)
      must_write(*log, {write_of(1, {command(1, i, "entry")})});
  }

  ~reader_world() {
    end_all();
  }

  void ask(std::uint64_t first, std::uint64_t last) {
    replication::log_fetch what;
    what.peer = node_id{2};
    what.first = index_t{first};
    what.last = index_t{last};
    what.bytes_max = 1 << 20;
    send(reader, log_read{set_id{1}, what, replica.actor});
  }
};

struct spare_world : log_world {
  caf::actor maker = start<spare_maker>(log);

  ~spare_world() {
    end_all();
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(log_reader_suite)

BOOST_FIXTURE_TEST_CASE(entries_come_with_what_was_asked, reader_world) {
  ask(2, 4);
  const auto answers = replica.take<log_entries>();
  BOOST_REQUIRE(answers.size() == 1u);
  BOOST_TEST(answers[0].request.peer.value == 2u);
  BOOST_REQUIRE(answers[0].entries.size() == 3u);
  BOOST_TEST(answers[0].entries.front().index.value == 2u);
}

BOOST_FIXTURE_TEST_CASE(D5_entries_that_are_gone_are_no_error, reader_world) {
  must_write(*log,
             {storage::tests::base_of(1, storage::tests::base_at(1, 3), true)});
  ask(2, 4);
  const auto answers = replica.take<log_entries>();
  BOOST_REQUIRE(answers.size() == 1u);
  BOOST_TEST(answers[0].entries.empty());
  BOOST_TEST(ended(reader) == "");
}

BOOST_FIXTURE_TEST_CASE(D6_a_log_that_cannot_be_read_ends_it, reader_world) {
  for (const auto& block : storage::tests::look_at(*disk).blocks)
    for (const auto& x : block.sectors)
      disk->make_unreadable(x.path, x.offset);
  ask(1, 5);
  BOOST_TEST(says(ended(reader), "the log cannot be read: "), ended(reader));
  BOOST_TEST(replica.silent());
}

BOOST_FIXTURE_TEST_CASE(D2_spares_are_made_until_there_are_enough,
                        spare_world) {
  BOOST_REQUIRE(log->spare_wanted());
  send(maker, make_spares{});
  BOOST_TEST(!log->spare_wanted());
}

BOOST_FIXTURE_TEST_CASE(D6_without_room_no_segment_is_made, spare_world) {
  const auto segments = storage::tests::segments_of(*disk).size();
  limit_disk(segments);
  send(maker, make_spares{});
  BOOST_TEST(log->spare_wanted());
  BOOST_TEST(storage::tests::segments_of(*disk).size() == segments);
  BOOST_TEST(ended(maker) == "");
  limit_disk(segments + 10);
  send(maker, make_spares{});
  BOOST_TEST(!log->spare_wanted());
}

BOOST_FIXTURE_TEST_CASE(D6_a_segment_that_cannot_be_made_ends_it, spare_world) {
  disk->fail_change(2, errc::io_failed);
  send(maker, make_spares{});
  BOOST_TEST(says(ended(maker), "no segment can be made: "), ended(maker));
}

BOOST_AUTO_TEST_SUITE_END()
