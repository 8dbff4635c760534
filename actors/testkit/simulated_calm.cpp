#include "testkit/simulated_calm.hpp"

#include <algorithm>

namespace cohort::testkit {

void simulated_calm::await(
  const char* otherwise, const std::function<bool(const std::string&)>& holds) {
  const auto& names = cluster_.names();
  for (;;) {
    const auto bad = std::find_if_not(names.begin(), names.end(), holds);
    if (bad == names.end())
      return;
    if (cluster_.now() > deadline_)
      throw invariant_broken{
        *bad + " " + otherwise + " after " + std::to_string(patience_.count())
        + " ms without faults; it lacks " + cluster_.lack_of(*bad)};
    pass_time_();
  }
}

std::map<std::string, std::uint64_t> faults_of(const simulated_cluster& x) {
  auto result = x.faults();
  const auto& network = x.network().counts();
  result["packet lost"] = network.lost;
  result["packet late"] = network.late;
  result["packet clogged"] = network.clogged;
  result["packet repeated"] = network.repeated;
  result["link broken"] = network.links_broken;
  return result;
}

} // namespace cohort::testkit
