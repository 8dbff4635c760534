// How nodes with empty disks become a cluster, once (C2). Pure.
#pragma once

#include "codec/node_messages.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace cohort::runtime {

/// What a node is, as its disk says. Without one the disk is empty.
struct cluster_identity {
  cluster_id cluster;
  node_id incarnation;
  /// The member whose place this incarnation took; `nobody`: none.
  node_id replaces;
  /// All members have an identity: from now on there may be votes.
  bool complete = false;
  /// This node drew the cluster's id, and sees to it that all have it.
  bool coordinator = false;
  /// Nodes that an operator left out of the formation.
  std::vector<std::string> without;

  bool operator==(const cluster_identity&) const = default;
};

struct forming_options {
  std::string own_name;
  std::vector<std::string> names; ///< all nodes of the topology, own included
  std::uint64_t topology = 0;     ///< fingerprint of nodes and sets
  cluster_id drawn; ///< random: what the cluster is called if this node forms
  std::uint64_t nonce = 0; ///< random: names this empty disk
};

/// Message from a node to another, by name.
struct forming_message {
  std::string to;
  std::variant<form_offer, form_answer, join_request> body;
};

struct forming_output {
  std::optional<cluster_identity> store; ///< then call stored()
  std::vector<forming_message> send;
  bool formed = false; ///< the identity is complete and durable
  std::vector<std::string> trace;
};

/// One node's part in forming. With an empty disk it waits until every listed
/// node answered. If all are empty, the one with the smallest name draws the
/// cluster's id, and all make it durable before anybody votes. If any belongs
/// to a formed cluster, this node was a member whose disk was wiped: it asks
/// for a new incarnation. Nobody forms alone unless an operator says so.
class forming {
public:
  forming(forming_options options, std::optional<cluster_identity> durable);

  void met(const hello& who);
  void lost(const std::string& name);
  void offered(const std::string& from, const form_offer& offer);
  void answered(const std::string& from, const form_answer& answer);
  void joined(const std::string& from, const join_reply& reply);
  /// An operator: form a cluster although these nodes are not there.
  void form_without(const std::vector<std::string>& names);
  /// What `store` asked for is durable.
  void stored();
  void tick();

  forming_output drain();

  const std::optional<cluster_identity>& identity() const {
    return identity_;
  }
  bool formed() const {
    return identity_ && identity_->complete;
  }
  /// Why this node is not part of a cluster yet, for people.
  std::string waiting_for() const;

private:
  bool takes_part(const std::string& name) const;
  node_id rank_of(const std::string& name) const;
  bool all_met() const;
  bool coordinates() const;
  bool cluster_exists() const;
  void consider();
  void offer_to(const std::string& name, bool complete);
  void ask_to_join(const std::string& name);
  void store(cluster_identity identity);

  forming_options options_;
  std::optional<cluster_identity> identity_; ///< durable
  std::optional<cluster_identity> storing_;
  std::map<std::string, hello> met_;
  std::map<std::string, node_id> takes_place_of_; ///< as each peer told it
  std::vector<std::string> without_;
  bool told_to_form_ = false;
  std::set<std::string> confirmed_; ///< their identity is durable
  forming_output out_;
};

} // namespace cohort::runtime
