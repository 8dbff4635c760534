// One client connection, as the front sees it. Pure.
#pragma once

#include "codec/kv_codec.hpp"
#include "core/ids.hpp"
#include "resp/keys_walk.hpp"
#include "resp/reply_queue.hpp"
#include "resp/reply_writer.hpp"
#include "resp/request_parser.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::resp {

/// Names a connection; never used again.
using client_id = std::uint64_t;

/// Whether a client may have that name, in lists where spaces part fields.
inline bool is_name(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char x) { return x >= '!' && x <= '~'; });
}

inline constexpr std::string_view wrong_name_error =
  "ERR Client names cannot contain spaces, newlines or special characters.";

/// A transaction being put together (MULTI).
struct transaction {
  bool spoilt = false; ///< a command in it was refused
  codec::kv_batch_builder queued;
};

/// A watched key, and which command changed it last when it was read.
struct watched_key {
  std::string key;
  std::uint64_t changed = 0;
};

/// Why a client's further requests have to wait.
enum class wait_kind : std::uint8_t {
  none,
  watch,   ///< for the state of keys to watch
  walk,    ///< for the rest of KEYS
  copies,  ///< WAIT
  session, ///< COHORT.SESSION and COHORT.DO
  report,  ///< INFO, ROLE, COHORT.STATUS: of this or other nodes
  earlier, ///< for its own requests that are on their way (K3)
};

struct client {
  client_id id = 0;
  std::string address;
  std::string name;
  std::string library;
  std::string library_version;
  protocol spoken = protocol::resp2;
  std::int64_t connected_ms = 0;

  // -- input ------------------------------------------------------------------
  request_parser parser;
  std::string input;    ///< read, not consumed
  bool halted = false;  ///< the shell reads no more
  bool blocked = false; ///< in the list of those that wait for a clog to clear

  // -- output -----------------------------------------------------------------
  reply_queue replies;
  std::string output;     ///< of this turn
  bool dirty = false;     ///< in the list of those with output
  bool full = false;      ///< has so many replies that the next ones must wait
  bool closing = false;   ///< after the replies to what it asked
  bool mute = false;      ///< CLIENT REPLY OFF
  bool skip_next = false; ///< CLIENT REPLY SKIP
  bool silent = false;    ///< the request that is being handled has no reply

  // -- requests ---------------------------------------------------------------
  wait_kind waits_for = wait_kind::none;
  reply_queue::place waiting_place = 0;
  std::unique_ptr<keys_walk> walk;
  std::vector<std::string> watching; ///< keys whose state was asked for
  std::size_t watching_left = 0;     ///< of them, the last that are not known
  std::vector<watched_key> watched;
  std::unique_ptr<transaction> multi; ///< between MULTI and EXEC
  std::size_t writes_in_flight = 0;
  std::size_t lone_reads = 0;   ///< on their way in batches without commands
  std::size_t riding_reads = 0; ///< in such with commands
  /// Reads on their way once more, because there was no room for the reply.
  std::multiset<reply_queue::place> asked_again;
  index_t last_write; ///< where its last acknowledged write is in the log
};

} // namespace cohort::resp
