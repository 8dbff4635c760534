// A disk in memory that fails and forgets as real ones do.
#pragma once

#include "storage/file_system.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace cohort::testkit {

/// Keeps apart what was written and what is durable. A write reaches the disk
/// in sectors of 512 bytes, each whole or not at all, in any order, until a
/// sync; names are durable, in the order they were changed, once their
/// directory is synced.
///
/// Everything that alters the disk is a change: it is counted, and can be made
/// to fail. Deterministic: the same calls give the same disk. Not thread-safe.
class faulty_file_system final : public storage::file_system {
public:
  struct options {
    std::uint64_t disk_bytes = ~std::uint64_t{0}; ///< beyond: no_space
    /// Files that are opened durable need no sync, as with O_DSYNC.
    bool durable_writes = false;
    /// What is written anew needs room of its own, and gives up the old then:
    /// a full disk takes nothing at all.
    bool copies_on_write = false;
  };

  explicit faulty_file_system(const options& opts);
  faulty_file_system() : faulty_file_system(options{}) {}
  ~faulty_file_system() override;

  // -- failures ---------------------------------------------------------------

  std::uint64_t changes() const;

  /// The n-th change from now on, counted from 1, fails with `code`. A write
  /// leaves the first half of its sectors behind, everything else does nothing.
  void fail_change(std::uint64_t n, errc code);

  /// How many were made to fail so far.
  std::uint64_t failed_changes() const;

  /// Of these, all but removed files: who only wanted to be rid of something
  /// may go on (D6).
  std::uint64_t failed_writes() const;

  /// No change that is still to come fails or stops the machine.
  void forget_failures();

  /// The machine stops during the n-th change from now on: the change is on its
  /// way, neither done nor undone, and everything after it fails.
  void stop_during(std::uint64_t n);

  bool stopped() const;

  void set_disk_bytes(std::uint64_t size);
  std::uint64_t used_bytes() const;

  /// `act` is called in the middle of every change that succeeds, from now on:
  /// a write is on its way, and a sync has not done anything yet. It may look
  /// at what a crash leaves now, and does not touch this disk. Nothing: never.
  void on_change(std::function<void()> act);

  /// Is told of the bytes of a file, whole sectors, that have just become
  /// durable, but for zeros. Nothing: nobody.
  using durable_listener =
    std::function<void(const std::string& path, std::uint64_t offset,
                       std::span<const std::byte> data)>;
  void on_durable(durable_listener act);

  // -- after a crash ----------------------------------------------------------

  /// Decides what is on the disk: called for each thing that is not durable, in
  /// a fixed order, with the number of possible outcomes; returns one of them.
  /// 0 is always "as it was at the last sync", the highest "as it was written".
  using picker = std::function<std::uint64_t(std::uint64_t outcomes)>;

  struct choices {
    picker blocks; ///< for each sector, which of its versions
    picker names;  ///< for each directory, how many of its changes
    /// `names` is asked for each change instead, as if they were independent.
    bool names_in_any_order = false;
  };

  /// What the disk may hold after a crash at this moment, as a new disk without
  /// failures and without locks.
  std::unique_ptr<faulty_file_system> crash(const choices& pick) const;
  std::unique_ptr<faulty_file_system> crash(const picker& pick) const;

  /// The same with nothing that is not durable, and with everything.
  std::unique_ptr<faulty_file_system> crash_losing_all() const;
  std::unique_ptr<faulty_file_system> crash_losing_nothing() const;

  // -- damage -----------------------------------------------------------------

  // Preconditions: `path` is a file, and the place lies within it.
  void flip_bit(const std::string& path, std::uint64_t offset, unsigned bit);
  /// The 512 bytes around `offset` read as zeros.
  void zero_sector(const std::string& path, std::uint64_t offset);
  /// Reading the 512 bytes around `offset` fails.
  void make_unreadable(const std::string& path, std::uint64_t offset);

  /// A write that was meant for the 512 bytes around `from` went to those
  /// around `offset`, which read like them now.
  void misdirect(const std::string& path, std::uint64_t offset,
                 const std::string& from_path, std::uint64_t from);

  // -- direct access for tests ------------------------------------------------

  /// The paths of all files, sorted.
  std::vector<std::string> files() const;

  bool contains(const std::string& path) const;
  std::string contents(const std::string& path) const;
  /// Replaces a file, or makes one; durable at once.
  void put(const std::string& path, const std::string& data);

  // -- file_system ------------------------------------------------------------

  result<std::unique_ptr<storage::file>>
  open(const std::string& path, const storage::open_options& how) override;
  result<void> rename(const std::string& from, const std::string& to) override;
  result<void> remove(const std::string& path) override;
  result<void> remove_directory(const std::string& path) override;
  result<void> make_directory(const std::string& path) override;
  result<void> sync_directory(const std::string& path) override;
  result<std::vector<std::string>> list(const std::string& path) override;
  result<std::unique_ptr<storage::directory_lock>>
  lock_directory(const std::string& path) override;
  result<std::uint64_t> free_bytes(const std::string& path) override;

private:
  struct disk;
  struct inode;
  struct directory;
  class open_file;
  class held_lock;

  explicit faulty_file_system(std::shared_ptr<disk> state);

  std::shared_ptr<disk> disk_;
};

} // namespace cohort::testkit
