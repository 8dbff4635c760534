// Histories as text, one operation a line: what a client program writes and
// cohort-judge reads. Pure.
#pragma once

#include "core/result.hpp"
#include "testkit/history/operation.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace cohort::judge {

/// The first line of such a file.
inline constexpr std::string_view first_line = "cohort-history 1";

/// Of one operation; more is no history of ours.
inline constexpr std::size_t accesses_max = 64;

/// Behind the first line, each line is an operation, or empty, or a comment
/// that begins with '#':
///
///     CLIENT CALLED RETURNED OUTCOME ACCESS...
///
/// RETURNED is "-" where there was no answer; OUTCOME is completed, refused,
/// unknown or failed; an ACCESS is one of
///
///     read KEY RESULT
///     write KEY ARGUMENT
///     add KEY ARGUMENT RESULT
///     expect KEY ARGUMENT
///
/// where a result that nobody was told is "-". Words are separated by single
/// blanks, numbers are decimal.
///
/// `malformed`, with the number of the line.
result<std::vector<history::operation>> parse_history(std::string_view text);

/// The most operations that are open at the same time in one component of the
/// history (see history/partition.hpp), and which key is in it. Operations
/// without an answer stay open.
struct openness {
  std::size_t most = 0;
  history::key_id key = 0;
};
openness most_open(const std::vector<history::operation>& operations);

} // namespace cohort::judge
