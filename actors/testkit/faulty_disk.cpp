#include "testkit/faulty_disk.hpp"

#include <algorithm>
#include <cstring>

namespace cohort::testkit {

namespace faulty {

namespace {

const std::array<std::byte, sector_bytes> zeros{};

} // namespace

sector make_sector(std::span<const std::byte> data) {
  if (std::memcmp(data.data(), zeros.data(), sector_bytes) == 0)
    return nullptr;
  auto made = std::make_shared<std::array<std::byte, sector_bytes>>();
  std::copy(data.begin(), data.end(), made->begin());
  return made;
}

const std::byte* data_of(const sector& x) {
  return x ? x->data() : zeros.data();
}

std::pair<std::string, std::string> split(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos)
    return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

std::uint64_t rounded(std::uint64_t size) {
  return (size + storage::page_bytes - 1) / storage::page_bytes
         * storage::page_bytes;
}

error gone() {
  return {errc::io_failed, "the machine stopped"};
}

} // namespace faulty

using namespace faulty;

/// Behind `now.sectors` everything reads as zeros anyway.
bool faulty_file_system::inode::takes_zeros(std::size_t at) {
  if (at < now.sectors.size())
    return false;
  if (zeros_begin == zeros_end)
    zeros_begin = zeros_end = at;
  if (at != zeros_end)
    return false;
  ++zeros_end;
  return true;
}

/// With the versions of each sector, in order.
template <class Act>
void faulty_file_system::inode::for_each_unsynced(Act act) const {
  static const std::vector<sector> once_zeros{nullptr};
  auto next = unsynced.begin();
  const auto act_until = [&](std::size_t end) {
    for (; next != unsynced.end() && next->first < end; ++next)
      act(next->first, next->second);
  };
  act_until(zeros_begin);
  for (auto at = zeros_begin; at < zeros_end; ++at)
    if (next != unsynced.end() && next->first == at)
      act_until(at + 1);
    else
      act(at, once_zeros);
  act_until(~std::size_t{0});
}

void faulty_file_system::inode::put_sector(std::size_t at, sector x) {
  unreadable.erase(at);
  if (!x && takes_zeros(at))
    return;
  if (at >= now.sectors.size())
    now.sectors.resize(at + 1);
  auto& versions = unsynced[at];
  if (versions.empty() && zeros_begin <= at && at < zeros_end)
    versions.push_back(nullptr);
  versions.push_back(x);
  now.sectors[at] = std::move(x);
}

void faulty_file_system::inode::write(std::uint64_t offset,
                                      std::span<const std::byte> data) {
  now.size = std::max(now.size, offset + data.size());
  while (!data.empty()) {
    const auto at = static_cast<std::size_t>(offset / sector_bytes);
    const auto begin = static_cast<std::size_t>(offset % sector_bytes);
    const auto count = std::min(data.size(), sector_bytes - begin);
    if (count == sector_bytes) {
      put_sector(at, make_sector(data.first(count)));
    } else {
      std::array<std::byte, sector_bytes> whole{};
      if (at < now.sectors.size())
        std::memcpy(whole.data(), data_of(now.sectors[at]), sector_bytes);
      std::copy_n(data.begin(), count, whole.begin() + begin);
      put_sector(at, make_sector(whole));
    }
    offset += count;
    data = data.subspan(count);
  }
}

void faulty_file_system::inode::sync() {
  durable.sectors.resize(now.sectors.size());
  for (const auto& [at, versions] : unsynced)
    durable.sectors[at] = now.sectors[at];
  durable.size = now.size;
  unsynced.clear();
  zeros_begin = zeros_end = 0;
}

/// In runs of neighbours, each of which begins and ends with what is not zeros.
void faulty_file_system::inode::tell_unsynced(
  const std::string& path, const durable_listener& to) const {
  std::vector<std::byte> run;
  std::size_t first = 0;
  std::size_t next = 0;
  const auto tell = [&] {
    if (!run.empty())
      to(path, first * sector_bytes, run);
    run.clear();
  };
  for (const auto& [at, versions] : unsynced) {
    if (at != next || !now.sectors[at])
      tell();
    next = at + 1;
    if (!now.sectors[at])
      continue;
    if (run.empty())
      first = at;
    const auto& x = *now.sectors[at];
    run.insert(run.end(), x.begin(), x.end());
  }
  tell();
}

std::shared_ptr<faulty_file_system::inode>
faulty_file_system::inode::after_crash(const picker& pick) const {
  auto result = std::make_shared<inode>();
  result->durable = durable;
  auto& image = result->durable;
  for_each_unsynced([&](std::size_t at, const std::vector<sector>& versions) {
    const auto chosen = pick(versions.size() + 1);
    COHORT_CHECK(chosen <= versions.size());
    if (chosen == 0)
      return;
    if (at < image.sectors.size() || versions[chosen - 1]) {
      image.sectors.resize(std::max(image.sectors.size(), at + 1));
      image.sectors[at] = versions[chosen - 1];
    }
    image.size = std::max<std::uint64_t>(
      image.size, std::min<std::uint64_t>((at + 1) * sector_bytes, now.size));
  });
  if (now.size < image.size)
    image.size = now.size;
  result->now = result->durable;
  result->unreadable = unreadable;
  return result;
}

} // namespace cohort::testkit
