// The small files of a node's directory: who it is, and what it knows.
#include "core/crc32c.hpp"
#include "core/little_endian.hpp"
#include "fuzz/bytes_source.hpp"
#include "fuzz/fuzz_target.hpp"
#include "storage/node_directory.hpp"
#include "testkit/faulty_file_system.hpp"

#include <iterator>

namespace cohort::fuzz::node_directory_fuzz {

namespace {

using namespace storage;
using testkit::faulty_file_system;

const std::string path = "node";

log_options small_options() {
  return {.segment_bytes = 64 << 10,
          .log_bytes_max = 256 << 10,
          .log_bytes_limit = 1 << 20,
          .block_bytes_max = 16 << 10,
          .spare_segments = 1,
          .disk_reserve_bytes = 0,
          .reclaim_bytes_max = 8 << 10};
}

/// The file around `content`; the upper bits of `how` spoil it.
std::string seal(std::string_view magic, std::string_view content,
                 std::uint8_t how) {
  std::string result(24, '\0');
  result.replace(0, magic.size(), magic);
  store_le(result.data() + 8, std::uint32_t{how >> 6 == 1 ? 2u : 1u});
  store_le(result.data() + 16,
           std::uint64_t{content.size() + (how >> 6 == 2 ? 8 : 0)});
  result += content;
  const auto checksum = crc32c(result.data() + 16, result.size() - 16,
                               crc32c(result.data(), 12));
  store_le(result.data() + 12, checksum + (how >> 6 == 3 ? 1 : 0));
  return result;
}

/// `how`: 0 there is none, 1 the bytes are the file, else they are its content.
void put(faulty_file_system& disk, const std::string& name,
         std::string_view magic, std::string_view bytes, std::uint8_t how) {
  if (how % 4 == 1)
    disk.put(join(path, name), std::string{bytes});
  else if (how % 4 > 1)
    disk.put(join(path, name), seal(magic, bytes, how));
}

void put_others(faulty_file_system& disk, bytes_source& from) {
  constexpr const char* names[] = {"identity.new", "state.new", "lost+found",
                                   "somebody's"};
  while (!from.empty())
    disk.put(join(path, names[from.byte() % std::size(names)]), "x");
}

void check_refused(const error& err) {
  expect(err.code == errc::corrupt || err.code == errc::unsupported
           || err.code == errc::refused,
         "a directory is refused for what is in it");
  expect(!err.message.empty(), "an error says why");
}

void remove_log(faulty_file_system& disk) {
  const auto directory = join(path, "log");
  const auto names = disk.list(directory);
  expect(names.ok() && !names->empty(), "a log has files");
  for (const auto& name : *names)
    static_cast<void>(disk.remove(join(directory, name)));
}

/// A log is made if it never was, and only then. In the beginning there is none
/// on this disk, whatever the identity says.
void check_log(faulty_file_system& disk, node_directory& x) {
  if (!x.identity()->log_created) {
    expect(x.open_log(small_options()).ok(), "a log that never was is made");
    expect(x.identity()->log_created, "that it was made is written down");
    expect(x.open_log(small_options()).ok(), "what was made is opened again");
    remove_log(disk);
  }
  const auto log = x.open_log(small_options());
  expect(!log.ok() && log.err().code == errc::corrupt,
         "a log that is gone is damage, and not made anew");
  expect(x.identity()->log_created, "that it was made is not forgotten");
}

/// Who a node is survives, and nobody else becomes it.
void check_owner(faulty_file_system& disk, node_directory& x) {
  const auto owner = x.identity()->owner;
  const bool named = owner.cluster.formed() && !owner.node.empty()
                     && owner.incarnation != nobody;
  expect(x.write_owner(owner).ok() == named, "the owner may say so again");
  auto other = owner;
  ++other.cluster.low;
  expect(!x.write_owner(other).ok(), "nobody else takes it over");
  expect(x.identity()->owner == owner, "the owner stays");
  check_log(disk, x);
}

} // namespace

COHORT_FUZZ_TARGET(node_directory) {
  bytes_source from{input};
  faulty_file_system disk;
  static_cast<void>(disk.make_directory(path));
  const auto identity_how = from.byte();
  const auto state_how = from.byte();
  put(disk, "identity", "COHORTID", from.text(), identity_how);
  put(disk, "state", "COHORTST", from.text(), state_how);
  put_others(disk, from);
  codec::node_state state;
  std::optional<codec::node_identity> identity;
  {
    auto opened = storage::node_directory::open(disk, path);
    if (!opened) {
      check_refused(opened.err());
      return false;
    }
    state = opened->state();
    identity = opened->identity();
    expect(opened->write_state(state).ok(), "what is known can be written");
  }
  auto again = storage::node_directory::open(disk, path);
  expect(again.ok() && again->identity() == identity, "it is opened the same");
  expect(again->state() == state, "and knows the same");
  if (identity)
    check_owner(disk, *again);
  return identity.has_value();
}

} // namespace cohort::fuzz::node_directory_fuzz
