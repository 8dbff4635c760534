#include "runtime/peer_book.hpp"

#include <algorithm>
#include <utility>

namespace cohort::runtime {

peer_book::peer_book(std::vector<std::string> names,
                     std::map<node_id, known_boot> remembered)
  : names_(std::move(names)),
    boots_(std::move(remembered)) {}

void peer_book::bury(node_id incarnation) {
  if (incarnation != nobody
      && std::find(buried_.begin(), buried_.end(), incarnation)
           == buried_.end())
    buried_.push_back(incarnation);
}

std::optional<refusal> peer_book::judge(const hello& who) const {
  if (who.oldest_version > newest_peer_version
      || who.newest_version < oldest_peer_version)
    return refusal{refusal_code::version,
                   own_.node + " speaks peer versions "
                     + std::to_string(oldest_peer_version) + " to "
                     + std::to_string(newest_peer_version) + ", " + who.node
                     + " " + std::to_string(who.oldest_version) + " to "
                     + std::to_string(who.newest_version)};
  if (who.cluster_name != own_.cluster_name)
    return refusal{refusal_code::other_cluster,
                   own_.node + " belongs to cluster '" + own_.cluster_name
                     + "', " + who.node + " to '" + who.cluster_name + "'"};
  if (std::find(names_.begin(), names_.end(), who.node) == names_.end())
    return refusal{refusal_code::unknown_node,
                   own_.node + " knows no node '" + who.node
                     + "': is it in its topology file?"};
  if (who.cluster.formed() && own_.cluster.formed()
      && who.cluster != own_.cluster)
    return refusal{refusal_code::other_cluster,
                   own_.node + " is of cluster " + to_string(own_.cluster)
                     + ", " + who.node + " of " + to_string(who.cluster)
                     + ": one of the disks belongs elsewhere"};
  if (std::find(buried_.begin(), buried_.end(), who.incarnation)
      != buried_.end())
    return refusal{refusal_code::tombstone,
                   who.node + " was replaced, or its disk went back in time: "
                     + "its incarnation " + to_string(who.incarnation)
                     + " is over. Empty its data directory to join anew"};
  const auto known = boots_.find(who.incarnation);
  if (who.incarnation != nobody && known != boots_.end()
      && (who.boot < known->second.boot
          || (who.boot == known->second.boot
              && who.boot_nonce != known->second.nonce)))
    return refusal{refusal_code::rolled_back,
                   own_.node + " remembers start "
                     + std::to_string(known->second.boot) + " of " + who.node
                     + ", which now shows start " + std::to_string(who.boot)
                     + ": its disk was rolled back or copied. Empty its data "
                       "directory to join anew"};
  return std::nullopt;
}

bool peer_book::remember(const hello& who) {
  // A node that is being formed has not begun to count its starts.
  if (who.incarnation == nobody || who.boot == 0)
    return false;
  auto& known = boots_[who.incarnation];
  if (who.boot <= known.boot)
    return false;
  known = {who.boot, who.boot_nonce};
  return true;
}

} // namespace cohort::runtime
