// Finds a bug in a state machine of your own, before your users do. The machine
// below gives out tickets and forgets something in its snapshots. The contract
// checker says so at once; the simulator finds it as production would: a
// replica that caught up from a snapshot answers otherwise than the others.
//
//   planted_bug          looks for it, and prints a seed that shows it
//   planted_bug SEED     runs that seed again, and prints all that happens
//
// It exits with 0 if it found this bug, and with 1 if it found none or another.
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

/// Runs end for other reasons, too, which say nothing of the machine: too
/// little was done, or a node does not serve.
bool replicas_differ(const std::string& wrong) {
  return wrong.find(" differs from the others in command ") != std::string::npos
         || wrong.find(" took over a snapshot that differs from ")
              != std::string::npos;
}

int main(int argc, char** argv) {
  if (argc > 1) {
    const auto wrong = simulate(std::strtoull(argv[1], nullptr, 10), true);
    std::cout << (wrong.empty() ? "nothing is wrong" : wrong) << '\n';
    return replicas_differ(wrong) ? 0 : 1;
  }
  if (!contract_is_broken())
    return 1;
  for (std::uint64_t seed = 1; seed <= 100; ++seed)
    if (const auto wrong = simulate(seed, false); !wrong.empty()) {
      const bool found = replicas_differ(wrong);
      std::cout << (found ? "The simulator found with seed "
                          : "Not what was looked for, with seed ")
                << seed << ": " << wrong
                << "\nAgain, with all that happens: " << argv[0] << ' ' << seed
                << '\n';
      return found ? 0 : 1;
    }
  std::cout << "The simulator found nothing.\n";
  return 1;
}
