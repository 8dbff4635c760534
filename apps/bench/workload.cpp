#include "bench/workload.hpp"

#include "core/check.hpp"

namespace cohort::bench {

namespace {

/// How many places in the pool a value may begin at.
constexpr std::size_t value_places = 4096;

} // namespace

workload::workload(const options& x) : options_(x), rng_(x.seed) {
  COHORT_CHECK(x.keys > 0 && x.keys <= keys_max);
  pool_.resize(value_places + x.value_bytes);
  for (auto& byte : pool_)
    byte = static_cast<char>(rng_.next());
}

std::optional<operation> workload::next() {
  if (options_.limit != 0 && dealt_ == options_.limit)
    return std::nullopt;
  const auto number = options_.order == key_order::uniform
                        ? rng_.below(options_.keys)
                        : dealt_ % options_.keys;
  ++dealt_;
  operation result{options_.kind, key_of(number), {}};
  if (options_.kind == operation_kind::set)
    result.value = {pool_.data() + rng_.below(value_places),
                    options_.value_bytes};
  return result;
}

std::array<char, key_bytes> key_of(std::uint64_t number) {
  COHORT_CHECK(number < workload::keys_max);
  std::array<char, key_bytes> result{'k', 'e', 'y', ':'};
  for (std::size_t i = key_bytes; i > 4; --i) {
    result[i - 1] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
  return result;
}

} // namespace cohort::bench
