#include "testkit/faulty_file_system.hpp"

#include "core/check.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace cohort::testkit {

namespace {

constexpr std::size_t sector_bytes = 512;

/// nullptr: zeros. Images share the sectors in which they agree.
using sector = std::shared_ptr<const std::array<std::byte, sector_bytes>>;

const std::array<std::byte, sector_bytes> zeros{};

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

} // namespace

// -- state --------------------------------------------------------------------

struct faulty_file_system::inode {
  struct version {
    std::vector<sector> sectors;
    std::uint64_t size = 0;
  };

  version now;
  version durable;
  /// What was written to a sector since it was durable, oldest first.
  std::map<std::size_t, std::vector<sector>> unsynced;
  std::set<std::size_t> unreadable;

  void write(std::uint64_t offset, std::span<const std::byte> data);
  void put_sector(std::size_t at, sector x);
  void sync();
  std::shared_ptr<inode> after_crash(const picker& pick) const;
};

void faulty_file_system::inode::put_sector(std::size_t at, sector x) {
  if (at >= now.sectors.size())
    now.sectors.resize(at + 1);
  unreadable.erase(at);
  unsynced[at].push_back(x);
  now.sectors[at] = std::move(x);
}

void faulty_file_system::inode::write(std::uint64_t offset,
                                      std::span<const std::byte> data) {
  now.size = std::max(now.size, offset + data.size());
  while (!data.empty()) {
    const auto at = static_cast<std::size_t>(offset / sector_bytes);
    const auto begin = static_cast<std::size_t>(offset % sector_bytes);
    const auto count = std::min(data.size(), sector_bytes - begin);
    std::array<std::byte, sector_bytes> whole{};
    if (at < now.sectors.size())
      std::memcpy(whole.data(), data_of(now.sectors[at]), sector_bytes);
    std::copy_n(data.begin(), count, whole.begin() + begin);
    put_sector(at, make_sector(whole));
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
}

std::shared_ptr<faulty_file_system::inode>
faulty_file_system::inode::after_crash(const picker& pick) const {
  auto result = std::make_shared<inode>();
  result->durable = durable;
  auto& image = result->durable;
  for (const auto& [at, versions] : unsynced) {
    const auto chosen = pick(versions.size() + 1);
    COHORT_CHECK(chosen <= versions.size());
    if (chosen == 0)
      continue;
    if (at >= image.sectors.size())
      image.sectors.resize(at + 1);
    image.sectors[at] = versions[chosen - 1];
    image.size = std::max<std::uint64_t>(
      image.size, std::min<std::uint64_t>((at + 1) * sector_bytes, now.size));
  }
  if (now.size < image.size)
    image.size = now.size;
  result->now = result->durable;
  result->unreadable = unreadable;
  return result;
}

struct faulty_file_system::directory {
  using names = std::map<std::string, std::shared_ptr<inode>>;

  names now;
  names durable;
  /// The changes since: names and what they stand for, nullptr if they went. A
  /// rename changes two in one step.
  std::vector<names> unsynced;

  static void alter(names& to, const names& change) {
    for (const auto& [name, node] : change)
      if (node)
        to[name] = node;
      else
        to.erase(name);
  }
  void alter(names change) {
    alter(now, change);
    unsynced.push_back(std::move(change));
  }
  void sync() {
    durable = now;
    unsynced.clear();
  }
  names after_crash(const choices& pick) const {
    auto result = durable;
    const auto kept = pick.names_in_any_order ? 0
                                              : pick.names(unsynced.size() + 1);
    COHORT_CHECK(kept <= unsynced.size());
    for (std::size_t i = 0; i < unsynced.size(); ++i)
      if (pick.names_in_any_order ? pick.names(2) != 0 : i < kept)
        alter(result, unsynced[i]);
    return result;
  }
};

struct faulty_file_system::disk {
  options opts;
  std::map<std::string, directory> directories{{"", {}}};
  std::set<std::string> locked;
  std::uint64_t changes = 0;
  std::map<std::uint64_t, errc> failures;
  std::optional<std::uint64_t> stop;
  bool stopped = false;
  std::function<void()> midway;

  enum class fate : std::uint8_t {
    happens,
    on_its_way, ///< the machine stops before anybody knows
    fails,
  };

  struct outcome {
    fate what;
    error why;
  };

  /// Counts a change and says what becomes of it.
  outcome next_change(const std::string& path) {
    if (stopped)
      return {fate::fails, gone()};
    ++changes;
    if (stop == changes) {
      stopped = true;
      return {fate::on_its_way, gone()};
    }
    if (const auto failure = failures.find(changes); failure != failures.end())
      return {fate::fails, {failure->second, path + ": made to fail"}};
    return {fate::happens, {}};
  }

  std::uint64_t used() const {
    std::set<const inode*> seen;
    std::uint64_t result = 0;
    for (const auto& [path, entries] : directories)
      for (const auto& [name, node] : entries.now)
        if (seen.insert(node.get()).second)
          result += rounded(node->now.size);
    return result;
  }

  std::shared_ptr<inode> find(const std::string& path) const {
    const auto [parent, name] = split(path);
    const auto in = directories.find(parent);
    if (in == directories.end())
      return nullptr;
    const auto found = in->second.now.find(name);
    return found == in->second.now.end() ? nullptr : found->second;
  }

  /// The change is on its way, and will happen.
  void is_midway() const {
    if (midway)
      midway();
  }

  /// Changes names in the directory `parent`; `path` is for errors.
  result<void> change_names(const std::string& path, const std::string& parent,
                            directory::names change) {
    const auto in = directories.find(parent);
    if (in == directories.end())
      return {errc::not_found, parent + ": no such directory"};
    const auto verdict = next_change(path);
    if (verdict.what != fate::fails)
      in->second.alter(std::move(change));
    if (verdict.what != fate::happens)
      return verdict.why;
    is_midway();
    return {};
  }
};

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
    if (verdict.what == disk::fate::happens && !fits(offset + data.size()))
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
      inode_->sync();
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
      if (inode_->unreadable.contains(at))
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
    inode_->sync();
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
  bool fits(std::uint64_t end) const {
    const auto size = inode_->now.size;
    return end <= size
           || disk_->used() - rounded(size) + rounded(end)
                <= disk_->opts.disk_bytes;
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

void faulty_file_system::stop_during(std::uint64_t n) {
  disk_->stop = disk_->changes + n;
}

bool faulty_file_system::stopped() const {
  return disk_->stopped;
}

void faulty_file_system::set_disk_bytes(std::uint64_t size) {
  disk_->opts.disk_bytes = size;
}

void faulty_file_system::on_change(std::function<void()> act) {
  disk_->midway = std::move(act);
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
  return disk_->change_names(path, parent, {{name, nullptr}});
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
