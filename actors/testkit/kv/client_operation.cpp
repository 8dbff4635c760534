#include "testkit/kv/client_operation.hpp"

#include <algorithm>
#include <array>

namespace cohort::testkit {

namespace {

using history::access;
using history::action;

/// Certainly without effect (K2).
constexpr std::array<std::string_view, 5> without_effect{
  "CLUSTERDOWN", "LOADING", "TRYAGAIN", "BUSY", "DISKFULL"};

bool is_read(const access& x) {
  return x.what == action::read;
}

bool has_no_effect(const redis_reply& x) {
  return std::find(without_effect.begin(), without_effect.end(), x.code())
         != without_effect.end();
}

} // namespace

bool client_operation::changes() const {
  return std::any_of(accesses.begin(), accesses.end(), [](const access& x) {
    return x.what == action::write || x.what == action::add;
  });
}

/// The last command is the one that counts, unless all of them only ask.
told client_operation::outcome(const std::vector<redis_reply>& replies) {
  const auto refused = [](const redis_reply& x) {
    return x.is(redis_reply::kind::error);
  };
  if (std::none_of(replies.begin(), replies.end(), refused))
    return take(replies, *this);
  const auto& last = replies.back();
  if (refused(last) && last.code() == "UNKNOWN")
    return told::in_doubt;
  if (refused(last) && last.code() == "REPLYLOST") {
    std::erase_if(accesses, is_read);
    return accesses.empty() ? told::wrong : told::done;
  }
  const bool ends = changes() ? refused(last) : true;
  const bool harmless =
    std::all_of(replies.begin(), replies.end(), [&](const redis_reply& x) {
      return !refused(x) || has_no_effect(x) || x.code() == "EXECABORT";
    });
  return ends && harmless ? told::nothing : told::wrong;
}

} // namespace cohort::testkit
