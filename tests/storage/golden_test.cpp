// What an earlier release wrote is read. The files under tests/testdata/storage
// were written by the release whose format version is in their path; REWRITE=1
// writes those of the present version anew, which is right only before that
// version was released.
#include "storage/log_images.hpp"
#include "storage/node_directory.hpp"
#include "storage/snapshot_store.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace cohort;
using namespace cohort::storage;
using namespace cohort::storage::tests;

namespace {

const std::string node_path = "node";
const std::string log_path = "node/log";

std::filesystem::path golden_directory(int version) {
  return std::filesystem::path{COHORT_TESTDATA} / "storage"
         / std::to_string(version);
}

/// What the golden log says.
model_log golden_model() {
  model_log model;
  auto& one = model.sets[set_id{1}];
  one.state = voted(4, 2);
  one.base = base_at(2, 10);
  for (std::uint64_t i = 11; i <= 14; ++i)
    one.entries[index_t{i}] = command(3, i, std::string(i * 10, 'a'));
  one.entries[index_t{15}] = configuration_entry(4, 15, 2);
  one.entries[index_t{16}] = command(4, 16, std::string(40'000, 'L'));
  one.entries[index_t{17}] = empty_entry(4, 17);
  auto& idle = model.sets[set_id{2}];
  idle.entries[index_t{1}] = command(1, 1, "copied forward");
  auto& suspect = model.sets[set_id{3}];
  suspect.state = voted(9, 1);
  suspect.state.suspect = true;
  suspect.state.vote_floor = {term_t{8}, index_t{77}};
  return model;
}

codec::snapshot_head golden_head() {
  codec::snapshot_head result;
  result.set = set_id{1};
  result.base = base_at(2, 10);
  result.machine_version = 5;
  result.attachment_bytes = 8;
  result.terms = {{index_t{1}, term_t{1}}, {index_t{6}, term_t{2}}};
  return result;
}

/// Writes a directory that uses every kind of block and record.
void write_golden(file_system& files) {
  auto directory = node_directory::open(files, node_path);
  BOOST_REQUIRE(directory.ok());
  BOOST_REQUIRE(directory->write_owner(test_owner(2)).ok());
  auto opened = directory->open_log(small_options());
  BOOST_REQUIRE(opened.ok());
  auto& log = *opened->log;
  const auto model = golden_model();
  must_write(log, {write_of(2, {command(1, 1, "copied forward")}),
                   write_of(4, {command(1, 1, "of a set that leaves")})});
  for (std::uint64_t i = 1; i <= 40; ++i)
    must_write(log, {write_of(1, {command(1, i, std::string(2'000, 'x'))})});
  must_write(log, {base_of(1, base_at(2, 10), false)});
  while (*log.reclaim()) {
  }
  const auto& one = model.sets.at(set_id{1});
  std::vector<entry> entries;
  for (const auto& [index, x] : one.entries)
    entries.push_back(x);
  must_write(log, {write_of(1, {command(3, 11, "cut"), command(3, 12, "")}),
                   state_of(1, one.state), write_of(1, entries),
                   state_of(3, model.sets.at(set_id{3}).state)});
  BOOST_REQUIRE(log.remove_set(set_id{4}).ok());
  BOOST_REQUIRE(log.cover_tail().ok());
  auto store = snapshot_store::open(files, directory->snapshots_path(), {});
  BOOST_REQUIRE(store.ok());
  auto writer = (*store)->begin(golden_head(), "sessions");
  BOOST_REQUIRE(writer.ok());
  BOOST_REQUIRE((*writer)->append("the content of a machine").ok());
  BOOST_REQUIRE((*writer)->finish().ok());
}

/// Zeros at the end of a segment are left out.
void save(faulty_file_system& disk, const std::string& path,
          const std::filesystem::path& to) {
  auto content = disk.contents(path);
  if (path.starts_with(log_path))
    content.erase(content.find_last_not_of('\0') + 1);
  if (content.empty())
    return;
  std::filesystem::create_directories(to.parent_path());
  std::ofstream{to, std::ios::binary} << content;
}

void rewrite(const std::filesystem::path& to) {
  faulty_file_system disk;
  write_golden(disk);
  std::filesystem::remove_all(to);
  save(disk, "node/identity", to / "identity");
  const auto names = disk.list(log_path);
  for (const auto& name : *names)
    save(disk, join(log_path, name), to / "log" / name);
  const auto snapshots = join("node/snapshots", path_name(set_id{1}));
  const auto files = disk.list(snapshots);
  for (const auto& name : *files)
    save(disk, join(snapshots, name),
         to / "snapshots" / path_name(set_id{1}) / name);
}

std::string load(const std::filesystem::path& from) {
  std::ifstream in{from, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// The golden files on a disk in memory.
std::unique_ptr<faulty_file_system> disk_of(const std::filesystem::path& from) {
  auto disk = std::make_unique<faulty_file_system>();
  BOOST_REQUIRE(disk->make_directory(node_path).ok());
  for (const auto& x : std::filesystem::recursive_directory_iterator{from}) {
    const auto path = join(node_path,
                           std::filesystem::relative(x.path(), from).string());
    if (x.is_directory()) {
      BOOST_REQUIRE(disk->make_directory(path).ok());
      continue;
    }
    auto content = load(x.path());
    if (path.starts_with(log_path))
      content.resize(small_options().segment_bytes);
    disk->put(path, content);
  }
  return disk;
}

} // namespace

BOOST_AUTO_TEST_SUITE(golden_suite)

BOOST_AUTO_TEST_CASE(every_released_format_is_read) {
  if (std::getenv("REWRITE"))
    rewrite(golden_directory(format_version));
  for (int version = 1; version <= format_version; ++version) {
    auto disk = disk_of(golden_directory(version));
    auto directory = node_directory::open(*disk, node_path);
    BOOST_REQUIRE_MESSAGE(directory.ok(), why(directory));
    BOOST_TEST((directory->identity()->owner == test_owner(2)));
    auto opened = directory->open_log(small_options());
    BOOST_REQUIRE_MESSAGE(opened.ok(), why(opened));
    BOOST_TEST((opened->verdict == tail_verdict::clean));
    BOOST_TEST(opened->boot_counter == 2u);
    check_recovered(*opened, golden_model());
    auto store = snapshot_store::open(*disk, directory->snapshots_path(), {});
    BOOST_REQUIRE(store.ok());
    auto reader = (*store)->open_newest(set_id{1});
    BOOST_REQUIRE(reader.ok() && reader->has_value());
    BOOST_TEST(((*reader)->head() == golden_head()));
    BOOST_TEST((*reader)->attachment() == "sessions");
    std::string content;
    BOOST_TEST(*(*reader)->next(content));
    BOOST_TEST(content == "the content of a machine");
    BOOST_TEST(!*(*reader)->next(content));
  }
}

BOOST_AUTO_TEST_SUITE_END()
