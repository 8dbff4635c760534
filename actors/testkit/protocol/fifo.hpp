// A queue that costs nothing while it is empty, and little to copy.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace cohort::testkit::protocol {

/// First in, first out. Unlike std::deque it has no memory of its own before
/// the first push: whole groups of replicas are copied for each step of an
/// exploration.
template <class T>
class fifo {
public:
  bool empty() const {
    return head_ == items_.size();
  }
  std::size_t size() const {
    return items_.size() - head_;
  }
  void push(T x) {
    items_.push_back(std::move(x));
  }
  /// Precondition of this and the next two: not empty.
  const T& front() const {
    return items_[head_];
  }
  T& front() {
    return items_[head_];
  }
  T pop() {
    T result = std::move(items_[head_++]);
    if (empty())
      clear();
    else if (head_ >= slack_max && 2 * head_ >= items_.size())
      shrink();
    return result;
  }
  void clear() {
    items_.clear();
    head_ = 0;
  }

  auto begin() const {
    return items_.begin() + static_cast<std::ptrdiff_t>(head_);
  }
  auto end() const {
    return items_.end();
  }

private:
  /// What may lie before the head at least, before it is given back.
  static constexpr std::size_t slack_max = 32;

  void shrink() {
    items_.erase(items_.begin(), begin());
    head_ = 0;
  }

  std::vector<T> items_;
  std::size_t head_ = 0;
};

} // namespace cohort::testkit::protocol
