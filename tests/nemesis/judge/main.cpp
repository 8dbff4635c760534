// cohort-judge: whether what clients saw could have happened one operation at
// a time. Reads histories as history_text.hpp describes them.
#include "history_text.hpp"

#include "testkit/history/linearizability.hpp"

#include <fmt/core.h>

#include <array>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>

namespace {

using namespace cohort;

constexpr int exit_linearizable = 0;
constexpr int exit_impossible = 1;
constexpr int exit_no_history = 2; ///< wrong command line or file
constexpr int exit_unknown = 3;    ///< too much is open at the same time

/// Longer files are to be judged in parts.
constexpr std::size_t file_bytes_max = std::size_t{4} << 30;

/// So much open on a key, and the answer is never unknown (see
/// history::check_options).
constexpr std::size_t open_max = 8;

result<std::string> read_file(const char* path) {
  std::ifstream file{path, std::ios::binary | std::ios::ate};
  if (!file)
    return {errc::not_found, "cannot be opened"};
  const auto size = file.tellg();
  if (size < 0 || static_cast<std::size_t>(size) > file_bytes_max)
    return {errc::too_large, "is too long"};
  std::string text(static_cast<std::size_t>(size), '\0');
  file.seekg(0);
  if (!file.read(text.data(), size))
    return {errc::io_failed, "cannot be read"};
  return text;
}

std::string counts(const std::vector<history::operation>& operations) {
  std::array<std::size_t, 4> of{};
  for (const auto& op : operations)
    ++of[static_cast<std::size_t>(op.ended)];
  return fmt::format(
    "{} operations: {} completed, {} refused, {} unknown, "
    "{} failed",
    operations.size(), of[0], of[1], of[2], of[3]);
}

int pass_verdict(const char* path) {
  const auto fail = [&](const error& why) {
    fmt::print(stderr, "{}: {}\n", path, to_string(why));
    return exit_no_history;
  };
  const auto text = read_file(path);
  if (!text)
    return fail(text.err());
  const auto operations = judge::parse_history(*text);
  if (!operations)
    return fail(operations.err());
  const auto open = judge::most_open(*operations);
  const auto found = history::check(*operations);
  if (!found)
    return fail(found.err());
  fmt::print(
    "{}\nat most {} open at the same time on a key, and {} "
    "configurations\n",
    counts(*operations), open.most, found->configurations);
  if (found->is == history::answer::impossible) {
    fmt::print("IMPOSSIBLE: {}\n", found->why->text);
    return exit_impossible;
  }
  if (found->is == history::answer::unknown || open.most > open_max) {
    fmt::print("UNKNOWN: on key {} more than {} were open\n", open.key,
               open_max);
    return exit_unknown;
  }
  fmt::print("linearizable\n");
  return exit_linearizable;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: cohort-judge FILE\n");
    return exit_no_history;
  }
  try {
    return pass_verdict(argv[1]);
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}: {}\n", argv[1], e.what());
    return exit_no_history;
  }
}
