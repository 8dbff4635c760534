#include "codec/kv_commands.hpp"

#include <algorithm>

namespace cohort::kv {

namespace {

bool names_key(op what) {
  return what == op::rename || what == op::copy || what == op::lcs;
}

} // namespace

const char* flaw_of(const command& x) {
  const auto value_max = names_key(x.what) ? key_bytes_max : value_bytes_max;
  if (x.key.size() > key_bytes_max)
    return "a key is too large";
  if (x.value.size() > value_max)
    return "a value is too large";
  const bool pairs = x.what == op::mset;
  if (pairs && x.more.size() % 2 != 0)
    return "a key without a value";
  for (std::size_t i = 0; i < x.more.size(); ++i)
    if (x.more[i].size()
        > (pairs && i % 2 == 1 ? value_bytes_max : key_bytes_max))
      return "an argument is too large";
  return nullptr;
}

bool reads_only(const command& x) {
  switch (x.what) {
    case op::get:
    case op::mget:
    case op::strlen:
    case op::getrange:
    case op::lcs:
    case op::exists:
    case op::touch:
    case op::type:
    case op::ttl:
    case op::scan:
    case op::randomkey:
    case op::dbsize:
    case op::changed:
    case op::literal:
      return true;
    case op::getex:
      return !x.has(flag::expiry_relative | flag::expiry_absolute
                    | flag::persist);
    case op::exec:
      return std::all_of(x.nested.begin(), x.nested.end(), reads_only);
    case op::set:
    case op::getdel:
    case op::mset:
    case op::append:
    case op::incr_by:
    case op::incr_by_float:
    case op::setrange:
    case op::del:
    case op::rename:
    case op::copy:
    case op::expire:
    case op::persist:
    case op::flush:
      break;
  }
  return false;
}

} // namespace cohort::kv
