// Replicates a state machine of your own: a ledger of accounts, on three nodes
// in this process. The primary is killed, and no payment is lost or doubled.
#include "machine/simple_machine.hpp"
#include "testkit/cluster.hpp"

#include <iostream>
#include <map>
#include <sstream>

using namespace cohort;

/// Commands: "<account> <amount>". Questions: "<account>". Nothing but the
/// command and the state decides: no clock, no randomness.
class ledger : public machine::simple_machine {
public:
  std::string apply(const machine::apply_context&,
                    std::string_view command) override {
    std::istringstream in{std::string{command}};
    std::string account;
    long amount = 0;
    if (!(in >> account >> amount))
      return "expected: account amount";
    return std::to_string(balances_[account] += amount);
  }

  std::string query(std::string_view account) const override {
    const auto at = balances_.find(std::string{account});
    return std::to_string(at == balances_.end() ? 0 : at->second);
  }

  std::string save() const override {
    std::ostringstream out;
    for (const auto& [account, balance] : balances_)
      out << account << ' ' << balance << '\n';
    return out.str();
  }

  result<void> load(std::string_view saved) override {
    balances_.clear();
    std::istringstream in{std::string{saved}};
    std::string account;
    for (long balance = 0; in >> account >> balance;)
      balances_[account] = balance;
    return {};
  }

private:
  std::map<std::string, long> balances_;
};

int main() {
  testkit::cluster_options options;
  options.make_machine = [](const auto&) {
    return result<std::unique_ptr<machine::state_machine>>{
      std::make_unique<ledger>()};
  };
  auto nodes = testkit::cluster::start(std::move(options));
  if (!nodes) {
    std::cerr << to_string(nodes.err()) << '\n';
    return 1;
  }
  auto& cluster = **nodes;
  const auto first = cluster.client().execute("alice 100").get();
  const auto primary = cluster.primary();
  if (!first || !primary)
    return 1;
  std::cout << "killing " << *primary << ", the primary\n";
  cluster.kill(*primary);
  const auto balance = cluster.client().execute("alice -30").get();
  std::cout << "alice has " << (balance ? *balance : to_string(balance.err()))
            << '\n';
  return balance && *balance == "70" ? 0 : 1;
}
