#include "codec/kv_commands.hpp"

#include <algorithm>

namespace cohort::kv {

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
