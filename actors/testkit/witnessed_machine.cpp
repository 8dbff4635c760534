#include "testkit/witnessed_machine.hpp"

#include <charconv>

namespace cohort::testkit {

namespace {

/// Of a saved state, so that it is sent in several pieces.
constexpr std::size_t filler_bytes = 150'000;

/// One in so many replies is longer than what a session keeps.
constexpr std::uint64_t long_reply_one_in = 8;
constexpr std::size_t long_reply_bytes = 5000;

std::string reply_of(std::uint64_t position) {
  auto result = std::to_string(position);
  if (position % long_reply_one_in == 0)
    result.append(long_reply_bytes, ' ');
  return result;
}

std::uint64_t next_state(std::uint64_t before, std::string_view command,
                         std::string_view reply) {
  trace_hash hash;
  hash.add(before);
  hash.add(command);
  hash.add(reply);
  return hash.value();
}

} // namespace

// -- apply_witness ------------------------------------------------------------

std::uint64_t apply_witness::position_of(const std::string& command) const {
  const auto at = positions_.find(command);
  return at == positions_.end() ? 0 : at->second;
}

bool apply_witness::has_all(const std::string& node) const {
  const auto at = progress_.find(node);
  return at != progress_.end() && at->second.position == length();
}

void apply_witness::applied(const std::string& node, const progress& now,
                            std::string_view command,
                            replication::log_position at) {
  if (dead_.contains(node))
    return;
  progress_[node] = now;
  if (listener_)
    listener_(node, at);
  const auto number = std::to_string(now.position);
  if (now.position > states_.size() + 1)
    return broken_(node + " applies a command after a gap, as number "
                   + number);
  if (now.position <= states_.size()) {
    if (states_[now.position - 1] != now.state
        || entries_[now.position - 1] != at)
      broken_(node + " differs from the others in command " + number);
    return;
  }
  states_.push_back(now.state);
  entries_.push_back(at);
  const auto [known, fresh] = positions_.emplace(command, now.position);
  if (!fresh)
    broken_("a command is applied twice, as number "
            + std::to_string(known->second) + " and " + number);
}

void apply_witness::restored(const std::string& node, const progress& now) {
  if (dead_.contains(node))
    return;
  progress_[node] = now;
  const bool known = now.position <= states_.size();
  const auto nothing = progress{}.state; // a snapshot before the first command
  if (!known
      || now.state != (now.position == 0 ? nothing : states_[now.position - 1]))
    broken_(node + " took over a snapshot that differs from what was applied, "
                   "at command "
            + std::to_string(now.position));
}

// -- witnessed_machine --------------------------------------------------------

std::string witnessed_machine::apply(const machine::apply_context& context,
                                     std::string_view command) {
  std::string reply;
  if (user_)
    reply = user_->apply(context, command.substr(command.find(' ') + 1));
  now_ = {now_.position + 1, next_state(now_.state, command, reply)};
  witness_.applied(node_, now_, command, {context.term, context.index});
  return reply_of(now_.position);
}

std::string witnessed_machine::query(std::string_view) const {
  return std::to_string(now_.position);
}

std::string witnessed_machine::save() const {
  return std::to_string(now_.position) + ' ' + std::to_string(now_.state) + ' '
         + std::string(filler_bytes, ' ') + (user_ ? user_->save() : "");
}

result<void> witnessed_machine::load(std::string_view saved) {
  apply_witness::progress then;
  for (auto* const number : {&then.position, &then.state}) {
    const auto* const end = saved.data() + saved.size();
    const auto read = std::from_chars(saved.data(), end, *number);
    if (read.ec != std::errc{} || read.ptr == end || *read.ptr != ' ')
      return error{errc::corrupt, "not a saved state"};
    saved.remove_prefix(static_cast<std::size_t>(read.ptr - saved.data()) + 1);
  }
  if (saved.size() < filler_bytes)
    return error{errc::corrupt, "a piece of the state is missing"};
  if (user_)
    if (auto loaded = user_->load(saved.substr(filler_bytes)); !loaded)
      return loaded;
  now_ = then;
  witness_.restored(node_, now_);
  return {};
}

} // namespace cohort::testkit
