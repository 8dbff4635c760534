#include "storage/file_system.hpp"

#include "core/check.hpp"

#include <algorithm>
#include <array>

namespace cohort::storage {

namespace {

constexpr std::size_t zero_step_bytes = std::size_t{1} << 20;

/// Never written: costs neither memory nor the time to fill it.
alignas(page_bytes) std::array<std::byte, zero_step_bytes> zeros_to_write;

result<void> fill_with_zeros(file& to, std::uint64_t size) {
  const std::span<const std::byte> zeros{zeros_to_write};
  for (std::uint64_t offset = 0; offset < size;) {
    const auto step = std::min<std::uint64_t>(size - offset, zeros.size());
    const auto part = zeros.first(static_cast<std::size_t>(step));
    if (auto written = to.write_at(offset, part); !written)
      return written;
    offset += step;
  }
  return to.sync();
}

} // namespace

std::string join(const std::string& directory, const std::string& name) {
  return directory + "/" + name;
}

result<void> create_zeroed(file_system& files, const std::string& path,
                           std::uint64_t size) {
  COHORT_CHECK(size > 0 && size % page_bytes == 0);
  auto created = files.open(path, {.create = true, .direct = true});
  if (!created)
    return created.err();
  auto filled = fill_with_zeros(**created, size);
  if (!filled)
    // What cannot be removed now is removed when the directory is opened.
    static_cast<void>(files.remove(path));
  return filled;
}

result<std::vector<std::string>> list_with_prefix(file_system& files,
                                                  const std::string& directory,
                                                  const std::string& prefix) {
  auto names = files.list(directory);
  if (names)
    std::erase_if(*names, [&](const std::string& name) {
      return !name.starts_with(prefix);
    });
  return names;
}

} // namespace cohort::storage
