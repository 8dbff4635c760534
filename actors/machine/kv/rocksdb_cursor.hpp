// Walks over what RocksDB has and over what it does not have yet, as one.
#pragma once

#include "machine/kv/rocksdb_keys.hpp"
#include "machine/kv/rocksdb_overlay.hpp"
#include "machine/kv/trie_cut.hpp"

#include <rocksdb/db.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::kv::rocks {

/// Goes through keys of one kind and generation in their order in RocksDB.
/// Views live until it moves on.
class cursor {
public:
  virtual ~cursor() = default;

  virtual bool valid() const = 0;

  // Precondition of the following: it is valid.

  /// As it is, or would be, in RocksDB.
  virtual std::string_view key() const = 0;
  /// Whether the key is not there, and hides one that is.
  virtual bool hides() const = 0;
  /// Of data keys that are there; nothing: it is cut off.
  virtual std::optional<item> what() const = 0;
  virtual void next() = 0;

  /// Of reading; an end may be that of a failure.
  virtual rocksdb::Status status() const {
    return {};
  }
};

using cursor_ptr = std::unique_ptr<cursor>;

/// The items of `of` at positions >= `from`, while it does not change.
cursor_ptr make_item_cursor(const overlay& of, std::uint64_t from);

/// The items of a cut, all of them.
cursor_ptr make_cut_cursor(std::shared_ptr<trie_cut> of,
                           generation_t generation);

/// The expiries of `of` that do not lie before the key `from`, while it does
/// not change.
cursor_ptr make_expiry_cursor(const overlay& of, const std::string& from);

/// What the database has now that does not lie before the key `from`.
cursor_ptr make_disk_cursor(rocksdb::DB& db, char kind, generation_t generation,
                            const std::string& from);

/// Several cursors as one: of equal keys, that of the first one.
cursor_ptr make_merged_cursor(std::vector<cursor_ptr> of);

} // namespace cohort::kv::rocks
