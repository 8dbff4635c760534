// The keys that simulated clients fight for. Pure.
#pragma once

#include "core/rng.hpp"
#include "testkit/history/operation.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace cohort::testkit {

/// What is done with a key, or with two that belong together.
enum class item_kind : std::uint8_t { texts, counter, pair, accounts, own };

inline constexpr std::size_t item_kinds = 5;

struct client_item {
  item_kind kind = item_kind::texts;
  std::vector<history::key_id> keys; ///< one, or two
  unsigned open = 0;    ///< operations on their way, or in doubt forever
  unsigned unknown = 0; ///< in doubt

  /// For one more beside so many others.
  bool has_room(std::size_t others = 0) const;
};

using client_item_ptr = std::shared_ptr<client_item>;

/// Those in use, and all keys that ever were.
///
/// An operation without an answer stays in doubt forever, and a judge looks at
/// every order of those that are open on a key at the same time. So there are
/// at most 7, and one that reads all keys in the end; and an item that has a
/// few of them in doubt makes way for a new one.
class client_items {
public:
  explicit client_items(std::size_t of_kind);

  /// Different ones with room, at most so many.
  std::vector<client_item_ptr> draw(rng& random, std::size_t many) const;

  /// What only this client uses.
  client_item_ptr own_of(std::uint64_t client);

  /// An operation on it is over, in one way or the other.
  void end(const client_item_ptr& x, bool in_doubt);

  const std::vector<history::key_id>& keys() const {
    return keys_;
  }

private:
  client_item_ptr make(item_kind kind);

  std::vector<client_item_ptr> in_use_;
  std::map<std::uint64_t, client_item_ptr> own_; ///< by client
  std::vector<history::key_id> keys_;
};

/// As the server knows it.
std::string name_of(history::key_id key);

} // namespace cohort::testkit
