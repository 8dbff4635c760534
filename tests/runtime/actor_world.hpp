// Actors of a node by themselves: in one thread, in a fixed order, and in front
// of witnesses instead of the rest of the node.
#pragma once

#include "runtime/shell.hpp"
#include "runtime/snapshot_messages.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace cohort::runtime::tests {

using heard =
  std::variant<log_written, log_full, log_entries, make_spares, make_room,
               piece_taken, snapshot_piece, restore_end, snapshot_stored,
               snapshot_failed, snapshot_needed, snapshot_staged,
               snapshot_delivered, store_snapshot, tell_durable, applied_up_to,
               outbound, read_snapshot>;
using heard_list = std::vector<heard>;

/// Keeps what it is sent.
class witness_actor : public shell {
public:
  witness_actor(caf::scheduled_actor* self, std::shared_ptr<heard_list> to)
    : shell(self),
      to_(std::move(to)) {}

  caf::behavior behavior() override {
    return {
      note<log_written>(),        note<log_full>(),
      note<log_entries>(),        note<make_spares>(),
      note<make_room>(),          note<piece_taken>(),
      note<snapshot_piece>(),     note<restore_end>(),
      note<snapshot_stored>(),    note<snapshot_failed>(),
      note<snapshot_needed>(),    note<snapshot_staged>(),
      note<snapshot_delivered>(), note<store_snapshot>(),
      note<tell_durable>(),       note<applied_up_to>(),
      note<outbound>(),           note<read_snapshot>(),
    };
  }

private:
  template <class Message>
  std::function<void(const Message&)> note() const {
    return [to = to_](const Message& x) { to->push_back(x); };
  }

  std::shared_ptr<heard_list> to_;
};

/// Stands for the rest of the node.
struct witness {
  caf::actor actor;
  std::shared_ptr<heard_list> all;

  bool silent() const {
    return all->empty();
  }

  /// What it was sent of one kind, in order; forgets everything.
  template <class Message>
  std::vector<Message> take() const {
    std::vector<Message> result;
    for (auto& x : std::exchange(*all, {}))
      if (auto* msg = std::get_if<Message>(&x))
        result.push_back(std::move(*msg));
    return result;
  }
};

/// Runs actors. What they use must outlive them: whoever derives from this ends
/// them in its destructor.
class actor_world {
public:
  ~actor_world() {
    end_all();
  }

  actor_world(const actor_world&) = delete;
  actor_world& operator=(const actor_world&) = delete;

  /// Why an actor ended; empty: it lives.
  std::string ended(const caf::actor& x) const {
    const auto at = ended_.find(x.id());
    return at == ended_.end() ? "" : at->second;
  }

  /// Delivers what was sent, and all that follows from it.
  void run() {
    auto& scheduler = system_.scheduler();
    dynamic_cast<caf::scheduler::test_coordinator&>(scheduler).run();
  }

  /// Besides, what was to be sent by then.
  void pass(std::chrono::milliseconds time) {
    auto& scheduler = system_.scheduler();
    dynamic_cast<caf::scheduler::test_coordinator&>(scheduler)
      .clock()
      .advance_time(time);
    run();
  }

  /// Is there when everybody runs again.
  template <class Message>
  void post(const caf::actor& to, Message msg) {
    caf::anon_send(to, std::move(msg));
  }

  template <class Message>
  void send(const caf::actor& to, Message msg) {
    post(to, std::move(msg));
    run();
  }

  void pass_ticks(const caf::actor& to, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      send(to, tick{});
  }

  witness make_witness() {
    auto all = std::make_shared<heard_list>();
    return {start<witness_actor>(all), all};
  }

protected:
  actor_world() = default;

  template <class Shell, class... Ts>
  caf::actor start(Ts... args) {
    auto made = spawn_shell<Shell>(system_, placement::pool,
                                   std::move(args)...);
    caf::actor_cast<caf::abstract_actor*>(made)->attach_functor(
      [this, id = made.id()](const caf::error& reason) {
        ended_[id] = system_.render(reason);
      });
    actors_.push_back(made);
    run();
    return made;
  }

  void end_all() {
    for (const auto& x : std::exchange(actors_, {}))
      caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
    run();
  }

private:
  struct one_thread : caf::actor_system_config {
    one_thread() {
      set("scheduler.policy", caf::atom("testing"));
    }
  };

  std::map<caf::actor_id, std::string> ended_;
  one_thread config_;
  caf::actor_system system_{config_};
  std::vector<caf::actor> actors_;
};

/// Whether a reason for people says something.
inline bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace cohort::runtime::tests
