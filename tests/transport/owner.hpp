// An actor that owns a transport and lets a test thread steer it.
#pragma once

#include "transport/local_transport.hpp"
#include "transport/loop_actor.hpp"
#include "transport/tcp_transport.hpp"

#include <caf/all.hpp>
#include <caf/io/all.hpp>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <variant>

namespace cohort::transport::testing {

struct io_config : caf::actor_system_config {
  io_config() {
    load<caf::io::middleman>();
  }
};

using event = std::variant<link_hello, link_frames, link_refused, link_closed>;

/// What a transport told its owner, waiting for the test.
class event_queue {
public:
  void push(event x) {
    const std::lock_guard guard{mutex_};
    events_.push_back(std::move(x));
    changed_.notify_all();
  }

  /// Waits for the next event of a kind and takes it out.
  template <class Event>
  Event await(std::chrono::seconds most = std::chrono::seconds{10}) {
    std::unique_lock guard{mutex_};
    auto found = events_.end();
    const bool came = changed_.wait_for(guard, most, [&] {
      for (found = events_.begin(); found != events_.end(); ++found)
        if (std::holds_alternative<Event>(*found))
          return true;
      return false;
    });
    if (!came)
      throw std::runtime_error{"an expected event did not come"};
    auto result = std::get<Event>(std::move(*found));
    events_.erase(found);
    return result;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<event> events_;
};

using steering = std::function<void(transport&)>;
using maker = std::function<std::unique_ptr<transport>(caf::actor)>;

} // namespace cohort::transport::testing

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cohort::transport::testing::steering)

namespace cohort::transport::testing {

struct owner_state {
  std::unique_ptr<transport> carrier;
};

template <class Base>
caf::behavior own(caf::stateful_actor<owner_state, Base>* self,
                  std::function<std::unique_ptr<transport>(Base*)> make,
                  std::shared_ptr<event_queue> events) {
  self->state.carrier = make(self);
  caf::message_handler own_messages{
    [=](const steering& steer) {
      steer(*self->state.carrier);
      return true;
    },
    [=](link_hello& x) { events->push(std::move(x)); },
    [=](link_frames& x) { events->push(std::move(x)); },
    [=](link_refused& x) { events->push(std::move(x)); },
    [=](link_closed& x) { events->push(std::move(x)); },
  };
  return own_messages.or_else(self->state.carrier->handlers());
}

/// One node of a test: an actor, its transport, and what that said.
class party {
public:
  party(caf::actor_system& system, caf::actor actor,
        std::shared_ptr<event_queue> events)
    : actor_(std::move(actor)),
      events_(std::move(events)),
      waiter_(system) {}

  ~party() {
    kill();
  }
  party(const party&) = delete;
  party& operator=(const party&) = delete;

  /// Runs `steer` in the owner, and waits until it is done.
  void run(steering steer) {
    waiter_->request(actor_, caf::infinite, std::move(steer))
      .receive([](bool) {},
               [&](const caf::error& e) {
                 throw std::runtime_error{waiter_->system().render(e)};
               });
  }

  link_id connect(const peer_address& to, const hello& who) {
    link_id result;
    run([&](transport& x) { result = x.connect(to, who); });
    return result;
  }

  void send(link_id link, std::vector<frame> frames, lane on = lane::data) {
    run([&](transport& x) {
      for (const auto& f : frames)
        x.send(link, on, f);
      x.flush();
    });
  }

  /// Waits until `bytes` bytes of frames came, and returns them.
  std::vector<frame> receive(link_id link, std::size_t count) {
    std::vector<frame> result;
    while (result.size() < count) {
      auto x = events_->await<link_frames>();
      if (x.link == link)
        result.insert(result.end(), x.frames.begin(), x.frames.end());
    }
    return result;
  }

  event_queue& events() {
    return *events_;
  }

  void kill() {
    if (!actor_)
      return;
    waiter_->monitor(actor_);
    caf::anon_send_exit(actor_, caf::exit_reason::kill);
    waiter_->receive([](const caf::down_msg&) {});
    actor_ = nullptr;
  }

private:
  caf::actor actor_;
  std::shared_ptr<event_queue> events_;
  caf::scoped_actor waiter_;
};

inline frame make_frame(std::size_t words, std::uint64_t fill) {
  frame_buffer buffer{words};
  for (std::size_t i = 0; i < words; ++i)
    buffer.words()[i] = fill + i;
  return frame{std::move(buffer)};
}

inline hello hello_of(const std::string& name) {
  hello result;
  result.cluster_name = "test";
  result.node = name;
  result.boot = 1;
  return result;
}

} // namespace cohort::transport::testing
