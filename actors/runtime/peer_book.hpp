// Who may talk to this node (C2). Pure.
#pragma once

#include "codec/node_messages.hpp"
#include "codec/record_codec.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cohort::runtime {

using known_boot = codec::known_start;

/// Judges who says hello, and remembers the boot counters: a disk that was
/// copied or rolled back shows an older start, or the same with another nonce.
class peer_book {
public:
  /// `remembered` by incarnation, from an earlier life of this node.
  peer_book(std::vector<std::string> names,
            std::map<node_id, known_boot> remembered);

  /// Changes when the cluster is formed or joined.
  void own(hello who) {
    own_ = std::move(who);
  }
  const hello& own() const {
    return own_;
  }

  /// An incarnation that was replaced, or whose disk went back in time, never
  /// comes back.
  void bury(node_id incarnation);

  /// Nothing: welcome. Otherwise why not.
  std::optional<refusal> judge(const hello& who) const;

  /// A welcome peer; true if something is to be remembered that was not known.
  bool remember(const hello& who);

  const std::map<node_id, known_boot>& boots() const {
    return boots_;
  }

private:
  std::vector<std::string> names_;
  hello own_;
  std::map<node_id, known_boot> boots_;
  std::vector<node_id> buried_;
};

} // namespace cohort::runtime
