// Parts of strings.
#include "machine/kv/reply.hpp"
#include "machine/kv/topics.hpp"

#include <algorithm>

namespace cohort::kv::topics {

namespace {

std::string_view value_of(const std::optional<item>& x) {
  return x ? x->value : std::string_view{};
}

std::int64_t expiry_of(const std::optional<item>& x) {
  return x ? x->expires_ms : never;
}

std::int64_t length_of(std::string_view x) {
  return static_cast<std::int64_t>(x.size());
}

} // namespace

void append(evaluation& e, const command& x) {
  const auto old = e.find(x.key);
  if (value_of(old).size() + x.value.size() > value_bytes_max)
    return reply::error(e.out(), value_too_large);
  std::string value;
  value.reserve(value_of(old).size() + x.value.size());
  value += value_of(old);
  value += x.value;
  e.put(x.key, value, expiry_of(old));
  reply::integer(e.out(), length_of(value));
}

void strlen(evaluation& e, const command& x) {
  reply::integer(e.out(), length_of(value_of(e.find(x.key))));
}

/// Both ends count; negative ones from the end of the value.
void getrange(evaluation& e, const command& x) {
  const auto found = e.find(x.key);
  const auto value = value_of(found);
  const auto length = length_of(value);
  auto first = x.number;
  auto last = x.number2;
  if (first < 0 && last < 0 && first > last)
    return reply::bulk(e.out(), {});
  first = std::max<std::int64_t>(first < 0 ? first + length : first, 0);
  last = std::max<std::int64_t>(last < 0 ? last + length : last, 0);
  last = std::min(last, length - 1);
  if (first > last)
    return reply::bulk(e.out(), {});
  reply::bulk(e.out(),
              value.substr(static_cast<std::size_t>(first),
                           static_cast<std::size_t>(last - first + 1)));
}

/// Bytes between the old end and the offset become 0.
void setrange(evaluation& e, const command& x) {
  if (x.number < 0)
    return reply::error(e.out(), "ERR offset is out of range");
  const auto old = e.find(x.key);
  if (x.value.empty())
    return reply::integer(e.out(), length_of(value_of(old)));
  if (x.number > static_cast<std::int64_t>(value_bytes_max)
      || static_cast<std::size_t>(x.number) + x.value.size() > value_bytes_max)
    return reply::error(e.out(), value_too_large);
  const auto offset = static_cast<std::size_t>(x.number);
  std::string value{value_of(old)};
  value.resize(std::max(value.size(), offset + x.value.size()));
  value.replace(offset, x.value.size(), x.value);
  e.put(x.key, value, expiry_of(old));
  reply::integer(e.out(), length_of(value));
}

} // namespace cohort::kv::topics
