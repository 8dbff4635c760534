#include "storage/posix_file_system.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace cohort::storage {

namespace {

constexpr mode_t file_mode = 0600;
constexpr mode_t directory_mode = 0700;

errc code_of(int number) {
  switch (number) {
    case ENOENT:
      return errc::not_found;
    case EEXIST:
      return errc::exists;
    case ENOSPC:
    case EDQUOT:
      return errc::no_space;
    default:
      return errc::io_failed;
  }
}

/// Precondition: errno tells what `what` failed with.
error failure(const std::string& path, const char* what) {
  const auto number = errno;
  char text[128];
  return {code_of(number),
          path + ": " + what + ": " + ::strerror_r(number, text, sizeof text)};
}

/// Repeats a system call that a signal interrupted.
template <class Call>
auto retry(Call call) {
  auto outcome = call();
  while (outcome < 0 && errno == EINTR)
    outcome = call();
  return outcome;
}

/// Closes a descriptor when it goes out of scope.
class descriptor {
public:
  explicit descriptor(int fd) : fd_(fd) {}
  descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  descriptor& operator=(descriptor&&) = delete;
  ~descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }

  int get() const {
    return fd_;
  }

private:
  int fd_;
};

class posix_file final : public file {
public:
  posix_file(descriptor fd, std::string path, bool direct, bool durable)
    : fd_(std::move(fd)),
      path_(std::move(path)),
      direct_(direct),
      durable_(durable) {}

  result<void> write_at(std::uint64_t offset,
                        std::span<const std::byte> data) override {
    bool direct = direct_;
    while (!data.empty()) {
      const auto n = retry([&] {
        return ::pwrite(fd_.get(), data.data(), data.size(),
                        static_cast<off_t>(offset));
      });
      if (n < 0 && leave_direct_mode(direct))
        continue;
      if (n < 0)
        return failure(path_, "write");
      offset += static_cast<std::uint64_t>(n);
      data = data.subspan(static_cast<std::size_t>(n));
    }
    return {};
  }

  result<std::size_t> read_at(std::uint64_t offset,
                              std::span<std::byte> to) const override {
    bool direct = direct_;
    std::size_t total = 0;
    while (total < to.size()) {
      const auto n = retry([&] {
        return ::pread(fd_.get(), to.data() + total, to.size() - total,
                       static_cast<off_t>(offset + total));
      });
      if (n < 0 && leave_direct_mode(direct))
        continue;
      if (n < 0)
        return failure(path_, "read");
      if (n == 0)
        break;
      total += static_cast<std::size_t>(n);
    }
    return total;
  }

  result<void> sync() override {
    if (retry([&] { return ::fdatasync(fd_.get()); }) < 0)
      return failure(path_, "sync");
    return {};
  }

  result<std::uint64_t> size() const override {
    struct stat about {};
    if (::fstat(fd_.get(), &about) < 0)
      return failure(path_, "stat");
    return static_cast<std::uint64_t>(about.st_size);
  }

  bool durable_writes() const override {
    return durable_;
  }

private:
  /// Some file systems take O_DIRECT when a file is opened and refuse the
  /// access. `direct` says whether the failed call may have been direct: it is
  /// repeated once.
  bool leave_direct_mode(bool& direct) const {
    if (errno != EINVAL || !std::exchange(direct, false))
      return false;
    const int flags = ::fcntl(fd_.get(), F_GETFL);
    return flags >= 0 && ::fcntl(fd_.get(), F_SETFL, flags & ~O_DIRECT) == 0;
  }

  descriptor fd_;
  std::string path_;
  bool direct_; ///< as it was opened
  bool durable_;
};

class posix_lock final : public directory_lock {
public:
  explicit posix_lock(descriptor fd) : fd_(std::move(fd)) {}

private:
  descriptor fd_;
};

int flags_of(const open_options& options) {
  int flags = O_CLOEXEC | O_NOFOLLOW;
  flags |= options.writable || options.create ? O_RDWR : O_RDONLY;
  if (options.create)
    flags |= O_CREAT | O_EXCL;
  if (options.durable)
    flags |= O_DSYNC;
  return flags;
}

int open_retrying(const std::string& path, int flags) {
  return retry([&] { return ::open(path.c_str(), flags, file_mode); });
}

} // namespace

result<std::unique_ptr<file>>
posix_file_system::open(const std::string& path, const open_options& options) {
  const auto flags = flags_of(options);
  auto direct = options.direct;
  auto fd = open_retrying(path, direct ? flags | O_DIRECT : flags);
  if (fd < 0 && direct && errno == EINVAL) {
    // No direct access here. Some kernels create the file before they say so.
    direct = false;
    if (options.create)
      ::unlink(path.c_str());
    fd = open_retrying(path, flags);
  }
  if (fd < 0)
    return failure(path, "open");
  return std::unique_ptr<file>{std::make_unique<posix_file>(
    descriptor{fd}, path, direct, options.durable)};
}

result<void> posix_file_system::rename(const std::string& from,
                                       const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) < 0)
    return failure(from, "rename");
  return {};
}

result<void> posix_file_system::remove(const std::string& path) {
  if (::unlink(path.c_str()) < 0)
    return failure(path, "remove");
  return {};
}

result<void> posix_file_system::remove_directory(const std::string& path) {
  if (::rmdir(path.c_str()) < 0)
    return failure(path, "remove directory");
  return {};
}

result<void> posix_file_system::make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), directory_mode) < 0 && errno != EEXIST)
    return failure(path, "make directory");
  struct stat about {};
  if (::stat(path.c_str(), &about) < 0)
    return failure(path, "stat");
  if (!S_ISDIR(about.st_mode))
    return {errc::exists, path + ": is there, and not a directory"};
  return {};
}

result<void> posix_file_system::sync_directory(const std::string& path) {
  const auto fd = open_retrying(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return failure(path, "open");
  const descriptor closes{fd};
  if (retry([&] { return ::fsync(fd); }) < 0)
    return failure(path, "sync");
  return {};
}

result<std::vector<std::string>>
posix_file_system::list(const std::string& path) {
  auto* directory = ::opendir(path.c_str());
  if (!directory)
    return failure(path, "open");
  std::vector<std::string> names;
  errno = 0;
  while (const auto* entry = ::readdir(directory)) {
    const std::string name{entry->d_name};
    if (name != "." && name != "..")
      names.push_back(name);
    errno = 0;
  }
  const bool failed = errno != 0;
  auto reason = failed ? failure(path, "list") : error{};
  ::closedir(directory);
  if (failed)
    return reason;
  std::sort(names.begin(), names.end());
  return names;
}

result<std::unique_ptr<directory_lock>>
posix_file_system::lock_directory(const std::string& path) {
  const auto fd = open_retrying(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return failure(path, "open");
  descriptor held{fd};
  if (retry([&] { return ::flock(fd, LOCK_EX | LOCK_NB); }) == 0)
    return std::unique_ptr<directory_lock>{
      std::make_unique<posix_lock>(std::move(held))};
  if (errno == EWOULDBLOCK)
    return error{errc::busy, path + ": is in use by another node; each node "
                                    "needs a directory of its own"};
  return failure(path, "lock");
}

result<std::uint64_t> posix_file_system::free_bytes(const std::string& path) {
  struct statvfs about {};
  if (retry([&] { return ::statvfs(path.c_str(), &about); }) < 0)
    return failure(path, "statvfs");
  return std::uint64_t{about.f_bavail} * about.f_frsize;
}

} // namespace cohort::storage
