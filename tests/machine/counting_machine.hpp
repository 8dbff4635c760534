// A tiny machine for tests of sessions: numbers the commands that it runs.
#pragma once

#include "codec/meta_codec.hpp"
#include "codec/peer_codec.hpp"
#include "machine/replicated_machine.hpp"
#include "machine/simple_machine.hpp"

#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::machine::tests {

/// Remembers what it ran, in order. The reply to a command is its number, a
/// colon and the command; "long" in a command makes the reply a long one.
class counting_machine : public simple_machine {
public:
  using simple_machine::apply;
  using simple_machine::query;

  std::string apply(const apply_context& context,
                    std::string_view command) override {
    ran_.emplace_back(command);
    log_time_ms_ = context.log_time_ms;
    auto reply = std::to_string(ran_.size()) + ":" + std::string{command};
    if (command.find("long") != std::string_view::npos)
      reply.append(8'192, '.');
    return reply;
  }

  /// The newest command that begins with `question`, or "none".
  std::string query(std::string_view question) const override {
    for (auto at = ran_.rbegin(); at != ran_.rend(); ++at)
      if (at->starts_with(question))
        return *at;
    return "none";
  }

  std::string save() const override {
    std::string result;
    for (const auto& x : ran_)
      result += x + "\n";
    return result;
  }

  result<void> load(std::string_view saved) override {
    ran_.clear();
    std::istringstream in{std::string{saved}};
    for (std::string line; std::getline(in, line);)
      ran_.push_back(line);
    return {};
  }

  void advance_time(const apply_context& context) override {
    log_time_ms_ = context.log_time_ms;
  }

  const std::vector<std::string>& ran() const {
    return ran_;
  }
  std::int64_t log_time_ms() const {
    return log_time_ms_;
  }

private:
  std::vector<std::string> ran_;
  std::int64_t log_time_ms_ = 0;
};

inline bytes to_bytes(const frame& f) {
  return f.alias(f.data(), f.size());
}

inline bytes list_of(const std::vector<std::string>& commands) {
  return to_bytes(codec::encode_list(commands));
}

/// A replicated machine around a counting_machine, and entries for it.
struct counting_replica {
  explicit counting_replica(const session_limits& limits = {})
    : machine(std::make_unique<counting_machine>(), limits) {}

  const std::vector<std::string>& ran() {
    return dynamic_cast<counting_machine&>(machine.user()).ran();
  }

  work_result apply(const command_body& body,
                    const work_request* riding = nullptr) {
    return apply_entry(replication::entry_kind::command,
                       to_bytes(codec::encode(body)), riding);
  }

  work_result apply_entry(replication::entry_kind kind, bytes payload,
                          const work_request* riding = nullptr) {
    replication::entry x;
    x.index = machine.applied().next();
    x.term = term;
    x.kind = kind;
    x.log_time_ms = now_ms;
    x.payload = std::move(payload);
    return machine.apply(x, riding);
  }

  session_id open() {
    const session_id id{machine.applied().next(), term};
    apply(command_body{open_session{}});
    return id;
  }

  replicated_machine machine;
  term_t term{1};
  std::int64_t now_ms = 1'000;
};

/// Commands of `session` from sequence `first` on.
inline command_body batch_of(const session_id& session, std::uint64_t first,
                             const std::vector<std::string>& commands,
                             std::uint64_t answered_up_to = 0) {
  session_batch result;
  result.session = session;
  result.first_sequence = first;
  result.count = static_cast<std::uint32_t>(commands.size());
  result.answered_up_to = answered_up_to;
  result.commands = list_of(commands);
  return result;
}

inline std::vector<std::string> to_vector(const reply_list& replies) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < replies.size(); ++i)
    result.emplace_back(replies[i]);
  return result;
}

} // namespace cohort::machine::tests
