#include "machine/kv/evaluation.hpp"

#include "core/check.hpp"
#include "machine/kv/reply.hpp"
#include "machine/kv/topics.hpp"

#include <algorithm>

namespace cohort::kv {

std::optional<item> evaluation::find(std::string_view key) {
  auto found = store_.get(key);
  if (found && !visible(*found))
    return std::nullopt;
  return found;
}

bool evaluation::visible(const item& x) {
  if (x.due(options_.log_time_ms))
    return false;
  met_due_key_ = met_due_key_ || x.due(options_.now_ms);
  return true;
}

void evaluation::put(std::string_view key, std::string_view value,
                     std::int64_t expires_ms) {
  COHORT_CHECK(options_.change != 0);
  store_.put(key, {value, expires_ms, options_.change});
}

bool evaluation::erase(std::string_view key) {
  COHORT_CHECK(options_.change != 0);
  return find(key).has_value() && store_.erase(key);
}

void evaluation::run(const command& x) {
  const auto begin = out_.size();
  dispatch(x);
  if (x.what == op::exec) {
    // Each command in it saw to its own reply. What only reads can be asked
    // again as a whole.
    if (had_no_room_ && begin > 0 && reads_only(x))
      out_.replace(begin, std::string::npos, no_room_reply);
    return;
  }
  if (!reply_is_too_large())
    return;
  const bool alone = out_.size() - begin > replies_bytes_max;
  out_.resize(begin);
  if (!reads_only(x))
    return reply::error(out_, "ERR carried out, but the reply is too large");
  if (alone)
    return reply::error(out_, "ERR the reply is too large");
  had_no_room_ = true;
  out_ += no_room_reply;
}

void evaluation::dispatch(const command& x) {
  switch (x.what) {
    case op::get:
      return topics::get(*this, x);
    case op::set:
      return topics::set(*this, x);
    case op::getdel:
      return topics::getdel(*this, x);
    case op::getex:
      return topics::getex(*this, x);
    case op::mget:
      return topics::mget(*this, x);
    case op::mset:
      return topics::mset(*this, x);
    case op::append:
      return topics::append(*this, x);
    case op::strlen:
      return topics::strlen(*this, x);
    case op::incr_by:
      return topics::incr_by(*this, x);
    case op::incr_by_float:
      return topics::incr_by_float(*this, x);
    case op::getrange:
      return topics::getrange(*this, x);
    case op::setrange:
      return topics::setrange(*this, x);
    case op::lcs:
      return topics::lcs(*this, x);
    case op::del:
      return topics::del(*this, x);
    case op::exists:
    case op::touch:
      return topics::exists(*this, x);
    case op::type:
      return topics::type(*this, x);
    case op::rename:
      return topics::rename(*this, x);
    case op::copy:
      return topics::copy(*this, x);
    case op::expire:
      return topics::expire(*this, x);
    case op::persist:
      return topics::persist(*this, x);
    case op::ttl:
      return topics::ttl(*this, x);
    case op::scan:
      return topics::scan(*this, x);
    case op::randomkey:
      return topics::randomkey(*this, x);
    case op::dbsize:
      return topics::dbsize(*this, x);
    case op::flush:
      return topics::flush(*this, x);
    case op::changed:
      return topics::changed(*this, x);
    case op::literal:
      out_ += x.value;
      return;
    case op::exec:
      return topics::exec(*this, x);
  }
}

bool concerns_all_keys(const command& x) {
  switch (x.what) {
    case op::scan:
    case op::randomkey:
    case op::dbsize:
      return true;
    case op::exec:
      return std::any_of(x.nested.begin(), x.nested.end(), concerns_all_keys);
    default:
      return false;
  }
}

} // namespace cohort::kv
