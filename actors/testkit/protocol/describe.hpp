// Replicas as text, for people.
#pragma once

#include "testkit/protocol/member.hpp"

#include <string>

namespace cohort::testkit::protocol {

/// One line, without its end.
std::string describe(const member& x);

} // namespace cohort::testkit::protocol
