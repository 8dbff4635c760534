#include "machine/kv/memory_cut.hpp"

#include <algorithm>

namespace cohort::kv {

namespace {

/// Written or passed by one call of next(), so that it stays below 200 us.
constexpr int positions_at_once = 256;

constexpr int keys_freed_at_once = 500;

} // namespace

void memory_cut::changed(const generation& of, std::uint64_t position,
                         std::string_view key, const record_ref& old) {
  if (&of == of_.get() && position >= walked_)
    before_.try_emplace({position, std::string{key}}, old);
}

bool memory_cut::take_next(std::deque<record_ref>& to) {
  const auto here = of_->keys().at_or_after(walked_);
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
    if (!x.what().due(header_.log_time_ms))
      to.push_back(std::move(x));
  walked_ = position + 1;
  return true;
}

/// Adds what changed keys of a position were before, and puts all in order.
void memory_cut::take_changed(std::uint64_t position,
                              std::vector<record_ref>& found) {
  while (!before_.empty() && before_.begin()->first.first == position) {
    if (before_.begin()->second)
      found.push_back(std::move(before_.begin()->second));
    before_.erase(before_.begin());
  }
  std::sort(found.begin(), found.end(),
            [](const auto& x, const auto& y) { return x.key() < y.key(); });
}

bool memory_cut::free_some() {
  for (int i = 0; i < keys_freed_at_once && !before_.empty(); ++i)
    before_.erase(before_.begin());
  return !before_.empty();
}

memory_snapshot::memory_snapshot(std::shared_ptr<memory_cut> cut)
  : cut_(std::move(cut)) {}

/// Writes as much of the first record as fits below `end`.
void memory_snapshot::write_some(std::string& chunk, std::size_t end) {
  const auto& first = queue_.front();
  const auto what = first.what();
  if (!head_written_)
    write_record_head(chunk, first.key(), what);
  head_written_ = true;
  const auto room = end - std::min(chunk.size(), end);
  const auto piece = what.value.substr(value_at_, room);
  chunk += piece;
  value_at_ += piece.size();
  if (value_at_ < what.value.size())
    return;
  queue_.pop_front();
  head_written_ = false;
  value_at_ = 0;
  ++count_;
}

bool memory_snapshot::next(std::string& chunk, std::size_t bytes_max) {
  const auto end = chunk.size() + std::max<std::size_t>(bytes_max, 1);
  if (!header_written_)
    write_header(chunk, cut_->header());
  header_written_ = true;
  for (int passed = 0; passed < positions_at_once && chunk.size() < end;) {
    if (!queue_.empty()) {
      write_some(chunk, end);
      continue;
    }
    if (!cut_->take_next(queue_)) {
      write_end(chunk, count_);
      return false;
    }
    ++passed;
  }
  return true;
}

} // namespace cohort::kv
