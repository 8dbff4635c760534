// Messages and outputs as text, completely: for traces and for comparing.
#pragma once

#include "replication/output.hpp"

#include <string>

namespace cohort::testkit::protocol {

std::string render(const replication::message& msg);
std::string render(const replication::output& out);

} // namespace cohort::testkit::protocol
