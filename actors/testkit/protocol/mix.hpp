// Hashes of values: for states that must be equal, and to know a state again.
#pragma once

#include "replication/messages.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cohort::testkit::protocol {

/// A step of a hash over a sequence; the finalizer of SplitMix64. Two of 10^8
/// different states have the same 64 bits by an accident of 1 in 3,000.
constexpr std::uint64_t mixed(std::uint64_t hash, std::uint64_t x) {
  auto z = hash * 0xd1342543de82ef95 + x + 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

template <class Tag>
constexpr std::uint64_t mixed(std::uint64_t hash, strong_u64<Tag> x) {
  return mixed(hash, x.value);
}

constexpr std::uint64_t mixed(std::uint64_t hash, replication::log_position x) {
  return mixed(mixed(hash, x.term), x.index);
}

/// Several, in order.
template <class X, class Y, class... Rest>
constexpr std::uint64_t mixed(std::uint64_t hash, X x, Y y, Rest... rest) {
  return mixed(mixed(hash, x), y, rest...);
}

/// What nodes are called in a hash: two groups that differ in the names of
/// their nodes only have one hash, if each is named to look like the other.
class naming {
public:
  static constexpr std::size_t nodes_max = 3;

  /// The name of node 1, of node 2, and so on.
  constexpr explicit naming(std::array<std::uint64_t, nodes_max> names)
    : names_(names) {}

  /// Nobody, and nodes beyond, are called as they are.
  constexpr std::uint64_t operator()(node_id node) const {
    const auto i = node.value - 1;
    return i < nodes_max ? names_[i] : node.value;
  }

private:
  std::array<std::uint64_t, nodes_max> names_;
};

std::uint64_t digest(std::string_view text);
std::uint64_t digest(const replication::membership& x);
std::uint64_t digest(const replication::entry& x);
std::uint64_t digest(const replication::message& x);

} // namespace cohort::testkit::protocol
