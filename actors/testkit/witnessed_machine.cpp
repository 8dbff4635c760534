#include "testkit/witnessed_machine.hpp"

#include <charconv>

namespace cohort::testkit {

namespace {

/// Of a saved state, so that it is sent in several pieces.
constexpr std::size_t filler_bytes = 150'000;

std::uint64_t next_state(std::uint64_t before, std::string_view command) {
  trace_hash hash;
  hash.add(before);
  hash.add(command);
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
  if (now.position == 0 || now.position > states_.size()
      || states_[now.position - 1] != now.state)
    broken_(node + " took over a snapshot that differs from what was applied, "
                   "at command "
            + std::to_string(now.position));
}

// -- witnessed_machine --------------------------------------------------------

std::string witnessed_machine::apply(const machine::apply_context& context,
                                     std::string_view command) {
  now_ = {now_.position + 1, next_state(now_.state, command)};
  witness_.applied(node_, now_, command, {context.term, context.index});
  return std::to_string(now_.position);
}

std::string witnessed_machine::query(std::string_view) const {
  return std::to_string(now_.position);
}

std::string witnessed_machine::save() const {
  return std::to_string(now_.position) + ' ' + std::to_string(now_.state)
         + std::string(filler_bytes, ' ');
}

result<void> witnessed_machine::load(std::string_view saved) {
  if (saved.size() <= filler_bytes)
    return error{errc::corrupt, "a piece of the state is missing"};
  const auto* const end = saved.data() + saved.size() - filler_bytes;
  const auto count = std::from_chars(saved.data(), end, now_.position);
  if (count.ec != std::errc{} || count.ptr == end)
    return error{errc::corrupt, "not a saved count"};
  const auto hash = std::from_chars(count.ptr + 1, end, now_.state);
  if (hash.ec != std::errc{} || hash.ptr != end)
    return error{errc::corrupt, "not a saved state"};
  witness_.restored(node_, now_);
  return {};
}

} // namespace cohort::testkit
