// The longest common subsequence of two values.
#include "machine/kv/reply.hpp"
#include "machine/kv/topics.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace cohort::kv::topics {

namespace {

/// Pairs of characters that one LCS may compare: 16 MiB of table, some 10 ms.
constexpr std::size_t lcs_cells_max = std::size_t{4} << 20;

/// A run of characters that both values have, [begin, end].
struct match {
  std::size_t a_begin = 0;
  std::size_t a_end = 0;
  std::size_t b_begin = 0;
  std::size_t b_end = 0;

  std::size_t length() const {
    return a_end - a_begin + 1;
  }
};

/// Lengths of the longest common subsequences of all pairs of prefixes.
class lcs_table {
public:
  lcs_table(std::string_view a, std::string_view b)
    : columns_(b.size() + 1),
      cells_((a.size() + 1) * columns_) {
    for (std::size_t i = 1; i <= a.size(); ++i)
      for (std::size_t j = 1; j <= b.size(); ++j)
        cell(i, j) = a[i - 1] == b[j - 1]
                       ? at(i - 1, j - 1) + 1
                       : std::max(at(i - 1, j), at(i, j - 1));
  }

  std::uint32_t at(std::size_t i, std::size_t j) const {
    return cells_[i * columns_ + j];
  }

private:
  std::uint32_t& cell(std::size_t i, std::size_t j) {
    return cells_[i * columns_ + j];
  }

  std::size_t columns_;
  std::vector<std::uint32_t> cells_;
};

struct common {
  std::string text;
  std::vector<match> matches; ///< the last one first, as Redis lists them
};

/// Walks back from the ends of both, as Redis does, so that where several
/// subsequences are as long the same one is found.
common walk_back(std::string_view a, std::string_view b,
                 const lcs_table& table) {
  common result;
  bool in_run = false;
  for (auto i = a.size(), j = b.size(); i > 0 && j > 0;) {
    if (a[i - 1] == b[j - 1]) {
      --i;
      --j;
      result.text += a[i];
      if (in_run) {
        result.matches.back().a_begin = i;
        result.matches.back().b_begin = j;
      } else {
        result.matches.push_back({i, i, j, j});
      }
      in_run = true;
      continue;
    }
    in_run = false;
    if (table.at(i - 1, j) > table.at(i, j - 1))
      --i;
    else
      --j;
  }
  std::reverse(result.text.begin(), result.text.end());
  return result;
}

void range(std::string& to, std::size_t begin, std::size_t end) {
  reply::array(to, 2);
  reply::integer(to, static_cast<std::int64_t>(begin));
  reply::integer(to, static_cast<std::int64_t>(end));
}

void answer_matches(std::string& to, const command& x, const common& found) {
  const auto length_min = std::max<std::int64_t>(x.number, 0);
  const bool with_length = x.has(flag::lcs_match_length);
  const auto is_long = [length_min](const match& m) {
    return static_cast<std::int64_t>(m.length()) >= length_min;
  };
  reply::map(to, 2);
  reply::bulk(to, "matches");
  reply::array(to, static_cast<std::size_t>(std::count_if(
                     found.matches.begin(), found.matches.end(), is_long)));
  for (const auto& m : found.matches) {
    if (!is_long(m))
      continue;
    reply::array(to, with_length ? 3 : 2);
    range(to, m.a_begin, m.a_end);
    range(to, m.b_begin, m.b_end);
    if (with_length)
      reply::integer(to, static_cast<std::int64_t>(m.length()));
  }
  reply::bulk(to, "len");
  reply::integer(to, static_cast<std::int64_t>(found.text.size()));
}

std::string value_of(evaluation& e, std::string_view key) {
  const auto found = e.find(key);
  return std::string{found ? found->value : std::string_view{}};
}

} // namespace

void lcs(evaluation& e, const command& x) {
  const auto a = value_of(e, x.key);
  const auto b = value_of(e, x.value);
  if ((a.size() + 1) * (b.size() + 1) > lcs_cells_max)
    return reply::error(e.out(),
                        "ERR Insufficient memory, transient memory for LCS "
                        "exceeds proto-max-bulk-len");
  const lcs_table table{a, b};
  if (x.has(flag::lcs_length))
    return reply::integer(e.out(), table.at(a.size(), b.size()));
  const auto found = walk_back(a, b, table);
  if (x.has(flag::lcs_matches))
    answer_matches(e.out(), x, found);
  else
    reply::bulk(e.out(), found.text);
}

} // namespace cohort::kv::topics
