// Times.
#include "resp/translations.hpp"

#include <limits>
#include <string>

namespace cohort::resp::translations {

using namespace kv::flag;

namespace {

constexpr auto time_max = std::numeric_limits<std::int64_t>::max();

/// Later than any log time (the year 2248), so that adding to log time does not
/// overflow.
constexpr std::int64_t log_time_ms_max = std::int64_t{1} << 43;

} // namespace

void refuse_expiry(translation& to) {
  to.refuse("ERR invalid expire time in '" + std::string{to.info->name}
            + "' command");
}

bool set_expiry(std::int64_t number, time_unit unit, std::uint32_t how,
                translation& to) {
  const std::int64_t factor = unit == time_unit::seconds ? 1000 : 1;
  const auto max = how == expiry_relative ? time_max - log_time_ms_max
                                          : time_max;
  if (number > max / factor || number < -(time_max / factor)) {
    refuse_expiry(to);
    return false;
  }
  to.what.number = number * factor;
  to.what.flags |= how;
  return true;
}

/// EXPIRE key time [NX | XX | GT | LT] and its like. A time that has passed
/// deletes the key.
void expire(args words, time_unit unit, std::uint32_t how, translation& to) {
  to.what.what = kv::op::expire;
  auto& flags = to.what.flags;
  for (std::size_t i = 3; i < words.size(); ++i) {
    if (same_word(words[i], "nx"))
      flags |= if_absent;
    else if (same_word(words[i], "xx"))
      flags |= if_present;
    else if (same_word(words[i], "gt"))
      flags |= if_later;
    else if (same_word(words[i], "lt"))
      flags |= if_sooner;
    else
      return to.refuse("ERR Unsupported option " + std::string{words[i]});
  }
  if ((flags & if_absent) != 0
      && (flags & (if_present | if_later | if_sooner)) != 0)
    return to.refuse(
      "ERR NX and XX, GT or LT options at the same time are not compatible");
  if ((flags & if_later) != 0 && (flags & if_sooner) != 0)
    return to.refuse(
      "ERR GT and LT options at the same time are not compatible");
  std::int64_t number = 0;
  if (read_integer(words[2], number, to))
    set_expiry(number, unit, how, to);
}

} // namespace cohort::resp::translations
