// The session table as bytes, for snapshots and for engines.
#pragma once

#include "codec/client_messages.hpp"
#include "core/result.hpp"
#include "replication/entry.hpp"

#include <map>
#include <string>
#include <string_view>

namespace cohort::codec {

std::string
encode_sessions(const std::map<session_id, session_state>& sessions);

result<std::map<session_id, session_state>>
decode_sessions(std::string_view from);

/// What an engine that keeps its own state makes durable together with it.
struct engine_attachment {
  replication::log_base base;
  std::string sessions; ///< encoded
};

std::string encode(const engine_attachment& x);
result<engine_attachment> decode_engine_attachment(std::string_view from);

} // namespace cohort::codec
