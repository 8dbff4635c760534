// Values as people write them.
#pragma once

#include "core/result.hpp"
#include "runtime/topology.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::config {

/// "host:port"; an IPv6 address stands in brackets. The error's message says
/// what is wrong with `text`, and what to write.
result<runtime::endpoint> parse_endpoint(std::string_view text);

/// A number of bytes, or of "KiB", "MiB", "GiB" or "TiB".
result<std::uint64_t> parse_size(std::string_view text);

/// The one of `known` that `word` is most likely meant to be; empty: none is
/// near.
std::string nearest(std::string_view word,
                    const std::vector<std::string>& known);

/// "a, b or c".
std::string alternatives(const std::vector<std::string>& words);

} // namespace cohort::config
