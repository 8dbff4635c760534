#include "testkit/kv/redis_client.hpp"

#include <algorithm>
#include <utility>

namespace cohort::testkit {

namespace {

using std::chrono::microseconds;

constexpr std::size_t at_once_max = 3;
constexpr std::size_t reads_at_once = 16;

/// So often it uses what nobody else does, with more at once.
constexpr std::uint64_t own_one_in = 4;
constexpr std::size_t own_max = 5;

/// After a refusal, or before another connection.
constexpr microseconds pause_max{50'000};

/// A client goes to another node by itself so often.
constexpr std::uint64_t moves_one_in = 200;

bool is_own(const client_operation& x) {
  return x.item && x.item->kind == item_kind::own;
}

} // namespace

void redis_client::act(microseconds now,
                       const std::vector<std::string>& nodes) {
  now_ = now;
  if (connection_ != 0)
    say_some();
  if (now < due_)
    return;
  if (!asked_.empty())
    return hang_up(); // it has waited for too long
  if (stopped_ && to_read_.empty())
    return;
  if (connection_ == 0)
    return connect(nodes);
  if (options_.home.empty() && random_.below(moves_one_in) == 0)
    return hang_up();
  begin();
}

void redis_client::connect(const std::vector<std::string>& nodes) {
  rest(pause_max);
  const auto& wanted =
    options_.home.empty() ? nodes[random_.below(nodes.size())] : options_.home;
  if (!turns_.serves(wanted))
    return;
  node_ = wanted;
  connection_ =
    turns_.connect(node_, "client-" + std::to_string(options_.number) + ":1");
}

/// Some of what it asks for arrives now.
void redis_client::say_some() {
  if (unsaid_.empty() || halted_)
    return;
  const auto size = random_.below(3) == 0 ? random_.between(1, unsaid_.size())
                                          : unsaid_.size();
  turns_.say(node_, connection_, client_turns::kind::data,
             std::string_view{unsaid_}.substr(0, size));
  unsaid_.erase(0, size);
}

std::vector<client_operation> redis_client::next() {
  std::vector<client_operation> result;
  if (!to_read_.empty()) {
    while (!to_read_.empty() && result.size() < reads_at_once) {
      result.push_back(journal_.writer().read_key(to_read_.front()));
      to_read_.pop_front();
    }
    return result;
  }
  const auto watched = std::exchange(watched_, std::nullopt);
  if (watched && watched->item->has_room())
    return {journal_.writer().compare_and_set(*watched)};
  if (random_.below(own_one_in) == 0)
    return journal_.draw_own(options_.number, random_.between(2, own_max));
  return journal_.draw(random_, random_.between(1, at_once_max));
}

void redis_client::begin() {
  asked_ = next();
  if (asked_.empty())
    return rest(pause_max); // too much is in doubt
  refused_ = false;
  for (const auto& x : asked_) {
    called_.push_back(journal_.begin(x));
    for (const auto& command : x.commands)
      append_request(command, unsaid_);
  }
  due_ = now_ + options_.patience;
  say_some();
}

// -- answers ------------------------------------------------------------------

result<void> redis_client::hear(microseconds now, std::string_view data) {
  now_ = now;
  heard_ += data;
  std::size_t at = 0;
  while (at < heard_.size()) {
    redis_reply reply;
    const auto size = read_reply(std::string_view{heard_}.substr(at), reply);
    if (!size)
      return size.err();
    if (*size == 0)
      break;
    at += *size;
    if (answered_ == asked_.size())
      return {errc::invalid, "it was answered unasked: " + to_string(reply)};
    const auto words = asked_[answered_].commands;
    if (!take(std::move(reply)))
      return {errc::invalid, "a wrong answer to " + words.back().front() + ": "
                               + to_string(replies_.back())};
  }
  heard_.erase(0, at);
  return {};
}

/// False: it must not be.
bool redis_client::take(redis_reply reply) {
  auto& x = asked_[answered_];
  replies_.push_back(std::move(reply));
  if (replies_.size() < x.commands.size())
    return true;
  const auto what = x.outcome(replies_);
  if (what == told::wrong)
    return false;
  replies_.clear();
  end(x, what);
  if (what == told::done && x.watches)
    watched_ = x;
  if (++answered_ < asked_.size()) {
    if (is_own(asked_[answered_]))
      called_[answered_] = journal_.now();
    return true;
  }
  asked_.clear();
  called_.clear();
  answered_ = 0;
  rest(refused_ ? pause_max : options_.think_max);
  return true;
}

void redis_client::end(const client_operation& x, told what) {
  journal_.end(options_.number, node_, x, called_[answered_], what);
  refused_ = refused_ || what == told::nothing;
  if (!x.item && what != told::done)
    to_read_.push_back(x.accesses.front().key);
}

void redis_client::rest(microseconds most) {
  const auto us = random_.below(static_cast<std::uint64_t>(most.count()) + 1);
  due_ = now_ + microseconds{static_cast<std::int64_t>(us)};
}

// -- connections --------------------------------------------------------------

void redis_client::hang_up() {
  turns_.say(node_, connection_, client_turns::kind::closed);
  lose(now_);
}

void redis_client::lose(microseconds now) {
  now_ = now;
  if (!asked_.empty())
    journal_.lost_connection();
  for (; answered_ < asked_.size(); ++answered_)
    end(asked_[answered_], told::in_doubt);
  node_.clear();
  connection_ = 0;
  halted_ = false;
  unsaid_.clear();
  heard_.clear();
  asked_.clear();
  called_.clear();
  answered_ = 0;
  replies_.clear();
  watched_.reset();
  rest(pause_max);
}

} // namespace cohort::testkit
