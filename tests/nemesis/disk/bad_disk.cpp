// A library to be loaded before others (LD_PRELOAD), so that writes and syncs
// of a process take long, or fail. COHORT_BAD_DISK names a file that says so:
// it is mapped, and read at each call. tests/nemesis/arena.py writes it.
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

namespace {

struct control {
  std::atomic<std::uint32_t> delay_ms; ///< of each call
  std::atomic<std::uint32_t> fails;    ///< not 0: with EIO, and does nothing
  std::atomic<std::uint32_t> failures; ///< calls that failed so
};

static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

/// Without a file that says otherwise, disks are good.
control* map_control() {
  const char* path = std::getenv("COHORT_BAD_DISK");
  const int file = path ? ::open(path, O_RDWR | O_CLOEXEC) : -1;
  if (file < 0)
    return nullptr;
  void* mapped = ::mmap(nullptr, sizeof(control), PROT_READ | PROT_WRITE,
                        MAP_SHARED, file, 0);
  ::close(file);
  return mapped == MAP_FAILED ? nullptr : static_cast<control*>(mapped);
}

/// Whether the call may be made.
bool disk_is_good() {
  static control* const known = map_control();
  if (!known)
    return true;
  if (const auto delay = known->delay_ms.load(); delay > 0)
    ::poll(nullptr, 0, static_cast<int>(delay));
  if (known->fails.load() == 0)
    return true;
  ++known->failures;
  errno = EIO;
  return false;
}

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

using write_function = ssize_t (*)(int, const void*, size_t, off_t);
using sync_function = int (*)(int);

} // namespace

extern "C" {

ssize_t pwrite(int file, const void* data, size_t size, off_t offset) {
  static const auto real = next<write_function>("pwrite");
  return disk_is_good() ? real(file, data, size, offset) : -1;
}

ssize_t pwrite64(int file, const void* data, size_t size, off_t offset) {
  static const auto real = next<write_function>("pwrite64");
  return disk_is_good() ? real(file, data, size, offset) : -1;
}

int fdatasync(int file) {
  static const auto real = next<sync_function>("fdatasync");
  return disk_is_good() ? real(file) : -1;
}

int fsync(int file) {
  static const auto real = next<sync_function>("fsync");
  return disk_is_good() ? real(file) : -1;
}

} // extern "C"
