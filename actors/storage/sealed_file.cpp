#include "storage/sealed_file.hpp"

#include "core/check.hpp"
#include "core/crc32c.hpp"
#include "core/little_endian.hpp"
#include "core/mutant.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

namespace cohort::storage {

namespace {

// docs/STORAGE_FORMAT.md.
constexpr std::size_t magic_at = 0;
constexpr std::size_t magic_bytes = 8;
constexpr std::size_t version_at = 8;
constexpr std::size_t checksum_at = 12;
constexpr std::size_t size_at = 16;
constexpr std::size_t head_bytes = 24;

/// Of everything but the checksum itself.
std::uint32_t checksum_of(std::span<const std::byte> whole) {
  const auto before = crc32c(whole.data(), checksum_at);
  return crc32c(whole.data() + size_at, whole.size() - size_at, before);
}

std::vector<std::byte> seal(const file_kind& kind, const frame& content) {
  std::vector<std::byte> result(head_bytes + content.size());
  std::memcpy(result.data() + magic_at, kind.magic.data(), magic_bytes);
  store_le(result.data() + version_at, kind.version);
  store_le(result.data() + size_at, std::uint64_t{content.size()});
  std::memcpy(result.data() + head_bytes, content.data(), content.size());
  store_le(result.data() + checksum_at, checksum_of(result));
  return result;
}

result<void> write_new(file_system& files, const std::string& path,
                       std::span<const std::byte> data) {
  auto created = files.open(path, {.create = true});
  if (!created)
    return created.err();
  if (auto written = (*created)->write_at(0, data); !written)
    return written;
  if (mutated(mutant::sealed_is_not_synced))
    return {};
  return (*created)->sync();
}

result<frame> unseal(const std::string& path, const file_kind& kind,
                     std::span<const std::byte> whole) {
  const error damaged{errc::corrupt, path + ": is damaged"};
  if (whole.size() < head_bytes
      || std::memcmp(whole.data(), kind.magic.data(), magic_bytes) != 0)
    return damaged;
  const auto version = load_le<std::uint32_t>(whole.data() + version_at);
  if (version > kind.version)
    return error{errc::unsupported, path + ": has version "
                                      + std::to_string(version)
                                      + ", this release reads up to "
                                      + std::to_string(kind.version)};
  const auto size = load_le<std::uint64_t>(whole.data() + size_at);
  if (size != whole.size() - head_bytes || size % sizeof(std::uint64_t) != 0
      || load_le<std::uint32_t>(whole.data() + checksum_at)
           != checksum_of(whole))
    return damaged;
  frame_buffer buffer{static_cast<std::size_t>(size) / sizeof(std::uint64_t)};
  std::memcpy(buffer.data(), whole.data() + head_bytes, buffer.size());
  return frame{std::move(buffer)};
}

} // namespace

std::string staging_name(const std::string& name) {
  return name + ".new";
}

result<void> write_sealed(file_system& files, const std::string& directory,
                          const std::string& name, const file_kind& kind,
                          const frame& content) {
  COHORT_CHECK(kind.magic.size() == magic_bytes);
  COHORT_CHECK(content.size() <= sealed_bytes_max);
  const auto staged = join(directory, staging_name(name));
  // An earlier attempt may have left its file behind.
  auto removed = files.remove(staged);
  if (!removed && removed.err().code != errc::not_found)
    return removed;
  if (auto written = write_new(files, staged, seal(kind, content)); !written)
    return written;
  if (auto renamed = files.rename(staged, join(directory, name)); !renamed)
    return renamed;
  return files.sync_directory(directory);
}

result<frame> read_sealed(file_system& files, const std::string& directory,
                          const std::string& name, const file_kind& kind) {
  const auto path = join(directory, name);
  auto opened = files.open(path, {});
  if (!opened)
    return opened.err();
  auto size = (*opened)->size();
  if (!size)
    return size.err();
  if (*size > head_bytes + sealed_bytes_max)
    return error{errc::corrupt, path + ": is damaged"};
  std::vector<std::byte> whole(static_cast<std::size_t>(*size));
  auto read = (*opened)->read_at(0, whole);
  if (!read)
    return read.err();
  return unseal(path, kind, std::span{whole}.first(*read));
}

} // namespace cohort::storage
