// Replies of one connection, in the order of its requests (K3). Pure.
#pragma once

#include "core/check.hpp"
#include "resp/reply_writer.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::resp {

/// How a client wants the reply to one request: as it spoke when it asked.
struct reply_form {
  protocol spoken = protocol::resp2;
  null_style style = null_style::string;
  bool silent = false; ///< CLIENT REPLY OFF or SKIP
};

/// Appends a RESP3 reply in the wanted form.
inline void append_reply(const reply_form& form, std::string_view reply,
                         std::string& out) {
  if (form.silent)
    return;
  if (form.spoken == protocol::resp3)
    out += reply;
  else
    to_resp2(reply, form.style, out);
}

/// Requests get places in order; replies come in any order and leave in that of
/// the places. A reply that comes in order is not kept, so that nothing is
/// allocated for it.
class reply_queue {
public:
  using place = std::uint64_t;

  /// A place behind all others.
  place reserve(const reply_form& form) {
    if (size_ == slots_.size())
      grow();
    auto& x = slots_[(head_ + size_++) & (slots_.size() - 1)];
    x.form = form;
    x.filled = false;
    return first_ + size_ - 1;
  }

  /// Takes the reply to a place: what can leave is appended to `out`.
  /// Precondition: the place is reserved and not filled.
  void fill(place at, std::string_view reply, std::string& out) {
    COHORT_CHECK(at >= first_ && at - first_ < size_);
    auto& x = slots_[(head_ + (at - first_)) & (slots_.size() - 1)];
    COHORT_CHECK(!x.filled);
    if (at == first_) {
      append_reply(x.form, reply, out);
      pop();
      return release(out);
    }
    append_reply(x.form, reply, x.text);
    held_bytes_ += x.text.size();
    x.filled = true;
  }

  /// Requests without a reply, or with one that has to wait.
  std::size_t size() const {
    return size_;
  }

  /// Of replies that have to wait for others.
  std::size_t held_bytes() const {
    return held_bytes_;
  }

private:
  struct slot {
    std::string text;
    reply_form form;
    bool filled = false;
  };

  void pop() {
    head_ = (head_ + 1) & (slots_.size() - 1);
    --size_;
    ++first_;
  }

  void release(std::string& out) {
    while (size_ > 0 && slots_[head_].filled) {
      auto text = std::exchange(slots_[head_].text, {});
      held_bytes_ -= text.size();
      out += text;
      pop();
    }
  }

  /// Keeps the number of slots a power of two.
  void grow() {
    std::vector<slot> more(slots_.empty() ? 4 : slots_.size() * 2);
    for (std::size_t i = 0; i < size_; ++i)
      more[i] = std::move(slots_[(head_ + i) & (slots_.size() - 1)]);
    slots_ = std::move(more);
    head_ = 0;
  }

  std::vector<slot> slots_; ///< a ring
  std::size_t head_ = 0;
  std::size_t size_ = 0;
  place first_ = 0; ///< the place at `head_`
  std::size_t held_bytes_ = 0;
};

} // namespace cohort::resp
