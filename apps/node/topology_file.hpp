// The topology as a file. docs/OPERATIONS.md has all its keys.
#pragma once

#include "runtime/topology.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cohort::config {

/// A topology that was read, and what there is to say about it: each text is
/// "file:line: key: what is wrong; what to do".
struct topology_file {
  runtime::topology plan;
  /// All mistakes, in the order of their lines. Empty: the plan is good.
  std::vector<std::string> problems;
  std::vector<std::string> warnings;
};

/// Reads TOML. `path` is what the texts call it; paths in it that do not begin
/// with "/" begin where it lies.
topology_file parse_topology(std::string_view text, const std::string& path);

/// Reads a file. A file that cannot be read is a problem like any other.
topology_file read_topology(const std::string& path);

} // namespace cohort::config
