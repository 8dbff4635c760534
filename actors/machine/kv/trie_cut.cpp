#include "machine/kv/trie_cut.hpp"

#include <algorithm>

namespace cohort::kv {

namespace {

constexpr int keys_freed_at_once = 500;

} // namespace

void trie_cut::changed(const key_trie& of, std::uint64_t position,
                       std::string_view key, const record_ref& old) {
  if (&of == of_.get() && position >= walked_)
    before_.try_emplace({position, std::string{key}}, old);
}

bool trie_cut::take_next(std::deque<key_trie::entry>& to) {
  const auto here = of_->at_or_after(walked_);
  auto position = here.empty() ? position_end : here.front().position;
  if (!before_.empty())
    position = std::min(position, before_.begin()->first.first);
  if (position == position_end) {
    walked_ = position_end;
    return false;
  }
  std::vector<record_ref> found;
  const bool was_changed = !before_.empty()
                           && before_.begin()->first.first == position;
  for (const auto& x : here) {
    if (x.position != position)
      break;
    if (!was_changed
        || !before_.contains({position, std::string{x.what.key()}}))
      found.push_back(x.what);
  }
  if (was_changed)
    take_changed(position, found);
  for (auto& x : found)
    to.push_back({position, std::move(x)});
  walked_ = position + 1;
  return true;
}

/// Adds what changed keys of a position were before, and puts all in order.
void trie_cut::take_changed(std::uint64_t position,
                            std::vector<record_ref>& found) {
  while (!before_.empty() && before_.begin()->first.first == position) {
    if (before_.begin()->second)
      found.push_back(std::move(before_.begin()->second));
    before_.erase(before_.begin());
  }
  std::sort(found.begin(), found.end(),
            [](const auto& x, const auto& y) { return x.key() < y.key(); });
}

bool trie_cut::free_some() {
  for (int i = 0; i < keys_freed_at_once && !before_.empty(); ++i)
    before_.erase(before_.begin());
  return !before_.empty();
}

} // namespace cohort::kv
