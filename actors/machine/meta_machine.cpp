#include "machine/meta_machine.hpp"

#include "core/mutant.hpp"

#include <algorithm>
#include <utility>

namespace cohort::machine {

meta_machine::meta_machine(std::vector<std::string> names, observer changed)
  : changed_(std::move(changed)) {
  std::sort(names.begin(), names.end());
  for (const auto& name : names) {
    ++state_.last_incarnation;
    state_.nodes[name] = {state_.last_incarnation, 0, nobody};
  }
}

meta_reply meta_machine::carry_out(const mint_command& x) {
  const auto at = state_.nodes.find(x.node);
  if (at == state_.nodes.end())
    return {nobody, nobody, "the cluster has no node '" + x.node + "'"};
  auto& node = at->second;
  if ((node.nonce == x.nonce && x.nonce != 0)
      || mutated(mutant::wiped_node_keeps_id))
    return {node.incarnation, node.replaced, ""}; // asked before
  if (x.replaces != nobody && x.replaces != node.incarnation)
    return {nobody, nobody,
            "node '" + x.node + "' is " + to_string(node.incarnation)
              + " now: an earlier life of it asked"};
  end(node.incarnation);
  ++state_.last_incarnation;
  node = {state_.last_incarnation, x.nonce, node.incarnation};
  return {node.incarnation, node.replaced, ""};
}

/// Its node comes back with an empty disk, as every replaced one does.
meta_reply meta_machine::carry_out(const bury_command& x) {
  const bool current = std::any_of(
    state_.nodes.begin(), state_.nodes.end(),
    [&](const auto& node) { return node.second.incarnation == x.incarnation; });
  if (!current)
    return {nobody, nobody,
            "no node has the incarnation " + to_string(x.incarnation)};
  end(x.incarnation);
  return {};
}

void meta_machine::end(node_id incarnation) {
  auto& over = state_.buried;
  if (std::find(over.begin(), over.end(), incarnation) == over.end())
    over.push_back(incarnation);
}

std::string meta_machine::apply(const apply_context&,
                                std::string_view command) {
  const auto decoded = codec::decode_meta_command(command);
  if (!decoded)
    return codec::encode(meta_reply{nobody, nobody, decoded.err().message});
  const auto reply = std::visit([this](const auto& x) { return carry_out(x); },
                                *decoded);
  if (changed_)
    changed_(state_);
  return codec::encode(reply);
}

std::string meta_machine::query(std::string_view) const {
  return save();
}

std::string meta_machine::save() const {
  return codec::encode(state_);
}

result<void> meta_machine::load(std::string_view saved) {
  auto decoded = codec::decode_meta_state(saved);
  if (!decoded)
    return decoded.err();
  state_ = std::move(*decoded);
  if (changed_)
    changed_(state_);
  return {};
}

} // namespace cohort::machine
