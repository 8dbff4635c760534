// The seam, on real files and on those in memory: they behave alike.
#include "storage/posix_file_system.hpp"

#include "storage/aligned_buffer.hpp"
#include "storage/log_model.hpp"
#include "support/temporary_directory.hpp"
#include "testkit/faulty_file_system.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>

using namespace cohort;
using namespace cohort::storage;
using namespace cohort::storage::tests;

namespace {

aligned_buffer page_of(char fill) {
  aligned_buffer result{page_bytes};
  std::fill(result.span().begin(), result.span().end(),
            static_cast<std::byte>(fill));
  return result;
}

std::string read_text(file& from, std::uint64_t offset, std::size_t size) {
  std::string result(size, '?');
  const auto read = from.read_at(offset,
                                 std::as_writable_bytes(std::span{result}));
  BOOST_REQUIRE_MESSAGE(read.ok(), why(read));
  result.resize(*read);
  return result;
}

/// What every file system must do, in the empty directory `at`.
void check_conformance(file_system& files, const std::string& at) {
  const auto path = join(at, "a");
  BOOST_TEST((files.open(path, {}).err().code == errc::not_found));
  auto made = files.open(path, {.create = true});
  BOOST_REQUIRE_MESSAGE(made.ok(), why(made));
  BOOST_TEST((files.open(path, {.create = true}).err().code == errc::exists));
  BOOST_TEST(*(*made)->size() == 0u);
  const std::string text = "written";
  BOOST_TEST((*made)->write_at(3, std::as_bytes(std::span{text})).ok());
  BOOST_TEST((*made)->sync().ok());
  BOOST_TEST(*(*made)->size() == 10u);
  BOOST_TEST(read_text(**made, 0, 100) == std::string(3, '\0') + text);
  BOOST_TEST(read_text(**made, 10, 5).empty());
  BOOST_TEST(read_text(**made, 99, 5).empty());
  // Renaming replaces; who has the old file open keeps it.
  auto other = files.open(join(at, "b"), {.create = true});
  BOOST_REQUIRE(other.ok());
  BOOST_TEST(files.rename(path, join(at, "b")).ok());
  BOOST_TEST(files.sync_directory(at).ok());
  BOOST_TEST((*files.list(at) == std::vector<std::string>{"b"}));
  auto again = files.open(join(at, "b"), {});
  BOOST_TEST(read_text(**again, 3, 100) == text);
  BOOST_TEST(*(*other)->size() == 0u);
  BOOST_TEST(files.remove(join(at, "b")).ok());
  BOOST_TEST(read_text(**again, 3, 100) == text);
  BOOST_TEST((files.remove(join(at, "b")).err().code == errc::not_found));
  // Directories.
  const auto inner = join(at, "inner");
  BOOST_TEST(files.make_directory(inner).ok());
  BOOST_TEST(files.make_directory(inner).ok());
  BOOST_TEST((*files.list(at) == std::vector<std::string>{"inner"}));
  BOOST_TEST((files.list(join(at, "none")).err().code == errc::not_found));
  {
    auto lock = files.lock_directory(inner);
    BOOST_REQUIRE_MESSAGE(lock.ok(), why(lock));
    BOOST_TEST((files.lock_directory(inner).err().code == errc::busy));
  }
  BOOST_TEST(files.lock_directory(inner).ok());
  BOOST_TEST(files.remove_directory(inner).ok());
  BOOST_TEST((files.remove_directory(inner).err().code == errc::not_found));
  BOOST_TEST(*files.free_bytes(at) > 1u << 20);
}

void check_direct_access(file_system& files, const std::string& at) {
  const auto path = join(at, "direct");
  BOOST_REQUIRE(create_zeroed(files, path, 4 * page_bytes).ok());
  auto opened = files.open(path,
                           {.writable = true, .direct = true, .durable = true});
  BOOST_REQUIRE_MESSAGE(opened.ok(), why(opened));
  BOOST_TEST((*opened)->write_at(page_bytes, page_of('x').span()).ok());
  BOOST_TEST(*(*opened)->size() == 4 * page_bytes);
  auto reader = files.open(path, {.direct = true});
  BOOST_REQUIRE(reader.ok());
  aligned_buffer all{4 * page_bytes};
  BOOST_TEST(*(*reader)->read_at(0, all.span()) == 4 * page_bytes);
  BOOST_TEST((all.data()[0] == std::byte{0}));
  BOOST_TEST((all.data()[page_bytes] == std::byte{'x'}));
  BOOST_TEST((all.data()[2 * page_bytes] == std::byte{0}));
}

} // namespace

BOOST_AUTO_TEST_SUITE(file_system_suite)

BOOST_AUTO_TEST_CASE(real_files_behave) {
  const temporary_directory directory;
  posix_file_system files;
  check_conformance(files, directory.path());
  check_direct_access(files, directory.path());
}

BOOST_AUTO_TEST_CASE(files_in_memory_behave) {
  for (const bool durable_writes : {false, true}) {
    faulty_file_system files{{.durable_writes = durable_writes}};
    BOOST_REQUIRE(files.make_directory("at").ok());
    check_conformance(files, "at");
    check_direct_access(files, "at");
  }
}

BOOST_AUTO_TEST_CASE(real_files_are_for_their_owner_alone) {
  const temporary_directory directory;
  posix_file_system files;
  const auto mode_of = [](const std::string& path) {
    struct stat about {};
    BOOST_REQUIRE(::stat(path.c_str(), &about) == 0);
    return about.st_mode & 0777;
  };
  BOOST_REQUIRE(files.open(join(directory.path(), "f"), {.create = true}).ok());
  BOOST_REQUIRE(files.make_directory(join(directory.path(), "d")).ok());
  BOOST_TEST(mode_of(join(directory.path(), "f")) == 0600u);
  BOOST_TEST(mode_of(join(directory.path(), "d")) == 0700u);
}

BOOST_AUTO_TEST_CASE(links_are_not_followed) {
  const temporary_directory directory;
  posix_file_system files;
  const auto link = join(directory.path(), "link");
  std::filesystem::create_symlink("/etc/hostname", link);
  BOOST_TEST((files.open(link, {}).err().code == errc::io_failed));
}

BOOST_AUTO_TEST_CASE(a_node_log_works_on_real_files) {
  const temporary_directory directory;
  posix_file_system files;
  auto request = small_request();
  request.directory = directory.path();
  model_log model;
  for (std::uint64_t run = 0; run < 3; ++run) {
    auto opened = must_open(files, request);
    check_recovered(opened, model);
    for (std::uint64_t i = 1; i <= 40; ++i) {
      const auto next = model.sets[set_id{1}].last().next().value;
      const std::vector writes{
        write_of(1, {command(1, next, std::string(2'000, 'x'))})};
      must_write(*opened.log, writes);
      model.apply(writes);
    }
    check_entries(*opened.log, model);
  }
}

BOOST_AUTO_TEST_SUITE_END()
