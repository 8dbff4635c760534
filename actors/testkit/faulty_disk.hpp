// What a faulty_file_system knows of its disk: what was written, and what is
// durable. For its sources only.
#pragma once

#include "testkit/faulty_file_system.hpp"

#include "core/check.hpp"

#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace cohort::testkit {

namespace faulty {

inline constexpr std::size_t sector_bytes = 512;

/// nullptr: zeros. Images share the sectors in which they agree.
using sector = std::shared_ptr<const std::array<std::byte, sector_bytes>>;

sector make_sector(std::span<const std::byte> data);
const std::byte* data_of(const sector& x);

/// The directory, and the name in it.
std::pair<std::string, std::string> split(const std::string& path);

/// To whole pages, as a disk is filled.
std::uint64_t rounded(std::uint64_t size);

error gone();

} // namespace faulty

struct faulty_file_system::inode {
  struct version {
    std::vector<faulty::sector> sectors;
    std::uint64_t size = 0;
  };

  version now;
  version durable;
  /// What was written to a sector since it was durable, oldest first.
  std::map<std::size_t, std::vector<faulty::sector>> unsynced;
  /// Neighbours behind `now.sectors` to which zeros were written once since
  /// then: as if they were in `unsynced`, but files of zeros cost next to
  /// nothing. Those that were written again are there, too, with both versions.
  std::size_t zeros_begin = 0;
  std::size_t zeros_end = 0;
  std::set<std::size_t> unreadable;

  void write(std::uint64_t offset, std::span<const std::byte> data);
  void put_sector(std::size_t at, faulty::sector x);
  void sync();
  void tell_unsynced(const std::string& path, const durable_listener& to) const;
  std::shared_ptr<inode> after_crash(const picker& pick) const;

private:
  bool takes_zeros(std::size_t at);
  template <class Act>
  void for_each_unsynced(Act act) const;
};

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
  std::uint64_t failed = 0;
  std::uint64_t failed_removals = 0; ///< among them
  std::optional<std::uint64_t> stop;
  bool stopped = false;
  std::function<void()> midway;
  durable_listener became_durable;

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
      return {fate::fails, faulty::gone()};
    ++changes;
    if (stop == changes) {
      stopped = true;
      return {fate::on_its_way, faulty::gone()};
    }
    if (const auto failure = failures.find(changes);
        failure != failures.end()) {
      ++failed;
      return {fate::fails, {failure->second, path + ": made to fail"}};
    }
    return {fate::happens, {}};
  }

  std::uint64_t used() const {
    std::set<const inode*> seen;
    std::uint64_t result = 0;
    for (const auto& [path, entries] : directories)
      for (const auto& [name, node] : entries.now)
        if (seen.insert(node.get()).second)
          result += faulty::rounded(node->now.size);
    return result;
  }

  std::shared_ptr<inode> find(const std::string& path) const {
    const auto [parent, name] = faulty::split(path);
    const auto in = directories.find(parent);
    if (in == directories.end())
      return nullptr;
    const auto found = in->second.now.find(name);
    return found == in->second.now.end() ? nullptr : found->second;
  }

  /// What was written to a file is durable from now on.
  void make_durable(inode& node, const std::string& path) const {
    if (became_durable)
      node.tell_unsynced(path, became_durable);
    node.sync();
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

} // namespace cohort::testkit
