#include "testkit/machine_player.hpp"

#include "codec/meta_codec.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace cohort::testkit {

namespace {

constexpr std::size_t chunk_bytes_max = 100;

/// Attempts at one question, each with work in between: more is a loop.
constexpr int attempts_max = 100'000;

constexpr std::int64_t first_time_ms = 1'700'000'000'000;

std::vector<std::string> texts_of(const machine::reply_list& x) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < x.size(); ++i)
    result.emplace_back(x[i]);
  return result;
}

} // namespace

bytes encoded_list(const command_batch& commands) {
  const auto list = codec::encode_list(commands);
  return list.alias(list.data(), list.size());
}

machine_player::machine_player(std::unique_ptr<machine::state_machine> machine,
                               batch_encoder encode, std::uint64_t seed)
  : machine_(std::move(machine)),
    encode_(std::move(encode)),
    random_(seed) {}

/// Log time stands still over some entries and moves on before others.
machine::apply_context machine_player::context() const {
  const auto steps = static_cast<std::int64_t>(applied_ / 3);
  return {index_t{applied_}, term_t{1 + applied_ / 50},
          first_time_ms + 7 * steps};
}

std::vector<std::string> machine_player::apply(const command_batch& batch) {
  ++applied_;
  const auto content = encode_(batch);
  const auto count = machine_->check(content);
  if (!count)
    throw std::runtime_error{"a batch is refused: " + to_string(count.err())};
  machine::reply_list replies;
  for (std::uint32_t first = 0; first < *count;) {
    const auto last =
      first + 1 + static_cast<std::uint32_t>(random_.below(*count - first));
    machine_->apply(context(), content, first, last, replies);
    first = last;
  }
  while (random_.below(2) == 0 && machine_->work()) {
  }
  return texts_of(replies);
}

std::string machine_player::ask(const std::string& question) {
  const auto content = encode_({question});
  for (int i = 0; i < attempts_max; ++i) {
    machine::reply_list replies;
    switch (machine_->query(content, 0, 1, 0, replies)) {
      case machine::query_outcome::done:
        if (replies.size() != 1)
          throw std::runtime_error{
            "a question has " + std::to_string(replies.size()) + " answers"};
        return std::string{replies[0]};
      case machine::query_outcome::time_must_advance:
        throw std::runtime_error{
          "a question at the present log time asks for "
          "a later one"};
      case machine::query_outcome::work_must_be_done:
        machine_->work();
    }
  }
  throw std::runtime_error{"a question is never answered"};
}

std::string machine_player::snapshot() {
  return snapshot([] {});
}

std::string machine_player::snapshot(const std::function<void()>& meanwhile) {
  const auto source = machine_->begin_snapshot();
  std::string result;
  while (source->next(result, 1 + random_.below(chunk_bytes_max)))
    meanwhile();
  return result;
}

bool machine_player::write_some(machine::snapshot_sink& to,
                                std::string_view& rest, result<void>& outcome) {
  if (rest.empty())
    return false;
  const auto count = std::min<std::size_t>(rest.size(),
                                           1 + random_.below(chunk_bytes_max));
  outcome = to.write(rest.substr(0, count));
  rest.remove_prefix(count);
  return static_cast<bool>(outcome);
}

result<void> machine_player::restore(std::string_view saved,
                                     std::uint64_t applied) {
  const auto sink = machine_->begin_restore();
  result<void> outcome;
  while (write_some(*sink, saved, outcome)) {
  }
  if (!outcome)
    return outcome;
  if (auto finished = sink->finish(); !finished)
    return finished;
  applied_ = applied;
  return {};
}

void machine_player::restore_in_part(std::string_view saved) {
  const auto sink = machine_->begin_restore();
  saved = saved.substr(0, random_.below(saved.size() + 1));
  result<void> outcome;
  while (write_some(*sink, saved, outcome)) {
  }
}

} // namespace cohort::testkit
