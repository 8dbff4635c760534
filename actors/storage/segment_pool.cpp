#include "storage/segment_pool.hpp"

#include "core/mutant.hpp"

#include <charconv>
#include <cstdio>
#include <utility>

namespace cohort::storage {

namespace {

std::string numbered(const char* prefix, std::uint64_t number) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx",
                static_cast<unsigned long long>(number));
  return std::string{prefix} + digits;
}

} // namespace

std::optional<std::uint64_t> segment_number(const std::string& name) {
  const std::string prefix{segment_pool::name_prefix};
  if (!name.starts_with(prefix) || name.size() != prefix.size() + 16)
    return std::nullopt;
  std::uint64_t number = 0;
  const auto* end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data() + prefix.size(), end, number,
                                      16);
  if (parsed.ec != std::errc{} || parsed.ptr != end)
    return std::nullopt;
  return number;
}

segment_pool::segment_pool(file_system& files, std::string directory,
                           const log_options& options,
                           std::uint64_t first_number)
  : files_(files),
    directory_(std::move(directory)),
    options_(options),
    next_number_(first_number) {
  // nop
}

std::optional<std::string> segment_pool::take() {
  const std::lock_guard guard{mutex_};
  if (ready_.empty())
    return std::nullopt;
  auto name = std::move(ready_.front());
  ready_.pop_front();
  return name;
}

result<void> segment_pool::give_back(const std::string& name,
                                     std::uint64_t size) {
  {
    const std::lock_guard guard{mutex_};
    const auto enough = options_.spare_segments + reserved_segments;
    if (size == options_.segment_bytes && ready_.size() < enough) {
      ready_.push_back(name);
      return {};
    }
  }
  return files_.remove(join(directory_, name));
}

result<void> segment_pool::prepare() {
  auto free = files_.free_bytes(directory_);
  if (!free)
    return free.err();
  if (*free < options_.segment_bytes + options_.disk_reserve_bytes)
    return {errc::no_space, directory_ + ": " + std::to_string(*free)
                              + " bytes are free, a new segment would leave "
                                "less than disk_reserve_bytes"};
  std::uint64_t number = 0;
  {
    const std::lock_guard guard{mutex_};
    number = next_number_++;
  }
  // Staged under another name, so that a segment always is complete.
  const auto staged = join(directory_, numbered(staging_prefix, number));
  const auto name = numbered(name_prefix, number);
  if (auto made = create_zeroed(files_, staged, options_.segment_bytes); !made)
    return made;
  if (auto named = files_.rename(staged, join(directory_, name)); !named)
    return named;
  if (!mutated(mutant::segment_name_is_lost))
    if (auto synced = files_.sync_directory(directory_); !synced)
      return synced;
  const std::lock_guard guard{mutex_};
  ready_.push_back(name);
  return {};
}

bool segment_pool::wants_more() const {
  return size() < options_.spare_segments + reserved_segments;
}

std::size_t segment_pool::size() const {
  const std::lock_guard guard{mutex_};
  return ready_.size();
}

std::size_t segment_pool::size_beyond_reserve() const {
  const auto all = size();
  return all > reserved_segments ? all - reserved_segments : 0;
}

} // namespace cohort::storage
