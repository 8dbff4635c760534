// Variants of an input, for runs without libFuzzer.
#pragma once

#include "core/rng.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace cohort::fuzz {

namespace detail {

/// One change of `x`, which is not empty.
inline void change_once(std::string& x, std::string_view other, rng& random) {
  constexpr unsigned char edges[] = {0, 1, 0x7f, 0x80, 0xff};
  const auto at = static_cast<std::size_t>(random.below(x.size()));
  const auto count = static_cast<std::size_t>(
    random.between(1, std::min<std::size_t>(x.size() - at, 32)));
  switch (random.below(8)) {
    case 0:
    case 1:
      x[at] = static_cast<char>(x[at] ^ 1 << random.below(8));
      break;
    case 2:
      x[at] = static_cast<char>(random.next());
      break;
    case 3:
      x[at] = static_cast<char>(edges[random.below(std::size(edges))]);
      break;
    case 4: // cut
      if (random.below(2) == 0)
        x.resize(at);
      else
        x.erase(at, count);
      break;
    case 5: // repeat
      x.insert(at, x.substr(at, count));
      break;
    case 6: // splice
      if (!other.empty())
        x.replace(
          at, x.size() - at,
          other.substr(static_cast<std::size_t>(random.below(other.size()))));
      break;
    default: // a small number, or its change
      x[at] =
        static_cast<char>(x[at] + 1 - 2 * static_cast<int>(random.below(2)));
      break;
  }
}

} // namespace detail

/// A variant of `from`, with one change or a few; parts may come from `other`.
inline std::string variant_of(std::string from, std::string_view other,
                              rng& random) {
  for (auto n = random.between(1, 5); n > 0 && !from.empty(); --n)
    detail::change_once(from, other, random);
  return from;
}

} // namespace cohort::fuzz
