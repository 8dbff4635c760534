// Numbers with decimals as people write them, the way Redis reads and prints
// them: INCRBYFLOAT.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cohort::kv {

/// Infinity included; nothing for what is no number, or longer than 5 KiB.
///
/// A long double, as in Redis. All replicas of a set must have the same one: it
/// is one processor architecture.
std::optional<long double> float_of(std::string_view text);

/// In fixed notation, 17 decimals, without trailing zeros. `x` is finite.
std::string float_text(long double x);

} // namespace cohort::kv
