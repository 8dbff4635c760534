// Patterns of KEYS and SCAN.
#pragma once

#include <string_view>

namespace cohort::kv {

/// Whether `text` matches `pattern` as in Redis: *, ?, [a-c], [^a], and
/// \ before a character that is meant literally. Takes at most pattern x text
/// steps.
bool matches_glob(std::string_view pattern, std::string_view text);

} // namespace cohort::kv
