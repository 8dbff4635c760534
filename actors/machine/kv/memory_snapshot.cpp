#include "machine/kv/memory_snapshot.hpp"

#include <algorithm>
#include <utility>

namespace cohort::kv {

namespace {

/// Written or passed by one call of next(), so that it stays below 200 us.
constexpr int positions_at_once = 256;

} // namespace

memory_snapshot::memory_snapshot(std::shared_ptr<trie_cut> cut,
                                 const snapshot_header& header)
  : cut_(std::move(cut)),
    header_(header) {}

/// Writes as much of the first record as fits below `end`.
void memory_snapshot::write_some(std::string& chunk, std::size_t end) {
  const auto& first = queue_.front().what;
  const auto what = first.what();
  if (what.due(header_.log_time_ms))
    return queue_.pop_front();
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
    write_header(chunk, header_);
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
