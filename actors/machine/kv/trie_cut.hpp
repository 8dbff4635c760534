// A consistent cut of a trie that goes on changing.
#pragma once

#include "machine/kv/garbage.hpp"
#include "machine/kv/key_trie.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::kv {

/// What a cut has to know while the trie it is of goes on changing.
///
/// Invariant: at positions >= walked(), the state of the cut is that of the
/// trie, but for the keys in `before_`.
class trie_cut : public garbage {
public:
  explicit trie_cut(std::shared_ptr<const key_trie> of) : of_(std::move(of)) {}

  /// Call before or after each change of `of`: `old` was under the key.
  void changed(const key_trie& of, std::uint64_t position, std::string_view key,
               const record_ref& old);

  /// Appends the records of the next position. False: there is no further
  /// position.
  bool take_next(std::deque<key_trie::entry>& to);

  bool free_some() override;

private:
  using place = std::pair<std::uint64_t, std::string>;

  void take_changed(std::uint64_t position, std::vector<record_ref>& found);

  std::shared_ptr<const key_trie> of_;
  std::uint64_t walked_ = 0; ///< all positions below were taken
  /// As of the cut, what was changed since; empty: the key was not there.
  std::map<place, record_ref> before_;
};

} // namespace cohort::kv
