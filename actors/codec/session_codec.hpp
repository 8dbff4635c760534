// The session table as bytes, for snapshots.
#pragma once

#include "codec/client_messages.hpp"
#include "core/result.hpp"

#include <map>
#include <string>
#include <string_view>

namespace cohort::codec {

std::string
encode_sessions(const std::map<session_id, session_state>& sessions);

result<std::map<session_id, session_state>>
decode_sessions(std::string_view from);

} // namespace cohort::codec
