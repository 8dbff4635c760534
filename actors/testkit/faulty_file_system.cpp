#include "testkit/faulty_file_system.hpp"

#include "core/check.hpp"
#include "testkit/faulty_disk.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

namespace cohort::testkit {

using namespace faulty;

// -- files --------------------------------------------------------------------

class faulty_file_system::open_file final : public storage::file {
public:
  open_file(std::shared_ptr<disk> state, std::shared_ptr<inode> node,
            std::string path, bool writable, bool durable)
    : disk_(std::move(state)),
      inode_(std::move(node)),
      path_(std::move(path)),
      writable_(writable),
      durable_(durable) {}

  result<void> write_at(std::uint64_t offset,
                        std::span<const std::byte> data) override {
    COHORT_CHECK(writable_);
    const auto verdict = disk_->next_change(path_);
    if (verdict.what == disk::fate::happens && !fits(offset, data.size()))
      return {errc::no_space, path_ + ": the disk is full"};
    if (verdict.what == disk::fate::fails) {
      if (!disk_->stopped)
        inode_->write(offset, data.first(data.size() / 2));
      return verdict.why;
    }
    inode_->write(offset, data);
    if (verdict.what == disk::fate::on_its_way)
      return verdict.why;
    disk_->is_midway();
    if (durable_)
      disk_->make_durable(*inode_, path_);
    return {};
  }

  result<std::size_t> read_at(std::uint64_t offset,
                              std::span<std::byte> to) const override {
    if (disk_->stopped)
      return gone();
    const auto size = inode_->now.size;
    const auto end = std::min<std::uint64_t>(size, offset + to.size());
    for (auto i = offset; i < end;) {
      const auto at = static_cast<std::size_t>(i / sector_bytes);
      const auto begin = static_cast<std::size_t>(i % sector_bytes);
      const auto count = static_cast<std::size_t>(
        std::min<std::uint64_t>(end - i, sector_bytes - begin));
      if (!inode_->unreadable.empty() && inode_->unreadable.contains(at))
        return error{errc::io_failed, path_ + ": read: made unreadable"};
      const auto* from = at < inode_->now.sectors.size()
                           ? data_of(inode_->now.sectors[at])
                           : zeros.data();
      std::memcpy(to.data() + (i - offset), from + begin, count);
      i += count;
    }
    return static_cast<std::size_t>(offset < end ? end - offset : 0);
  }

  result<void> sync() override {
    const auto verdict = disk_->next_change(path_);
    if (verdict.what != disk::fate::happens)
      return verdict.why;
    disk_->is_midway();
    disk_->make_durable(*inode_, path_);
    return {};
  }

  result<std::uint64_t> size() const override {
    if (disk_->stopped)
      return gone();
    return inode_->now.size;
  }

  bool durable_writes() const override {
    return durable_;
  }

private:
  bool fits(std::uint64_t offset, std::uint64_t count) const {
    const auto size = inode_->now.size;
    const auto grown = std::max(size, offset + count);
    auto needed = rounded(grown) - rounded(size);
    if (disk_->opts.copies_on_write)
      needed = std::max(needed, rounded(count));
    return needed == 0 || disk_->used() + needed <= disk_->opts.disk_bytes;
  }

  std::shared_ptr<disk> disk_;
  std::shared_ptr<inode> inode_;
  std::string path_;
  bool writable_;
  bool durable_;
};

class faulty_file_system::held_lock final : public storage::directory_lock {
public:
  held_lock(std::shared_ptr<disk> state, std::string path)
    : disk_(std::move(state)),
      path_(std::move(path)) {}

  held_lock(const held_lock&) = delete;
  held_lock& operator=(const held_lock&) = delete;

  ~held_lock() override {
    disk_->locked.erase(path_);
  }

private:
  std::shared_ptr<disk> disk_;
  std::string path_;
};

// -- failures, crashes, damage ------------------------------------------------

faulty_file_system::faulty_file_system(const options& opts)
  : disk_(std::make_shared<disk>()) {
  disk_->opts = opts;
}

faulty_file_system::faulty_file_system(std::shared_ptr<disk> state)
  : disk_(std::move(state)) {
  // nop
}

faulty_file_system::~faulty_file_system() = default;

std::uint64_t faulty_file_system::changes() const {
  return disk_->changes;
}

void faulty_file_system::fail_change(std::uint64_t n, errc code) {
  disk_->failures[disk_->changes + n] = code;
}

std::uint64_t faulty_file_system::failed_changes() const {
  return disk_->failed;
}

std::uint64_t faulty_file_system::failed_writes() const {
  return disk_->failed - disk_->failed_removals;
}

void faulty_file_system::forget_failures() {
  disk_->failures.clear();
  disk_->stop.reset();
}

void faulty_file_system::stop_during(std::uint64_t n) {
  disk_->stop = disk_->changes + n;
}

bool faulty_file_system::stopped() const {
  return disk_->stopped;
}

void faulty_file_system::set_disk_bytes(std::uint64_t size) {
  disk_->opts.disk_bytes = size;
}

std::uint64_t faulty_file_system::used_bytes() const {
  return disk_->used();
}

void faulty_file_system::on_change(std::function<void()> act) {
  disk_->midway = std::move(act);
}

void faulty_file_system::on_durable(durable_listener act) {
  disk_->became_durable = std::move(act);
}

std::unique_ptr<faulty_file_system>
faulty_file_system::crash(const picker& pick) const {
  return crash(choices{.blocks = pick, .names = pick});
}

std::unique_ptr<faulty_file_system>
faulty_file_system::crash(const choices& pick) const {
  auto image = std::make_shared<disk>();
  image->opts = disk_->opts;
  // One inode may have several names over the directory's history: its content
  // is decided once.
  std::map<const inode*, std::shared_ptr<inode>> copies;
  const auto copy_of = [&](const std::shared_ptr<inode>& node) {
    auto& copy = copies[node.get()];
    if (!copy)
      copy = node->after_crash(pick.blocks);
    return copy;
  };
  for (const auto& [path, entries] : disk_->directories) {
    auto& to = image->directories[path];
    for (const auto& [name, node] : entries.after_crash(pick))
      to.now[name] = copy_of(node);
    to.sync();
  }
  return std::unique_ptr<faulty_file_system>{
    new faulty_file_system{std::move(image)}};
}

std::unique_ptr<faulty_file_system>
faulty_file_system::crash_losing_all() const {
  return crash([](std::uint64_t) { return std::uint64_t{0}; });
}

std::unique_ptr<faulty_file_system>
faulty_file_system::crash_losing_nothing() const {
  return crash([](std::uint64_t outcomes) { return outcomes - 1; });
}

void faulty_file_system::flip_bit(const std::string& path, std::uint64_t offset,
                                  unsigned bit) {
  const auto node = disk_->find(path);
  COHORT_CHECK(node && offset < node->now.size);
  const auto at = static_cast<std::size_t>(offset / sector_bytes);
  std::array<std::byte, sector_bytes> whole{};
  if (at < node->now.sectors.size())
    std::memcpy(whole.data(), data_of(node->now.sectors[at]), sector_bytes);
  whole[offset % sector_bytes] ^= std::byte{1} << (bit % 8);
  node->put_sector(at, make_sector(whole));
  node->sync();
}

void faulty_file_system::zero_sector(const std::string& path,
                                     std::uint64_t offset) {
  const auto node = disk_->find(path);
  COHORT_CHECK(node && offset < node->now.size);
  node->put_sector(static_cast<std::size_t>(offset / sector_bytes), nullptr);
  node->sync();
}

void faulty_file_system::make_unreadable(const std::string& path,
                                         std::uint64_t offset) {
  const auto node = disk_->find(path);
  COHORT_CHECK(node && offset < node->now.size);
  node->unreadable.insert(static_cast<std::size_t>(offset / sector_bytes));
}

void faulty_file_system::misdirect(const std::string& path,
                                   std::uint64_t offset,
                                   const std::string& from_path,
                                   std::uint64_t from) {
  const auto node = disk_->find(path);
  const auto source = disk_->find(from_path);
  COHORT_CHECK(node && offset < node->now.size);
  COHORT_CHECK(source && from < source->now.size);
  const auto at = static_cast<std::size_t>(from / sector_bytes);
  const auto& sectors = source->now.sectors;
  node->put_sector(static_cast<std::size_t>(offset / sector_bytes),
                   at < sectors.size() ? sectors[at] : nullptr);
  node->sync();
}

std::vector<std::string> faulty_file_system::files() const {
  std::vector<std::string> result;
  for (const auto& [path, entries] : disk_->directories)
    for (const auto& [name, node] : entries.now)
      result.push_back(path + '/' + name);
  std::sort(result.begin(), result.end());
  return result;
}

bool faulty_file_system::contains(const std::string& path) const {
  return disk_->find(path) != nullptr;
}

std::string faulty_file_system::contents(const std::string& path) const {
  const auto node = disk_->find(path);
  COHORT_CHECK(node != nullptr);
  std::string result(node->now.size, '\0');
  for (std::size_t i = 0; i < node->now.sectors.size(); ++i) {
    const auto begin = i * sector_bytes;
    if (begin < result.size())
      std::memcpy(result.data() + begin, data_of(node->now.sectors[i]),
                  std::min(sector_bytes, result.size() - begin));
  }
  return result;
}

void faulty_file_system::put(const std::string& path, const std::string& data) {
  const auto [parent, name] = split(path);
  const auto in = disk_->directories.find(parent);
  COHORT_CHECK(in != disk_->directories.end());
  auto node = std::make_shared<inode>();
  node->write(0, std::as_bytes(std::span{data}));
  node->sync();
  in->second.now[name] = std::move(node);
  in->second.sync();
}

// -- file_system --------------------------------------------------------------

result<std::unique_ptr<storage::file>>
faulty_file_system::open(const std::string& path,
                         const storage::open_options& how) {
  if (disk_->stopped)
    return gone();
  auto node = disk_->find(path);
  if (how.create) {
    if (node)
      return error{errc::exists, path + ": is there already"};
    node = std::make_shared<inode>();
    const auto [parent, name] = split(path);
    auto created = disk_->change_names(path, parent, {{name, node}});
    if (!created)
      return created.err();
  }
  if (!node)
    return error{errc::not_found, path + ": no such file"};
  return std::unique_ptr<storage::file>{std::make_unique<open_file>(
    disk_, std::move(node), path, how.writable || how.create,
    how.durable && disk_->opts.durable_writes)};
}

result<void> faulty_file_system::rename(const std::string& from,
                                        const std::string& to) {
  const auto [parent, name] = split(to);
  COHORT_CHECK(split(from).first == parent);
  const auto node = disk_->find(from);
  if (!node)
    return {errc::not_found, from + ": no such file"};
  directory::names change{{split(from).second, nullptr}};
  change[name] = node;
  return disk_->change_names(to, parent, std::move(change));
}

result<void> faulty_file_system::remove(const std::string& path) {
  if (!disk_->find(path))
    return {errc::not_found, path + ": no such file"};
  const auto [parent, name] = split(path);
  const auto failed = disk_->failed;
  auto removed = disk_->change_names(path, parent, {{name, nullptr}});
  disk_->failed_removals += disk_->failed - failed;
  return removed;
}

result<void> faulty_file_system::remove_directory(const std::string& path) {
  const auto found = disk_->directories.find(path);
  if (found == disk_->directories.end())
    return {errc::not_found, path + ": no such directory"};
  if (!found->second.now.empty())
    return {errc::io_failed, path + ": is not empty"};
  const auto verdict = disk_->next_change(path);
  if (verdict.what != disk::fate::happens)
    return verdict.why;
  disk_->is_midway();
  disk_->directories.erase(found);
  return {};
}

/// Directories are durable at once: nothing here relies on one that is not.
result<void> faulty_file_system::make_directory(const std::string& path) {
  if (disk_->find(path))
    return {errc::exists, path + ": is there, and not a directory"};
  const auto verdict = disk_->next_change(path);
  if (verdict.what != disk::fate::happens)
    return verdict.why;
  disk_->is_midway();
  disk_->directories.try_emplace(path);
  return {};
}

result<void> faulty_file_system::sync_directory(const std::string& path) {
  const auto found = disk_->directories.find(path);
  if (found == disk_->directories.end())
    return {errc::not_found, path + ": no such directory"};
  const auto verdict = disk_->next_change(path);
  if (verdict.what != disk::fate::happens)
    return verdict.why;
  disk_->is_midway();
  found->second.sync();
  return {};
}

result<std::vector<std::string>>
faulty_file_system::list(const std::string& path) {
  if (disk_->stopped)
    return gone();
  const auto found = disk_->directories.find(path);
  if (found == disk_->directories.end())
    return error{errc::not_found, path + ": no such directory"};
  std::set<std::string> names;
  for (const auto& [name, node] : found->second.now)
    names.insert(name);
  for (const auto& [other, entries] : disk_->directories)
    if (const auto [parent, name] = split(other);
        parent == path && !name.empty())
      names.insert(name);
  return std::vector<std::string>{names.begin(), names.end()};
}

result<std::unique_ptr<storage::directory_lock>>
faulty_file_system::lock_directory(const std::string& path) {
  if (disk_->stopped)
    return gone();
  if (!disk_->directories.contains(path))
    return error{errc::not_found, path + ": no such directory"};
  if (!disk_->locked.insert(path).second)
    return error{errc::busy, path + ": is in use by another node"};
  return std::unique_ptr<storage::directory_lock>{
    std::make_unique<held_lock>(disk_, path)};
}

result<std::uint64_t> faulty_file_system::free_bytes(const std::string& path) {
  if (disk_->stopped)
    return gone();
  if (!disk_->directories.contains(path))
    return error{errc::not_found, path + ": no such directory"};
  const auto used = disk_->used();
  return used < disk_->opts.disk_bytes ? disk_->opts.disk_bytes - used : 0;
}

} // namespace cohort::testkit
