// Which protocols this build speaks.
#pragma once

#include "bench/options.hpp"
#include "bench/protocol.hpp"
#include "core/result.hpp"

#include <memory>

namespace cohort::bench {

/// Whether a protocol can be made: etcd's needs libnghttp2 at build time.
result<void> supported(protocol_kind kind);

/// The protocol that the options ask for, for one connection.
/// Precondition: it is supported.
std::unique_ptr<protocol> make_protocol(const options& opts);

} // namespace cohort::bench
