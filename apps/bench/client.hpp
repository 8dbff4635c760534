// One client of the load: a connection, and what is in flight on it.
#pragma once

#include "bench/options.hpp"
#include "bench/protocol.hpp"
#include "bench/socket.hpp"
#include "bench/tally.hpp"
#include "bench/timers.hpp"
#include "bench/workload.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cohort::bench {

/// How long a client waits before it connects again, and before it tries a
/// failed request again.
inline constexpr std::int64_t reconnect_delay_ns = 20'000'000;
inline constexpr std::int64_t retry_delay_ns = 10'000'000;

/// What a client asked to be reminded of.
struct reminder {
  std::size_t client = 0;
  /// The connection it is about: it is void once there is another.
  std::uint64_t connection = 0;
  /// The slot to try again; nothing: connect.
  std::optional<std::size_t> slot;
};

/// Keeps every slot busy: an operation that succeeds makes room for the next,
/// one that fails is tried again until it succeeds, on the next endpoint if the
/// connection is lost. Latencies count from the first try.
///
/// Driven by one thread: the generator's.
class client {
public:
  /// What the clients of one run share. All of it outlives them.
  struct environment {
    const options& opts;
    workload& work;
    tally& results;
    timers<reminder>& later;
    std::span<char> buffer; ///< for one read
    int epoll;              ///< where a client registers its socket as `id`
  };

  client(std::size_t id, const environment& shared);

  void connect(std::int64_t now_ns);

  /// The socket is ready for these events of epoll.
  void on_ready(std::uint32_t events, std::int64_t now_ns);

  void on_reminder(const reminder& what, std::int64_t now_ns);

private:
  struct slot {
    std::vector<operation> batch; ///< empty: idle
    std::int64_t began_ns = 0;    ///< of the first try
    bool in_flight = false;
  };

  /// Sends the batch in a slot, or the next one if there is none.
  void issue(std::size_t at, std::int64_t now_ns);
  void end(const completion& what, std::int64_t now_ns);
  result<void> receive(std::int64_t now_ns);
  result<void> flush();
  /// Watches for room to send only while something waits for it.
  void watch(bool for_room);
  void lose(const error& why, std::int64_t now_ns);

  std::size_t id_;
  environment shared_;
  std::size_t endpoint_;
  std::uint64_t connection_ = 0; ///< counts them
  bool connecting_ = false;
  bool watching_for_room_ = false;
  socket socket_;
  std::unique_ptr<protocol> protocol_; ///< of this connection
  std::string out_;
  std::size_t out_sent_ = 0;
  std::vector<completion> done_;
  std::vector<slot> slots_;
};

} // namespace cohort::bench
