// The machine of the meta set: the cluster's own facts (C1).
#pragma once

#include "codec/meta_codec.hpp"
#include "machine/simple_machine.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::machine {

/// Knows the nodes, mints incarnations and buries them. Starts from the
/// formation, where nodes are numbered in the order of their names.
class meta_machine : public simple_machine {
public:
  /// Told of each change, on every replica: an effect outside the state.
  using observer = std::function<void(const meta_state&)>;

  meta_machine(std::vector<std::string> names, observer changed);

  using simple_machine::apply;
  using simple_machine::query;

  std::string apply(const apply_context& context,
                    std::string_view command) override;
  /// The encoded meta_state, whatever is asked.
  std::string query(std::string_view question) const override;
  std::string save() const override;
  result<void> load(std::string_view saved) override;

  const meta_state& state() const {
    return state_;
  }

private:
  meta_reply carry_out(const mint_command& x);
  meta_reply carry_out(const bury_command& x);
  void end(node_id incarnation);

  meta_state state_;
  observer changed_;
};

} // namespace cohort::machine
