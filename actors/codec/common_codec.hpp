// Entries, configurations and positions between their wire form and their
// domain types. For sources of codec/ only.
#pragma once

#include "core/frame.hpp"
#include "core/result.hpp"
#include "replication/entry.hpp"

#include "schemas/common.capnp.h"

namespace cohort::codec {

/// What an entry takes at least, in the first release.
inline constexpr std::size_t entry_words_min = 6;

void encode(wire::Position::Builder to, replication::log_position from);
void encode(wire::Configuration::Builder to,
            const replication::configuration& from);
void encode(wire::Membership::Builder to, const replication::membership& from);
void encode(wire::Entry::Builder to, const replication::entry& from);
void encode(wire::HardState::Builder to, const replication::hard_state& from);
void encode(wire::LogBase::Builder to, const replication::log_base& from);

replication::log_position decode(wire::Position::Reader from);
result<replication::configuration> decode(wire::Configuration::Reader from);
result<replication::membership> decode(wire::Membership::Reader from);
/// The payload aliases `whole`, which the reader must lie in.
result<replication::entry> decode(wire::Entry::Reader from, const frame& whole);
replication::hard_state decode(wire::HardState::Reader from);
result<replication::log_base> decode(wire::LogBase::Reader from);

} // namespace cohort::codec
