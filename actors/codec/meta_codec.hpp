// Lists of commands for machines that take them one by one, and what the meta
// set's machine is told and tells.
#pragma once

#include "core/bytes.hpp"
#include "core/frame.hpp"
#include "core/ids.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cohort {

/// Gives a node that comes with an empty disk a new incarnation.
struct mint_command {
  std::string node;
  std::uint64_t nonce = 0;
  /// What the node had when it asked; nobody: not known. A request that comes
  /// late must not end the incarnation of a later life.
  node_id replaces{};
};

/// Ends an incarnation whose disk went back in time (C2).
struct bury_command {
  node_id incarnation;
};

using meta_command = std::variant<mint_command, bury_command>;

struct meta_reply {
  node_id incarnation;
  node_id replaces;    ///< buried from now on
  std::string refused; ///< not empty: nothing was changed, and why
};

/// What the meta set knows of the cluster's nodes (C1).
struct meta_state {
  struct node {
    node_id incarnation;
    std::uint64_t nonce = 0; ///< of the last mint; 0: from the formation
    node_id replaced;

    bool operator==(const node&) const = default;
  };

  std::map<std::string, node> nodes;
  node_id last_incarnation;
  std::vector<node_id> buried;

  bool operator==(const meta_state&) const = default;
};

namespace codec {

frame encode_list(const std::vector<std::string>& commands);

/// The commands alias the list.
result<std::vector<bytes>> decode_list(const bytes& list);

std::string encode(const meta_command& x);
result<meta_command> decode_meta_command(std::string_view from);

std::string encode(const meta_reply& x);
result<meta_reply> decode_meta_reply(std::string_view from);

std::string encode(const meta_state& x);
result<meta_state> decode_meta_state(std::string_view from);

} // namespace codec

} // namespace cohort
