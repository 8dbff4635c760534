#include "runtime/forming.hpp"

#include "core/check.hpp"

#include <algorithm>
#include <utility>

namespace cohort::runtime {

forming::forming(forming_options options,
                 std::optional<cluster_identity> durable)
  : options_(std::move(options)),
    identity_(std::move(durable)) {
  if (identity_)
    without_ = identity_->without;
  std::sort(options_.names.begin(), options_.names.end());
  out_.formed = formed();
  consider();
}

// -- who takes part -----------------------------------------------------------

bool forming::takes_part(const std::string& name) const {
  return std::find(without_.begin(), without_.end(), name) == without_.end();
}

/// At the formation, incarnations are numbered by name. Nodes that were left
/// out have their number reserved.
node_id forming::rank_of(const std::string& name) const {
  const auto at = std::lower_bound(options_.names.begin(), options_.names.end(),
                                   name);
  COHORT_CHECK(at != options_.names.end() && *at == name);
  return node_id{static_cast<std::uint64_t>(at - options_.names.begin()) + 1};
}

bool forming::all_met() const {
  return std::all_of(
    options_.names.begin(), options_.names.end(), [&](const auto& name) {
      if (name == options_.own_name || !takes_part(name))
        return true;
      const auto peer = met_.find(name);
      return peer != met_.end() && peer->second.topology == options_.topology;
    });
}

/// The smallest name draws the id; an operator's word moves that to where it
/// was given.
bool forming::coordinates() const {
  if (identity_)
    return identity_->coordinator;
  return told_to_form_ || options_.names.front() == options_.own_name;
}

bool forming::cluster_exists() const {
  return std::any_of(met_.begin(), met_.end(), [](const auto& x) {
    return x.second.cluster.formed() && x.second.formed;
  });
}

// -- what happens -------------------------------------------------------------

void forming::met(const hello& who) {
  met_[who.node] = who;
  if (who.topology != options_.topology && !formed() && !who.formed)
    out_.trace.push_back("the topology files of " + options_.own_name + " and "
                         + who.node
                         + " differ in their nodes or sets: make them equal");
  consider();
}

void forming::lost(const std::string& name) {
  met_.erase(name);
}

void forming::consider() {
  if (storing_ || formed())
    return;
  if (identity_) {
    // A peer knows that all were ready: so are we.
    for (const auto& [name, who] : met_)
      if (who.formed && who.cluster == identity_->cluster) {
        auto complete = *identity_;
        complete.complete = true;
        return store(complete);
      }
    return;
  }
  if (cluster_exists())
    return; // tick() asks to join
  const bool all_empty =
    std::none_of(met_.begin(), met_.end(),
                 [](const auto& x) { return x.second.cluster.formed(); });
  if (all_met() && all_empty && coordinates())
    store({options_.drawn, rank_of(options_.own_name), nobody,
           options_.names.size() == without_.size() + 1, true, without_});
}

void forming::store(cluster_identity identity) {
  storing_ = identity;
  out_.store = identity;
}

void forming::stored() {
  COHORT_CHECK(storing_.has_value());
  identity_ = std::exchange(storing_, std::nullopt);
  if (formed()) {
    out_.formed = true;
    out_.trace.push_back("is node " + to_string(identity_->incarnation)
                         + " of cluster " + to_string(identity_->cluster));
    if (coordinates())
      for (const auto& name : confirmed_)
        offer_to(name, true);
  }
  tick();
}

void forming::offer_to(const std::string& name, bool complete) {
  form_offer offer;
  offer.cluster = identity_->cluster;
  offer.complete = complete;
  offer.incarnation = rank_of(name);
  offer.without = without_;
  out_.send.push_back({name, offer});
}

void forming::offered(const std::string& from, const form_offer& offer) {
  if (storing_ || formed())
    return;
  if (!identity_ && !offer.complete && !cluster_exists())
    return store(
      {offer.cluster, offer.incarnation, nobody, false, false, offer.without});
  if (!identity_ || identity_->cluster != offer.cluster)
    return;
  if (offer.complete) {
    auto complete = *identity_;
    complete.complete = true;
    return store(complete);
  }
  out_.send.push_back({from, form_answer{identity_->cluster, false}});
}

void forming::answered(const std::string& from, const form_answer& answer) {
  if (!identity_ || identity_->cluster != answer.cluster || storing_
      || !coordinates())
    return;
  confirmed_.insert(from);
  if (formed())
    return offer_to(from, true);
  const bool all = std::all_of(
    options_.names.begin(), options_.names.end(), [&](const auto& name) {
      return name == options_.own_name || !takes_part(name)
             || confirmed_.contains(name);
    });
  if (!all)
    return;
  auto complete = *identity_;
  complete.complete = true;
  store(complete);
}

void forming::joined(const std::string& from, const join_reply& reply) {
  if (identity_ || storing_ || reply.nonce != options_.nonce)
    return;
  if (reply.incarnation == nobody) {
    takes_place_of_[from] = reply.replaces;
    return ask_to_join(from);
  }
  store({reply.cluster, reply.incarnation, reply.replaces, true, false, {}});
}

void forming::form_without(const std::vector<std::string>& names) {
  if (identity_ || storing_)
    return;
  const std::set<std::string> left_out{names.begin(), names.end()};
  const bool known = std::all_of(names.begin(), names.end(), [&](auto& name) {
    return name != options_.own_name
           && std::binary_search(options_.names.begin(), options_.names.end(),
                                 name);
  });
  if (!known || left_out.size() != names.size()) {
    out_.trace.push_back(
      "does not form: each node to be left out must be another node of the "
      "topology, named once");
    return;
  }
  without_ = names;
  told_to_form_ = true;
  consider();
}

void forming::ask_to_join(const std::string& name) {
  out_.send.push_back({name, join_request{options_.own_name, options_.nonce,
                                          takes_place_of_[name]}});
}

/// Says again what is not known to have arrived.
void forming::tick() {
  if (storing_ || formed())
    return;
  if (!identity_) {
    for (const auto& [name, who] : met_)
      if (who.formed)
        ask_to_join(name);
    return;
  }
  if (!coordinates()) {
    // The coordinator may have missed that this node is ready.
    for (const auto& [name, who] : met_)
      if (who.cluster == identity_->cluster)
        out_.send.push_back({name, form_answer{identity_->cluster, false}});
    return;
  }
  for (const auto& [name, who] : met_)
    if (takes_part(name) && !confirmed_.contains(name))
      offer_to(name, false);
}

forming_output forming::drain() {
  return std::exchange(out_, {});
}

std::string forming::waiting_for() const {
  if (formed())
    return "";
  if (!identity_ && cluster_exists())
    return "the cluster to give this node a new incarnation: its disk is empty";
  std::string missing;
  for (const auto& name : options_.names)
    if (name != options_.own_name && takes_part(name)
        && (identity_ ? !confirmed_.contains(name) : !met_.contains(name)))
      missing += (missing.empty() ? "" : ", ") + name;
  if (missing.empty())
    return "the others to be ready";
  return missing
         + (identity_ ? " to be ready"
                      : " to answer: a cluster is formed when all listed nodes "
                        "are there");
}

} // namespace cohort::runtime
