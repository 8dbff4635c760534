// A client of the Redis protocol in virtual time.
#pragma once

#include "core/result.hpp"
#include "core/rng.hpp"
#include "testkit/kv/client_journal.hpp"
#include "testkit/kv/client_turns.hpp"
#include "testkit/kv/redis_reply.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::testkit {

struct redis_client_options {
  std::uint64_t number = 0; ///< for people
  std::string home;         ///< stays with this node; empty: with none
  std::uint64_t seed = 1;
  std::chrono::microseconds think_max{20'000};   ///< between operations
  std::chrono::microseconds patience{2'000'000}; ///< for an answer
};

/// Has one connection at a time, and asks for one to three things at once on
/// it. What it does not get an answer to is in doubt. Its requests arrive in
/// pieces.
class redis_client {
public:
  redis_client(redis_client_options options, client_journal& journal,
               client_turns& turns)
    : options_(std::move(options)),
      journal_(journal),
      turns_(turns),
      random_(options_.seed) {}

  /// What it does at this time. `nodes`: where it may go.
  void act(std::chrono::microseconds now,
           const std::vector<std::string>& nodes);

  /// The server said something on its connection. Errors: what no server must
  /// say.
  result<void> hear(std::chrono::microseconds now, std::string_view data);

  /// Its connection is gone.
  void lose(std::chrono::microseconds now);

  /// The server reads no more, or does again.
  void halt(bool on) {
    halted_ = on;
  }

  /// Does not begin anything any more.
  void stop() {
    stopped_ = true;
  }

  /// Reads these keys, one by one, until it has read each of them.
  void read(const std::vector<history::key_id>& keys) {
    to_read_.assign(keys.begin(), keys.end());
  }

  /// Nothing is on its way, or left to be read.
  bool idle() const {
    return asked_.empty() && to_read_.empty();
  }

  /// Whom it speaks with; none: nobody.
  const std::string& node() const {
    return node_;
  }
  resp::client_id connection() const {
    return connection_;
  }

private:
  using microseconds = std::chrono::microseconds;

  void connect(const std::vector<std::string>& nodes);
  void say_some();
  void begin();
  std::vector<client_operation> next();
  bool take(redis_reply reply);
  void end(const client_operation& x, told what);
  void rest(microseconds most);
  void hang_up();

  redis_client_options options_;
  client_journal& journal_;
  client_turns& turns_;
  rng random_;
  microseconds now_{0};
  microseconds due_{0}; ///< when it does something by itself
  std::string node_;
  resp::client_id connection_ = 0;
  bool halted_ = false;
  bool stopped_ = false;
  std::string unsaid_; ///< of what it asks
  std::string heard_;  ///< of a reply that is not there in full
  std::vector<client_operation> asked_;     ///< on their way, in order
  std::vector<history::time_point> called_; ///< each of them
  std::size_t answered_ = 0;                ///< of those
  std::vector<redis_reply> replies_;        ///< to the next of them
  bool refused_ = false; ///< nothing was done of what it asked
  std::optional<client_operation> watched_;
  std::deque<history::key_id> to_read_;
};

} // namespace cohort::testkit
