#include "testkit/simulated_load.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace cohort::testkit {

namespace {

/// At one node.
constexpr std::size_t waiting_max = 8;

bool is_there(const std::future<result<std::string>>& x) {
  return x.wait_for(std::chrono::seconds{0}) == std::future_status::ready;
}

} // namespace

simulated_load::simulated_load(simulated_cluster& cluster,
                               const apply_witness& witness,
                               const simulated_load_options& options,
                               std::uint64_t seed)
  : cluster_(cluster),
    witness_(witness),
    options_(options),
    random_(seed) {}

void simulated_load::give_at(const std::string& name) {
  auto& waiting = waiting_[name];
  if (!cluster_.up(name) || waiting.size() >= waiting_max)
    return;
  job x;
  x.after = newest_;
  if (random_.below(4) == 0) {
    x.answer = cluster_.client(name).query("how many");
  } else {
    x.text = name + '-' + std::to_string(++given_) + ' ';
    x.text += options_.make_command
                ? options_.make_command(random_)
                : std::string(random_.below(options_.padding_max), 'x');
    x.answer = cluster_.client(name).execute(x.text);
  }
  waiting.push_back(std::move(x));
}

void simulated_load::take_answers() {
  for (auto& [name, waiting] : waiting_) {
    for (auto& x : waiting)
      if (is_there(x.answer))
        take(name, x);
    std::erase_if(waiting, [](const job& x) { return !x.answer.valid(); });
  }
}

void simulated_load::take(const std::string& name, job& x) {
  const auto answer = x.answer.get();
  const bool command = !x.text.empty();
  if (answer) {
    judge(x, *answer);
    command ? ++counts_.acknowledged : ++counts_.answered;
    acknowledged_at_[name] += command ? 1 : 0;
    return;
  }
  const auto code = answer.err().code;
  if (!command)
    return;
  if (code == errc::timed_out || code == errc::closed) {
    ++counts_.unknown;
    return;
  }
  ++counts_.refused;
  refused_.insert(x.text);
}

void simulated_load::judge(const job& x, const std::string& answer) {
  const auto what = x.text.empty() ? "a question"
                                   : x.text.substr(0, x.text.find(' '));
  std::uint64_t position = 0;
  const auto* const end = answer.data() + answer.size();
  const auto read = std::from_chars(answer.data(), end, position);
  const bool ends = read.ptr == end || *read.ptr == ' ';
  if (answer.empty() || read.ec != std::errc{} || !ends)
    throw invariant_broken{what + " was answered with '" + answer.substr(0, 100)
                           + "'"};
  if (x.text.empty()) {
    if (position < x.after || position > witness_.length())
      throw invariant_broken{"a question was answered with "
                             + std::to_string(position) + " after number "
                             + std::to_string(x.after)};
    newest_ = std::max(newest_, position);
    return;
  }
  if (witness_.position_of(x.text) != position)
    throw invariant_broken{"command " + what + " was acknowledged as number "
                           + std::to_string(position) + " and is number "
                           + std::to_string(witness_.position_of(x.text))};
  if (position <= x.after)
    throw invariant_broken{"command " + what + " is number " + answer
                           + " and was given after number "
                           + std::to_string(x.after)};
  cluster_.logs().acknowledged(user_set, witness_.entry_of(position));
  newest_ = std::max(newest_, position);
}

void simulated_load::forget(const std::string& name) {
  for (const auto& x : std::exchange(waiting_[name], {}))
    counts_.unknown += x.text.empty() ? 0 : 1;
  acknowledged_at_[name] = 0;
}

bool simulated_load::idle() const {
  return std::all_of(waiting_.begin(), waiting_.end(),
                     [](const auto& x) { return x.second.empty(); });
}

std::uint64_t simulated_load::acknowledged_at(const std::string& name) const {
  const auto at = acknowledged_at_.find(name);
  return at == acknowledged_at_.end() ? 0 : at->second;
}

void simulated_load::check_refused() const {
  for (const auto& text : refused_)
    if (witness_.position_of(text) != 0)
      throw invariant_broken{"command " + text.substr(0, text.find(' '))
                             + " was refused and applied"};
}

} // namespace cohort::testkit
