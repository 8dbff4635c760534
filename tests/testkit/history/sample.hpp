// Histories of an atomic object, at random.
#pragma once

#include "sequential_model.hpp"

#include "core/rng.hpp"
#include "testkit/history/log_order.hpp"

namespace cohort::history {

enum class workload : std::uint8_t {
  registers,       ///< read, write
  counters,        ///< add with answer, read
  compare_and_set, ///< read, write, compare-and-set
  transactions,    ///< transfers that keep the sum of all keys, and reads
  mixed,           ///< any accesses of any keys at once
};

struct sample_options {
  workload kind = workload::registers;
  std::size_t operations = 6; ///< at least
  std::uint32_t clients = 3;  ///< each has one operation in flight
  std::uint32_t keys = 1;
  std::uint32_t open_max = 2; ///< operations on a key that time out
  std::uint32_t values = 0;   ///< that writes choose from; 0: each a new one
};

/// A history, and the order in which its operations took effect.
struct sample {
  std::vector<operation> operations;
  std::vector<std::optional<log_place>> places;
};

/// Precondition: open_max > 0 or clients > 0.
sample make_sample(rng& random, const sample_options& options);

} // namespace cohort::history
