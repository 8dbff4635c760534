// Things to do later.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

namespace cohort::bench {

/// Events with the time they are due at, in nanoseconds of the caller's clock.
/// Events of the same time keep the order they were added in.
template <class Event>
class timers {
public:
  void add(std::int64_t due_ns, Event event) {
    queue_.push({due_ns, added_++, std::move(event)});
  }

  /// When the earliest is due, if there is one.
  std::optional<std::int64_t> next_ns() const {
    if (queue_.empty())
      return std::nullopt;
    return queue_.top().due_ns;
  }

  /// Takes out the earliest if it is due by now.
  std::optional<Event> take_due(std::int64_t now_ns) {
    if (queue_.empty() || queue_.top().due_ns > now_ns)
      return std::nullopt;
    auto result = queue_.top().event;
    queue_.pop();
    return result;
  }

private:
  struct entry {
    std::int64_t due_ns;
    std::uint64_t number;
    Event event;

    bool operator<(const entry& other) const {
      // The queue puts its largest element first.
      return std::pair{other.due_ns, other.number} < std::pair{due_ns, number};
    }
  };

  std::priority_queue<entry> queue_;
  std::uint64_t added_ = 0;
};

} // namespace cohort::bench
