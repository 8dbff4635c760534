// A front's surroundings, in memory: a primary with a small machine, and the
// shell that carries out what the front wants.
#pragma once

#include "codec/client_messages.hpp"
#include "machine/replicated_machine.hpp"
#include "resp/front.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::resp::tests {

/// Knows a few commands, and notes each in the order of their effects.
struct small_kv : machine::state_machine {
  struct value {
    std::string text;
    std::uint64_t changed = 0;
  };

  std::map<std::string, value> values;
  std::vector<std::string> effects;
  std::size_t replies_bytes_max = std::size_t{64}
                                  << 20; ///< to a batch of reads

  std::uint32_t version() const override {
    return 1;
  }
  result<std::uint32_t> check(const bytes& batch) const override;
  void apply(const machine::apply_context& context, const bytes& batch,
             std::uint32_t first, std::uint32_t last,
             machine::reply_list& replies) override;
  void advance_time(const machine::apply_context&) override {}
  machine::query_outcome query(const bytes& queries, std::uint32_t first,
                               std::uint32_t last, std::int64_t now_ms,
                               machine::reply_list& replies) override;
  bool time_is_due(std::int64_t) const override {
    return false;
  }
  std::unique_ptr<machine::snapshot_source> begin_snapshot() override {
    return nullptr;
  }
  std::unique_ptr<machine::snapshot_sink> begin_restore() override {
    return nullptr;
  }
  std::size_t approximate_bytes() const override {
    return 0;
  }

private:
  std::string run(const kv::command& x, std::uint64_t index);
  std::string run_all(const kv::command& x, std::uint64_t index);
  std::string scan(const kv::command& x) const;
};

/// Serves requests as a primary does that has no backups to wait for.
class fake_primary {
public:
  fake_primary();

  client_reply serve(const client_request& request);

  small_kv& kv() {
    return static_cast<small_kv&>(machine_.user());
  }

  std::uint32_t copies = 0; ///< what WAIT is told
  client_request last;

private:
  client_reply serve_work(const work_request& work);

  machine::replicated_machine machine_;
  index_t last_index_;
};

inline constexpr node_id first_node{11};
inline constexpr node_id second_node{12};

/// A front with the set at its other end.
class front_world {
public:
  explicit front_world(std::function<void(front_options&)> change = {});

  void connect(client_id id);

  /// Sends lines, in one turn.
  void say(client_id id, std::string_view lines);

  /// Passes bytes on without ending the turn.
  void pass(client_id id, std::string_view data);
  void end_turn();

  /// Lets time pass and the primary answer until nothing is on its way.
  void settle();

  /// The primary answers what was sent, newest first if `reversed`.
  void serve_sent(bool reversed = false);

  /// It carries out what was sent last before what was sent first, as reads
  /// may be that wait for others to say that it leads.
  void serve_newest_first();

  /// The primary carries out what was sent, but its answers get lost.
  void serve_sent_silently();

  /// As ask(), when not all that is on its way will be answered.
  std::string ask_while_others_wait(client_id id, std::string_view lines);

  /// What the client got since the last time.
  std::string heard(client_id id);

  /// Says, settles, and returns what was heard.
  std::string ask(client_id id, std::string_view lines);

  void pass_time(std::int64_t ms);

  /// Carries out what the front wants.
  void carry_out();

  front tested;
  fake_primary primary;
  std::int64_t now_ms = 1000;
  bool network = true; ///< off: requests get lost
  std::deque<machine::outgoing_request> sent;
  std::set<client_id> closed;
  std::set<client_id> halted;
  bool wants_report = false;
  bool wants_cluster_report = false;
  std::vector<std::string> form_without;

private:
  static front_options options(const std::function<void(front_options&)>& by);

  std::map<client_id, std::string> output_;
};

} // namespace cohort::resp::tests
