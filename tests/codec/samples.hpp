// One of every message and record body, with every field set.
#pragma once

#include "codec/client_messages.hpp"
#include "codec/meta_codec.hpp"
#include "codec/peer_codec.hpp"
#include "codec/session_codec.hpp"
#include "core/frame.hpp"
#include "core/result.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::codec::tests {

/// A message as bytes, and how its kind is read.
struct sample {
  std::string name; ///< also that of its golden file
  std::string content;
  /// Reads bytes as this kind of message and writes what was read again.
  std::function<result<std::string>(const frame&)> again;
};

std::vector<sample> all_samples();

frame to_frame(std::string_view content);

// -- the values behind them ---------------------------------------------------

inline constexpr set_id sample_set{7};
inline constexpr node_id sample_node{12};

replication::append_request sample_append();
replication::log_base sample_base();
client_request sample_work();
client_reply sample_reply();
replica_status sample_replica();
session_batch sample_batch();
std::map<session_id, session_state> sample_sessions();
meta_state sample_meta();

} // namespace cohort::codec::tests
