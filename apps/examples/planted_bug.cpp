// Finds a bug in a state machine of your own, before your users do. The machine
// below gives out tickets and forgets something in its snapshots. The contract
// checker says so at once; the simulator finds it as production would: a
// replica that caught up from a snapshot answers otherwise than the others.
//
//   planted_bug          looks for it, and prints a seed that shows it
//   planted_bug SEED     runs that seed again, and prints all that happens
#include "machine/simple_machine.hpp"
#include "testkit/machine_contract.hpp"
#include "testkit/simulation.hpp"

#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <string>

using namespace cohort;

/// Commands: "take" gives the next ticket, "skip" leaves one out from then on.
/// What follows a blank is a note for people.
class ticket_office : public machine::simple_machine {
public:
  std::string apply(const machine::apply_context&,
                    std::string_view command) override {
    if (command.substr(0, command.find(' ')) == "skip") {
      ++step_;
      return "tickets are " + std::to_string(step_) + " apart";
    }
    next_ += step_;
    return std::to_string(next_);
  }

  std::string query(std::string_view) const override {
    return std::to_string(next_);
  }

  std::string save() const override {
    return std::to_string(next_); // and step_? Here is the bug.
  }

  result<void> load(std::string_view saved) override {
    next_ = std::strtol(std::string{saved}.c_str(), nullptr, 10);
    step_ = 1;
    return {};
  }

private:
  long next_ = 0;
  long step_ = 1;
};

std::string draw_command(rng& random) {
  return random.below(10) == 0 ? "skip" : "take";
}

bool contract_is_broken() {
  testkit::machine_contract contract;
  contract.make = [] { return std::make_unique<ticket_office>(); };
  contract.command = draw_command;
  contract.question = [](rng&) { return std::string{"how many"}; };
  const auto broken = testkit::check_contract(contract);
  if (broken)
    std::cout << "The contract of state machines is " << to_string(*broken)
              << '\n';
  return broken.has_value();
}

/// With notes, since logs of short commands are hardly ever cut: then nobody
/// needs a snapshot.
std::string draw_long_command(rng& random) {
  constexpr std::size_t note_max = 20'000;
  return draw_command(random) + ' ' + std::string(random.below(note_max), '.');
}

/// What is wrong with a run; empty: nothing.
std::string simulate(std::uint64_t seed, bool trace) {
  testkit::simulation_options options;
  options.seed = seed;
  options.make_machine = [] { return std::make_unique<ticket_office>(); };
  options.make_command = draw_long_command;
  if (trace)
    options.trace = [](const std::string& line) { std::cout << line << '\n'; };
  try {
    testkit::simulation{options}.run();
    return {};
  } catch (const std::exception& e) {
    return e.what();
  }
}

int main(int argc, char** argv) {
  if (argc > 1) {
    const auto wrong = simulate(std::strtoull(argv[1], nullptr, 10), true);
    std::cout << (wrong.empty() ? "nothing is wrong" : wrong) << '\n';
    return wrong.empty() ? 1 : 0;
  }
  if (!contract_is_broken())
    return 1;
  for (std::uint64_t seed = 1; seed <= 100; ++seed)
    if (const auto wrong = simulate(seed, false); !wrong.empty()) {
      std::cout << "The simulator found with seed " << seed << ": " << wrong
                << "\nAgain, with all that happens: " << argv[0] << ' ' << seed
                << '\n';
      return 0;
    }
  return 1;
}
