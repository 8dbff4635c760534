// Messages and outputs as text, completely: for traces and for comparing.
#pragma once

#include "replication/output.hpp"

#include <string>

namespace cohort::replication::testing {

std::string render(const message& msg);
std::string render(const output& out);

} // namespace cohort::replication::testing
