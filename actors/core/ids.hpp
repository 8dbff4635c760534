// Identifiers and positions. Each is a type of its own: two numbers of the same
// width that mean different things never mix silently.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace cohort {

/// A 64-bit number that only compares with its own kind. Values copy.
template <class Tag>
struct strong_u64 {
  std::uint64_t value = 0;

  constexpr strong_u64() = default;
  constexpr explicit strong_u64(std::uint64_t x) : value(x) {}

  constexpr auto operator<=>(const strong_u64&) const = default;

  constexpr strong_u64 next() const {
    return strong_u64{value + 1};
  }

  /// Precondition: value > 0.
  constexpr strong_u64 prev() const {
    return strong_u64{value - 1};
  }

  constexpr strong_u64 operator+(std::uint64_t n) const {
    return strong_u64{value + n};
  }

  /// Precondition: value >= other.value.
  constexpr std::uint64_t operator-(strong_u64 other) const {
    return value - other.value;
  }

  strong_u64& operator++() {
    ++value;
    return *this;
  }
};

template <class Tag>
std::string to_string(strong_u64<Tag> x) {
  return std::to_string(x.value);
}

/// The period of one primary, counted from 1; 0 is "before the first".
using term_t = strong_u64<struct term_tag>;

/// A position in a replicated log, counted from 1; 0 is "before the first".
using index_t = strong_u64<struct index_tag>;

/// The version of a set's configuration, counted from 1.
using epoch_t = strong_u64<struct epoch_tag>;

/// A replica set. 0 is `meta`; an id is never used again.
using set_id = strong_u64<struct set_tag>;

/// A node in one incarnation. Incarnations are minted by committed entries of
/// `meta` and unique in the whole cluster, so the incarnation alone names
/// (node, incarnation): a node whose disk was wiped comes back as another
/// node_id, and nothing it promised before is counted for it. 0 is "nobody".
using node_id = strong_u64<struct node_tag>;

/// Says which write request precedes which: handed out in order, and reported
/// back once everything up to it is durable.
using ticket_t = strong_u64<struct ticket_tag>;

inline constexpr set_id meta_set{0};
inline constexpr node_id nobody{0};

/// The place of an entry in the life of a set. Read-your-writes, WAIT, WATCH
/// and staleness all use this one value.
struct token {
  epoch_t epoch;
  term_t term;
  index_t index;

  auto operator<=>(const token&) const = default;
};

/// Random, drawn once when a cluster is formed. All zero: not formed.
struct cluster_id {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  auto operator<=>(const cluster_id&) const = default;

  bool formed() const {
    return high != 0 || low != 0;
  }
};

/// 32 hexadecimal digits.
std::string to_string(const cluster_id& id);

} // namespace cohort

template <class Tag>
struct std::hash<cohort::strong_u64<Tag>> {
  std::size_t operator()(cohort::strong_u64<Tag> x) const noexcept {
    return std::hash<std::uint64_t>{}(x.value);
  }
};
