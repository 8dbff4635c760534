#include "kv_model.hpp"

#include "kv_driver.hpp"

#include <algorithm>

namespace cohort::kv::tests {

namespace {

constexpr auto any_expiry = flag::expiry_relative | flag::expiry_absolute;

/// What a failed conversion leaves; Redis numbers have one spelling only.
bool to_number(const std::string& text, std::int64_t& to) {
  try {
    to = std::stoll(text);
  } catch (const std::exception&) {
    return false;
  }
  return std::to_string(to) == text;
}

std::int64_t size_of(std::string_view x) {
  return static_cast<std::int64_t>(x.size());
}

} // namespace

void kv_model::advance(std::int64_t to_ms) {
  now_ms_ = to_ms;
  std::erase_if(keys_, [to_ms](const auto& x) {
    return x.second.expires_ms != 0 && x.second.expires_ms <= to_ms;
  });
}

kv_model::kept* kv_model::find(std::string_view key) {
  const auto at = keys_.find(std::string{key});
  return at == keys_.end() ? nullptr : &at->second;
}

std::string kv_model::value_of(std::string_view key) {
  const auto* found = find(key);
  return found ? found->value : std::string{};
}

std::int64_t kv_model::expiry_of(const command& x) const {
  if (x.has(flag::expiry_relative))
    return now_ms_ + x.number;
  return x.has(flag::expiry_absolute) ? x.number : 0;
}

void kv_model::put(std::string_view key, std::string value,
                   std::int64_t expires_ms) {
  keys_[std::string{key}] = {std::move(value), expires_ms};
  advance(now_ms_);
}

std::string kv_model::run(const command& x) {
  std::int64_t count = 0;
  switch (x.what) {
    case op::set:
      return set(x);
    case op::getex:
      return getex(x);
    case op::mset:
      return mset(x);
    case op::incr_by:
      return incr_by(x);
    case op::setrange:
      return setrange(x);
    case op::rename:
    case op::copy:
      return move(x);
    case op::expire:
    case op::persist:
      return expire(x);
    case op::getdel: {
      const auto* found = find(x.key);
      auto result = found ? bulk(found->value) : null;
      keys_.erase(std::string{x.key});
      return result;
    }
    case op::append: {
      const auto* found = find(x.key);
      const auto value = value_of(x.key) + std::string{x.value};
      put(x.key, value, found ? found->expires_ms : 0);
      return number(size_of(value));
    }
    case op::del:
      for (const auto key : x.more)
        count += static_cast<std::int64_t>(keys_.erase(std::string{key}));
      return number(count);
    case op::flush:
      keys_.clear();
      return ok;
    default:
      return read(x);
  }
}

std::string kv_model::read(const command& x) {
  const auto* found = find(x.key);
  std::int64_t count = 0;
  std::string many = "*" + std::to_string(x.more.size()) + "\r\n";
  switch (x.what) {
    case op::get:
      return found ? bulk(found->value) : null;
    case op::mget:
      for (const auto key : x.more)
        many += find(key) ? bulk(find(key)->value) : null;
      return many;
    case op::exists:
      for (const auto key : x.more)
        count += find(key) ? 1 : 0;
      return number(count);
    case op::strlen:
      return number(size_of(value_of(x.key)));
    case op::dbsize:
      return number(static_cast<std::int64_t>(keys_.size()));
    case op::type:
      return found ? "+string\r\n" : "+none\r\n";
    case op::ttl:
      if (!found)
        return number(-2);
      return number(found->expires_ms == 0 ? -1 : found->expires_ms - now_ms_);
    default:
      return getrange(x);
  }
}

std::string kv_model::set(const command& x) {
  if (x.has(any_expiry) && x.number <= 0)
    return "-ERR invalid expire time in 'set' command\r\n";
  const auto* old = find(x.key);
  const auto old_reply = old ? bulk(old->value) : null;
  const bool sets = !(old && x.has(flag::if_absent))
                    && !(!old && x.has(flag::if_present));
  auto expires_ms = expiry_of(x);
  if (old && x.has(flag::keep_expiry))
    expires_ms = old->expires_ms;
  if (sets)
    put(x.key, std::string{x.value}, expires_ms);
  if (x.has(flag::return_old))
    return old_reply;
  return sets ? ok : null;
}

std::string kv_model::getex(const command& x) {
  if (x.has(any_expiry) && x.number <= 0)
    return "-ERR invalid expire time in 'getex' command\r\n";
  if (!find(x.key))
    return null;
  const auto value = value_of(x.key);
  put(x.key, value, expiry_of(x));
  return bulk(value);
}

std::string kv_model::mset(const command& x) {
  bool sets = true;
  for (std::size_t i = 0; i < x.more.size(); i += 2)
    sets = sets && !(x.has(flag::if_absent) && find(x.more[i]));
  for (std::size_t i = 0; sets && i < x.more.size(); i += 2)
    put(x.more[i], std::string{x.more[i + 1]}, 0);
  return x.has(flag::if_absent) ? number(sets ? 1 : 0) : ok;
}

std::string kv_model::incr_by(const command& x) {
  const auto* old = find(x.key);
  std::int64_t value = 0;
  if (old && !to_number(old->value, value))
    return "-ERR value is not an integer or out of range\r\n";
  if (__builtin_add_overflow(value, x.number, &value))
    return "-ERR increment or decrement would overflow\r\n";
  put(x.key, std::to_string(value), old ? old->expires_ms : 0);
  return number(value);
}

std::string kv_model::getrange(const command& x) {
  const auto value = value_of(x.key);
  std::string result;
  const auto length = size_of(value);
  const auto place = [length](std::int64_t i) {
    return std::max<std::int64_t>(i < 0 ? i + length : i, 0);
  };
  if (x.number < 0 && x.number2 < 0 && x.number > x.number2)
    return bulk("");
  for (auto i = place(x.number); i <= place(x.number2) && i < length; ++i)
    result += value[static_cast<std::size_t>(i)];
  return bulk(result);
}

std::string kv_model::setrange(const command& x) {
  if (x.number < 0)
    return "-ERR offset is out of range\r\n";
  auto value = value_of(x.key);
  if (x.value.empty())
    return number(size_of(value));
  const auto* old = find(x.key);
  const auto offset = static_cast<std::size_t>(x.number);
  for (std::size_t i = 0; i < x.value.size(); ++i) {
    if (value.size() <= offset + i)
      value.resize(offset + i + 1);
    value[offset + i] = x.value[i];
  }
  put(x.key, value, old ? old->expires_ms : 0);
  return number(size_of(value));
}

/// RENAME and COPY.
std::string kv_model::move(const command& x) {
  const bool copies = x.what == op::copy;
  if (copies && x.key == x.value)
    return "-ERR source and destination objects are the same\r\n";
  const auto* from = find(x.key);
  if (!from)
    return copies ? zero : "-ERR no such key\r\n";
  const bool over = copies ? x.has(flag::replace) : !x.has(flag::if_absent);
  if (!over && find(x.value))
    return zero;
  const auto kept_before = *from;
  if (!copies)
    keys_.erase(std::string{x.key});
  put(x.value, kept_before.value, kept_before.expires_ms);
  return copies || x.has(flag::if_absent) ? one : ok;
}

/// EXPIRE and PERSIST.
std::string kv_model::expire(const command& x) {
  auto* found = find(x.key);
  if (!found)
    return zero;
  if (x.what == op::persist) {
    const bool had = found->expires_ms != 0;
    found->expires_ms = 0;
    return had ? one : zero;
  }
  const auto at_ms = x.has(flag::expiry_relative) ? now_ms_ + x.number
                                                  : x.number;
  const bool expires = found->expires_ms != 0;
  if ((x.has(flag::if_present) && !expires)
      || (x.has(flag::if_later) && !(expires && at_ms > found->expires_ms)))
    return zero;
  found->expires_ms = std::max<std::int64_t>(at_ms, 1); // 0 means never here
  advance(now_ms_);
  return one;
}

} // namespace cohort::kv::tests
