// Snapshots: what is finished is whole, and there is always one. D7.
#include "storage/snapshot_store.hpp"

#include "core/rng.hpp"
#include "storage/log_model.hpp"
#include "storage/node_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>

using namespace cohort;
using namespace cohort::storage;
using namespace cohort::storage::tests;
using replication::log_position;

namespace {

const std::string directory = "snapshots";
const set_id set{7};

codec::snapshot_head head_at(std::uint64_t term, std::uint64_t index) {
  codec::snapshot_head result;
  result.set = set;
  result.base = base_at(term, index);
  result.machine_version = 3;
  result.terms = {{index_t{1}, term_t{1}}, {index_t{5}, term_t{2}}};
  return result;
}

std::string random_text(std::uint64_t seed, std::size_t size) {
  rng random{seed};
  std::string result(size, '\0');
  for (auto& c : result)
    c = static_cast<char>(random.next());
  return result;
}

/// A whole snapshot, as it was given and as it is read.
struct snapshot {
  codec::snapshot_head head;
  std::string attachment;
  std::string content;

  bool operator==(const snapshot&) const = default;
};

snapshot sample(std::uint64_t term, std::uint64_t index, std::size_t size,
                std::size_t attachment_size = 1'000) {
  auto result = snapshot{head_at(term, index),
                         random_text(index, attachment_size),
                         random_text(index + 1, size)};
  result.head.attachment_bytes = attachment_size;
  return result;
}

result<void> take(snapshot_store& store, const snapshot& x,
                  std::size_t step = 70'000) {
  auto writer = store.begin(x.head, x.attachment);
  if (!writer)
    return writer.err();
  std::string_view left{x.content};
  while (!left.empty()) {
    const auto part = left.substr(0, step);
    if (auto added = (*writer)->append(part); !added)
      return added;
    left.remove_prefix(part.size());
  }
  return (*writer)->finish();
}

result<snapshot> read_snapshot(snapshot_file_reader reader) {
  snapshot result{reader.head(), reader.attachment(), {}};
  std::string chunk;
  for (;;) {
    auto more = reader.next(chunk);
    if (!more)
      return more.err();
    if (!*more)
      return result;
    result.content += chunk;
  }
}

/// The newest snapshot of the set; not_found if there is none.
result<snapshot> newest_of(snapshot_store& store) {
  auto reader = store.open_newest(set);
  if (!reader)
    return reader.err();
  if (!*reader)
    return error{errc::not_found, "no snapshot"};
  return read_snapshot(std::move(**reader));
}

std::unique_ptr<snapshot_store> open_store(file_system& files) {
  auto opened = snapshot_store::open(files, directory, {});
  BOOST_REQUIRE_MESSAGE(opened.ok(), why(opened));
  return std::move(*opened);
}

struct fixture {
  faulty_file_system disk;
  std::unique_ptr<snapshot_store> store;

  fixture() {
    BOOST_REQUIRE(disk.make_directory(directory).ok());
    store = open_store(disk);
  }

  std::vector<std::string> files_of_set() {
    return disk.list(join(directory, path_name(set))).value();
  }

  std::string only_file() {
    const auto files = files_of_set();
    BOOST_REQUIRE(files.size() == 1u);
    return join(join(directory, path_name(set)), files.front());
  }

  /// The bytes of the newest snapshot's file, as they are sent to a peer.
  std::string raw_file() {
    auto reader = store->open_newest(set);
    BOOST_REQUIRE(reader.ok() && reader->has_value());
    std::string result;
    for (;;) {
      const auto part = (*reader)->read_raw(result.size(), 10'000);
      BOOST_REQUIRE(part.ok());
      if (part->empty())
        break;
      result += *part;
    }
    BOOST_REQUIRE(result.size() == (*reader)->file_bytes());
    return result;
  }
};

result<void> send(snapshot_receiver& to, std::string_view raw,
                  std::size_t step = 9'999) {
  for (std::size_t at = 0; at < raw.size(); at += step)
    if (auto added = to.append(at, raw.substr(at, step)); !added)
      return added;
  return to.finish();
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(snapshot_store_suite, fixture)

BOOST_AUTO_TEST_CASE(a_snapshot_comes_back_as_it_was) {
  BOOST_TEST((newest_of(*store).err().code == errc::not_found));
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, snapshot_chunk_bytes - 1,
        snapshot_chunk_bytes, snapshot_chunk_bytes + 1,
        5 * snapshot_chunk_bytes + 17}) {
    const auto x = sample(2, 10 + size, size, size / 3);
    for (const std::size_t step : {std::size_t{60'000}, size + 1}) {
      BOOST_REQUIRE(take(*store, x, step).ok());
      const auto read = newest_of(*store);
      BOOST_REQUIRE_MESSAGE(read.ok(), why(read));
      BOOST_TEST((*read == x));
      BOOST_TEST((*store->newest(set).value()
                  == log_position{term_t{2}, index_t{10 + size}}));
    }
  }
}

BOOST_AUTO_TEST_CASE(D7_older_snapshots_go) {
  for (std::uint64_t i = 1; i <= 4; ++i)
    BOOST_REQUIRE(take(*store, sample(i, 10 * i, 1'000)).ok());
  BOOST_TEST(files_of_set().size() == 1u);
  // One that was overtaken while it was taken does not replace a newer one.
  BOOST_REQUIRE(take(*store, sample(2, 25, 1'000)).ok());
  BOOST_TEST((*newest_of(*store) == sample(4, 40, 1'000)));
  BOOST_TEST(files_of_set().size() == 1u);
}

// A process that dies leaves a name behind that the machine may still lose. Who
// finds the snapshot cuts the log behind it.
BOOST_AUTO_TEST_CASE(D7_a_snapshot_that_is_found_is_durable) {
  const auto x = sample(1, 5, 1'000);
  {
    auto writer = store->begin(x.head, x.attachment);
    BOOST_REQUIRE(writer.ok());
    BOOST_REQUIRE((*writer)->append(x.content).ok());
    // Content, footer, sync, rename; the directory is not synced.
    disk.fail_change(5, errc::io_failed);
    BOOST_REQUIRE(!(*writer)->finish().ok());
  }
  const auto found = newest_of(*open_store(disk));
  BOOST_REQUIRE_MESSAGE(found.ok(), why(found));
  const auto image = disk.crash_losing_all();
  const auto left = newest_of(*open_store(*image));
  BOOST_REQUIRE_MESSAGE(left.ok(), why(left));
  BOOST_TEST((*left == x));
}

BOOST_AUTO_TEST_CASE(a_reader_keeps_what_it_opened) {
  const auto x = sample(1, 1, 600'000);
  BOOST_REQUIRE(take(*store, x).ok());
  auto reader = store->open_newest(set);
  BOOST_REQUIRE(reader.ok() && reader->has_value());
  BOOST_REQUIRE(take(*store, sample(1, 2, 1'000)).ok());
  BOOST_TEST((*read_snapshot(std::move(**reader)) == x));
}

BOOST_AUTO_TEST_CASE(what_is_given_up_leaves_nothing) {
  {
    auto writer = store->begin(head_at(1, 5), "attachment");
    BOOST_REQUIRE(writer.ok());
    BOOST_REQUIRE((*writer)->append(random_text(1, 300'000)).ok());
    BOOST_TEST(files_of_set().size() == 1u);
  }
  BOOST_TEST(files_of_set().empty());
}

BOOST_AUTO_TEST_CASE(a_removed_set_has_no_snapshot) {
  BOOST_REQUIRE(take(*store, sample(1, 5, 1'000)).ok());
  BOOST_REQUIRE(store->remove_set(set).ok());
  BOOST_REQUIRE(store->remove_set(set).ok());
  BOOST_TEST((newest_of(*store).err().code == errc::not_found));
}

// Every sector of the file, damaged in every way, and the file cut short.
BOOST_AUTO_TEST_CASE(D7_damage_is_always_noticed) {
  BOOST_REQUIRE(take(*store, sample(1, 5, 300'000, 5'000)).ok());
  const auto path = only_file();
  const auto whole = disk.contents(path);
  const auto refused = [&](faulty_file_system& damaged) {
    auto other = open_store(damaged);
    const auto read = newest_of(*other);
    BOOST_REQUIRE(!read.ok());
    BOOST_REQUIRE(read.err().code == errc::corrupt
                  || read.err().code == errc::io_failed);
  };
  for (std::size_t at = 0; at < whole.size(); at += 512) {
    const auto inside = std::min(at + 137, whole.size() - 1);
    auto flipped = disk.crash_losing_nothing();
    flipped->flip_bit(path, inside, 5);
    refused(*flipped);
    auto zeroed = disk.crash_losing_nothing();
    zeroed->zero_sector(path, at);
    refused(*zeroed);
    auto unreadable = disk.crash_losing_nothing();
    unreadable->make_unreadable(path, at);
    refused(*unreadable);
  }
  for (std::size_t size = 0; size < whole.size(); size += 997) {
    auto cut = disk.crash_losing_nothing();
    cut->put(path, whole.substr(0, size));
    refused(*cut);
  }
  // A chunk of another snapshot, in the same place, is whole but not this
  // file's.
  auto other = fixture{};
  BOOST_REQUIRE(take(*other.store, sample(1, 6, 300'000, 5'000)).ok());
  const auto foreign = other.disk.contents(other.only_file());
  BOOST_REQUIRE(foreign.size() == whole.size());
  auto mixed = disk.crash_losing_nothing();
  mixed->put(path, whole.substr(0, 10'000) + foreign.substr(10'000));
  refused(*mixed);
}

// -- from a peer --------------------------------------------------------------

BOOST_AUTO_TEST_CASE(D7_a_peer_receives_the_same_snapshot) {
  const auto x = sample(3, 33, 700'000, 2'000);
  BOOST_REQUIRE(take(*store, x).ok());
  const auto raw = raw_file();
  fixture peer;
  BOOST_REQUIRE(take(*peer.store, sample(1, 3, 1'000)).ok());
  auto receiver = peer.store->receive(set, {term_t{3}, index_t{33}},
                                      raw.size());
  BOOST_REQUIRE(receiver.ok());
  BOOST_REQUIRE(send(**receiver, raw).ok());
  BOOST_TEST((*newest_of(*peer.store) == x));
  BOOST_TEST(peer.files_of_set().size() == 1u);
}

BOOST_AUTO_TEST_CASE(bytes_may_come_twice_but_leave_no_gap) {
  BOOST_REQUIRE(take(*store, sample(3, 33, 50'000)).ok());
  const auto raw = raw_file();
  fixture peer;
  auto receiver = peer.store->receive(set, {term_t{3}, index_t{33}},
                                      raw.size());
  BOOST_REQUIRE(receiver.ok());
  auto& to = **receiver;
  BOOST_TEST(to.append(0, std::string_view{raw}.substr(0, 1'000)).ok());
  BOOST_TEST(to.append(0, std::string_view{raw}.substr(0, 700)).ok());
  BOOST_TEST(to.append(500, std::string_view{raw}.substr(500, 1'500)).ok());
  BOOST_TEST(to.received() == 2'000u);
  BOOST_TEST((to.append(2'001, "x").err().code == errc::invalid));
  BOOST_TEST((to.append(2'000, raw).err().code == errc::invalid));
  BOOST_TEST((to.finish().err().code == errc::invalid));
  BOOST_TEST(to.append(2'000, std::string_view{raw}.substr(2'000)).ok());
  BOOST_TEST(to.finish().ok());
  BOOST_TEST(newest_of(*peer.store).ok());
}

BOOST_AUTO_TEST_CASE(D7_nothing_wrong_replaces_what_is_there) {
  BOOST_REQUIRE(take(*store, sample(3, 33, 50'000)).ok());
  const auto raw = raw_file();
  fixture peer;
  const auto old = sample(1, 3, 1'000);
  BOOST_REQUIRE(take(*peer.store, old).ok());
  const auto offer = [&](set_id to_set, log_position at, std::string bytes) {
    auto receiver = peer.store->receive(to_set, at, bytes.size());
    BOOST_REQUIRE(receiver.ok());
    const auto outcome = send(**receiver, bytes);
    BOOST_REQUIRE(!outcome.ok());
    return outcome.err().code;
  };
  const log_position at{term_t{3}, index_t{33}};
  for (std::size_t i = 0; i < raw.size(); i += 501) {
    auto damaged = raw;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    BOOST_REQUIRE(offer(set, at, damaged) == errc::corrupt
                  || offer(set, at, damaged) == errc::unsupported);
  }
  BOOST_TEST((offer(set, at, raw.substr(0, raw.size() / 2)) == errc::corrupt));
  BOOST_TEST((offer(set, at, raw + raw) == errc::corrupt));
  BOOST_TEST((offer(set, at, "") == errc::corrupt));
  BOOST_TEST((offer(set_id{8}, at, raw) == errc::invalid));
  BOOST_TEST((offer(set, {term_t{3}, index_t{34}}, raw) == errc::invalid));
  BOOST_TEST((*newest_of(*peer.store) == old));
  BOOST_TEST(peer.files_of_set().size() == 1u);
}

BOOST_AUTO_TEST_CASE(D6_a_snapshot_that_does_not_fit_is_refused_at_once) {
  disk.set_disk_bytes(100 << 20);
  BOOST_TEST((store->receive(set, {}, 50 << 20).err().code == errc::no_space));
  BOOST_TEST(store->receive(set, {}, 30 << 20).ok());
}

// -- crashes and failures -----------------------------------------------------

namespace {

/// Replaces one snapshot by another, in the way `next` is made.
struct switching {
  snapshot old_one = sample(1, 10, 20'000);
  snapshot new_one = sample(2, 20, 30'000);
  std::string raw;

  switching() {
    fixture source;
    BOOST_REQUIRE(take(*source.store, new_one).ok());
    raw = source.raw_file();
  }

  result<void> run(file_system& files, bool from_peer) const {
    auto opened = snapshot_store::open(files, directory, {});
    if (!opened)
      return opened.err();
    auto& store = **opened;
    if (!from_peer)
      return take(store, new_one);
    auto receiver = store.receive(set, {term_t{2}, index_t{20}}, raw.size());
    if (!receiver)
      return receiver.err();
    return send(**receiver, raw);
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(D7_a_crash_leaves_the_old_one_or_the_new_one) {
  const switching change;
  BOOST_REQUIRE(take(*store, change.old_one).ok());
  store.reset();
  for (const bool from_peer : {false, true}) {
    auto whole = disk.crash_losing_nothing();
    BOOST_REQUIRE(change.run(*whole, from_peer).ok());
    const auto changes = whole->changes();
    BOOST_TEST(changes > 5u);
    rng random{from_peer};
    std::size_t new_ones = 0;
    for (std::uint64_t stop = 1; stop <= changes; ++stop)
      for (int i = 0; i < 30; ++i) {
        auto stopping = disk.crash_losing_nothing();
        stopping->stop_during(stop);
        const auto done = change.run(*stopping, from_peer);
        BOOST_REQUIRE(stopping->stopped());
        auto image =
          stopping->crash([&](std::uint64_t n) { return random.below(n); });
        auto after = open_store(*image);
        const auto read = newest_of(*after);
        BOOST_REQUIRE_MESSAGE(read.ok(), why(read));
        BOOST_REQUIRE(*read == change.old_one || *read == change.new_one);
        BOOST_REQUIRE(!done.ok() || *read == change.new_one);
        new_ones += *read == change.new_one ? 1 : 0;
        const auto names = image->list(join(directory, path_name(set)));
        BOOST_REQUIRE(names->size() == 1u);
      }
    BOOST_TEST(new_ones > 10u);
  }
}

BOOST_AUTO_TEST_CASE(D6_a_failure_leaves_the_old_one_or_the_new_one) {
  const switching change;
  BOOST_REQUIRE(take(*store, change.old_one).ok());
  store.reset();
  for (const bool from_peer : {false, true})
    for (const auto code : {errc::no_space, errc::io_failed}) {
      auto whole = disk.crash_losing_nothing();
      BOOST_REQUIRE(change.run(*whole, from_peer).ok());
      for (std::uint64_t n = 1; n <= whole->changes(); ++n) {
        auto failing = disk.crash_losing_nothing();
        failing->fail_change(n, code);
        const auto outcome = change.run(*failing, from_peer);
        BOOST_REQUIRE(!outcome.ok());
        BOOST_REQUIRE(outcome.err().code == code);
        auto after = open_store(*failing);
        const auto read = newest_of(*after);
        BOOST_REQUIRE_MESSAGE(read.ok(), why(read));
        BOOST_REQUIRE(*read == change.old_one || *read == change.new_one);
        // And it can be done again.
        BOOST_REQUIRE(change.run(*failing, from_peer).ok());
        BOOST_REQUIRE(*newest_of(*after) == change.new_one);
      }
    }
}

BOOST_AUTO_TEST_SUITE_END()
