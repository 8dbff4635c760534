// Clients of a simulated cluster, and what they may expect.
#pragma once

#include "core/rng.hpp"
#include "testkit/simulated_cluster.hpp"
#include "testkit/witnessed_machine.hpp"

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace cohort::testkit {

struct simulated_load_options {
  std::size_t padding_max = 200; ///< bytes of a command beside its name
  /// Makes what follows the name instead.
  std::function<std::string(rng&)> make_command;
};

struct load_counts {
  std::uint64_t acknowledged = 0;
  std::uint64_t answered = 0;
  std::uint64_t unknown = 0;
  std::uint64_t refused = 0;
};

/// Gives commands and asks questions at every node, and judges the answers with
/// the witnessed order of the commands (linearizability, K1):
///
/// - an acknowledged command stands where its answer says, behind all that were
///   acknowledged before it was given;
/// - an answer to a question counts at least all of those;
/// - a refused command stands nowhere, now and in the end.
class simulated_load {
public:
  simulated_load(simulated_cluster& cluster, const apply_witness& witness,
                 const simulated_load_options& options, std::uint64_t seed);

  /// Something new at one of the nodes that run, if few enough wait there.
  void give_at(const std::string& name);

  /// Takes the answers that are there.
  void take_answers();

  /// The node is about to crash: what it answers from now on does not count.
  void forget(const std::string& name);

  /// No more answers come.
  bool idle() const;

  /// Of commands that were given at this node since it was started.
  std::uint64_t acknowledged_at(const std::string& name) const;

  const load_counts& counts() const {
    return counts_;
  }

  /// The verdict on everything that was refused.
  void check_refused() const;

private:
  struct job {
    std::string text;        ///< of the command; empty: a question
    std::uint64_t after = 0; ///< commands that somebody knew of before
    std::future<result<std::string>> answer;
  };

  void take(const std::string& name, job& x);
  void judge(const job& x, const std::string& answer);

  simulated_cluster& cluster_;
  const apply_witness& witness_;
  simulated_load_options options_;
  rng random_;
  std::map<std::string, std::vector<job>> waiting_;
  std::map<std::string, std::uint64_t> acknowledged_at_;
  std::set<std::string> refused_;
  std::uint64_t newest_ = 0; ///< command that an answer counted
  std::uint64_t given_ = 0;
  load_counts counts_;
};

} // namespace cohort::testkit
