#include "codec/kv_codec.hpp"

#include "core/rng.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::codec;

namespace {

bytes to_bytes(const frame& x) {
  return x.alias(x.data(), x.size());
}

/// One of each kind, with everything that it may carry.
std::vector<kv::command> some_commands() {
  kv::command set;
  set.what = kv::op::set;
  set.key = "key";
  set.value = std::string_view{"a\0value", 7};
  set.number = -5;
  set.number2 = 1'700'000'000'000;
  set.flags = kv::flag::if_absent | kv::flag::expiry_absolute;
  kv::command mset;
  mset.what = kv::op::mset;
  mset.more = {"one", "", "", "four and more"};
  kv::command get;
  kv::command exec;
  exec.what = kv::op::exec;
  exec.nested = {set, mset, get};
  exec.watches = {{"watched", 77}, {"", 0}};
  kv::command empty_exec;
  empty_exec.what = kv::op::exec;
  return {set, mset, get, exec, empty_exec};
}

bool is_same(const kv::command& x, const kv::command& y) {
  const auto watch_is_same = [](const kv::watch& a, const kv::watch& b) {
    return a.key == b.key && a.changed == b.changed;
  };
  return x.what == y.what && x.key == y.key && x.value == y.value
         && x.more == y.more && x.number == y.number && x.number2 == y.number2
         && x.flags == y.flags
         && std::equal(x.nested.begin(), x.nested.end(), y.nested.begin(),
                       y.nested.end(), is_same)
         && std::equal(x.watches.begin(), x.watches.end(), y.watches.begin(),
                       y.watches.end(), watch_is_same);
}

void check_holds(const bytes& batch, const std::vector<kv::command>& expected) {
  const auto reader = kv_batch_reader::open(batch);
  BOOST_REQUIRE(reader.ok());
  BOOST_REQUIRE(reader->size() == expected.size());
  kv::command read;
  for (std::uint32_t i = 0; i < reader->size(); ++i) {
    BOOST_REQUIRE(reader->at(i, read).ok());
    BOOST_TEST(is_same(read, expected[i]));
  }
}

bytes encode(const std::vector<kv::command>& commands) {
  kv_batch_builder builder;
  for (const auto& x : commands)
    builder.append(x);
  return to_bytes(builder.finish());
}

/// Reads all there is. Whether all of it could be read.
bool read_all(const bytes& batch) {
  const auto reader = kv_batch_reader::open(batch);
  if (!reader)
    return false;
  kv::command read;
  bool good = true;
  for (std::uint32_t i = 0; i < reader->size(); ++i)
    good = reader->at(i, read).ok() && good;
  return good;
}

std::filesystem::path golden_path() {
  return std::filesystem::path{COHORT_TESTDATA} / "codec" / "kv_batch_1";
}

} // namespace

BOOST_AUTO_TEST_SUITE(kv_batches)

BOOST_AUTO_TEST_CASE(what_is_built_is_read) {
  check_holds(encode(some_commands()), some_commands());
}

BOOST_AUTO_TEST_CASE(a_builder_starts_anew) {
  kv_batch_builder builder;
  BOOST_TEST(builder.empty());
  for (int round = 0; round < 3; ++round) {
    for (const auto& x : some_commands())
      builder.append(x);
    BOOST_TEST(builder.size() == 5u);
    const auto bound = builder.frame_bytes();
    const auto encoded = builder.finish();
    BOOST_TEST(encoded.size() <= bound);
    BOOST_TEST(builder.empty());
    check_holds(to_bytes(encoded), some_commands());
  }
}

BOOST_AUTO_TEST_CASE(queued_commands_become_one) {
  kv_batch_builder queued;
  auto nested = some_commands();
  nested.resize(3); // without exec
  for (const auto& x : nested)
    queued.append(x);
  const kv::watch watches[] = {{"watched", 5}};
  kv_batch_builder builder;
  builder.append(some_commands()[1]);
  builder.append_exec(queued, watches);
  builder.append_exec(kv_batch_builder{}, {});
  BOOST_TEST(queued.size() == 3u);
  kv::command exec;
  exec.what = kv::op::exec;
  exec.nested = nested;
  exec.watches = {watches[0]};
  kv::command empty_exec;
  empty_exec.what = kv::op::exec;
  check_holds(to_bytes(builder.finish()),
              {some_commands()[1], exec, empty_exec});
}

BOOST_AUTO_TEST_CASE(reads_are_told_from_writes) {
  kv_batch_builder builder;
  kv::command get;
  builder.append(get);
  BOOST_TEST(builder.read_only());
  kv_batch_builder queued;
  queued.append(get);
  builder.append_exec(queued, {});
  BOOST_TEST(builder.read_only());
  kv::command getex;
  getex.what = kv::op::getex;
  builder.append(getex);
  BOOST_TEST(builder.read_only());
  getex.flags = kv::flag::persist;
  queued.append(getex);
  builder.append_exec(queued, {});
  BOOST_TEST(!builder.read_only());
  builder.finish();
  BOOST_TEST(builder.read_only());
}

BOOST_AUTO_TEST_CASE(a_command_may_be_read_again) {
  const auto batch = encode(some_commands());
  const auto reader = kv_batch_reader::open(batch);
  BOOST_REQUIRE(reader.ok());
  kv::command read;
  for (int round = 0; round < 20; ++round)
    for (std::uint32_t i = 0; i < reader->size(); ++i)
      BOOST_REQUIRE(reader->at(i, read).ok());
}

BOOST_AUTO_TEST_CASE(unaligned_batches_are_read_too) {
  const auto batch = encode(some_commands());
  for (std::size_t shift = 0; shift < 8; ++shift) {
    const auto moved =
      bytes::of(std::string(shift, 'x') + std::string{batch.view()});
    check_holds(moved.slice(shift, batch.size()), some_commands());
  }
}

BOOST_AUTO_TEST_CASE(what_no_release_knows_is_refused) {
  kv::command x;
  x.what = static_cast<kv::op>(static_cast<int>(kv::op::exec) + 1);
  const auto code_of = [](const kv::command& one) {
    const auto batch = encode({one});
    kv::command read;
    const auto done = kv_batch_reader::open(batch)->at(0, read);
    return done ? errc::busy : done.err().code;
  };
  BOOST_TEST((code_of(x) == errc::unsupported));
  x.what = kv::op::get;
  x.flags = 1u << 31;
  BOOST_TEST((code_of(x) == errc::unsupported));
}

BOOST_AUTO_TEST_CASE(batches_have_bounds) {
  const std::vector<kv::command> most(kv::commands_max);
  BOOST_TEST(read_all(encode(most)));
  const std::vector<kv::command> more(kv::commands_max + 1);
  const auto refused = kv_batch_reader::open(encode(more));
  BOOST_REQUIRE(!refused.ok());
  BOOST_TEST((refused.err().code == errc::too_large));
  kv::command exec;
  exec.what = kv::op::exec;
  exec.nested = most;
  BOOST_TEST(read_all(encode({exec})));
  exec.nested = more;
  BOOST_TEST(!read_all(encode({exec})));
}

BOOST_AUTO_TEST_CASE(random_bytes_are_no_batch) {
  rng random{1};
  int good = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string noise(random.below(30) * 8 + random.below(2), '\0');
    for (auto& x : noise)
      x = static_cast<char>(random.below(4) == 0 ? random.next() : 0);
    good += read_all(bytes::of(noise)) ? 1 : 0;
  }
  BOOST_TEST(good < 200);
  BOOST_TEST(!read_all(bytes{}));
}

/// Reading damage ends, with whatever result, and stays inside of the batch.
BOOST_AUTO_TEST_CASE(flipped_bits_do_no_harm) {
  const std::string original{encode(some_commands()).view()};
  rng random{2};
  int refused = 0;
  for (int i = 0; i < 50'000; ++i) {
    auto damaged = original;
    for (auto flips = random.between(1, 3); flips > 0; --flips) {
      const auto at = random.below(damaged.size());
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << random.below(8)));
    }
    refused += read_all(bytes::of(damaged)) ? 0 : 1;
  }
  BOOST_TEST(refused > 1'000);
  for (std::size_t size = 0; size < original.size(); ++size)
    BOOST_TEST(!read_all(bytes::of(original.substr(0, size))));
}

/// What an earlier release wrote is read, and written the same. REWRITE=1
/// writes it anew, which is right only before that release.
BOOST_AUTO_TEST_CASE(the_golden_batch_is_read) {
  const auto batch = encode(some_commands());
  if (std::getenv("REWRITE")) {
    std::filesystem::create_directories(golden_path().parent_path());
    std::ofstream{golden_path(), std::ios::binary} << batch.view();
  }
  std::ifstream in{golden_path(), std::ios::binary};
  const std::string golden{std::istreambuf_iterator{in}, {}};
  BOOST_REQUIRE(!golden.empty());
  check_holds(bytes::of(golden), some_commands());
  BOOST_TEST((golden == batch.view()));
}

BOOST_AUTO_TEST_SUITE_END()
