#include "testkit/history/operation.hpp"

#include <algorithm>

namespace cohort::history {

namespace {

bool returned(const operation& op) {
  return op.ended == outcome::completed || op.ended == outcome::refused;
}

bool is(const access& x, action what) {
  return x.what == what;
}

std::string to_string(const access& x, outcome ended) {
  const auto argument = std::to_string(x.argument);
  const auto gave = ended == outcome::completed
                      ? " -> " + std::to_string(x.result)
                      : std::string{};
  auto text = "key " + std::to_string(x.key);
  switch (x.what) {
    case action::read:
      return text + " read" + gave;
    case action::write:
      return text + " write " + argument;
    case action::add:
      return text + " add " + argument + gave;
    case action::expect:
      return text + " expect " + argument;
  }
  return text;
}

const char* suffix(outcome ended) {
  switch (ended) {
    case outcome::completed:
      return "";
    case outcome::refused:
      return " (refused)";
    case outcome::unknown:
      return " (outcome unknown)";
    case outcome::failed:
      return " (failed)";
  }
  return "";
}

} // namespace

access read(key_id key, value_t result) {
  return {action::read, key, 0, result};
}

access write(key_id key, value_t argument) {
  return {action::write, key, argument, 0};
}

access add(key_id key, value_t argument, value_t result) {
  return {action::add, key, argument, result};
}

access expect(key_id key, value_t argument) {
  return {action::expect, key, argument, 0};
}

time_point end_of(const operation& op) {
  return returned(op) ? op.returned : never;
}

bool changes(const operation& op) {
  return op.ended != outcome::refused && op.ended != outcome::failed
         && std::any_of(op.accesses.begin(), op.accesses.end(),
                        [](const access& x) {
                          return is(x, action::write) || is(x, action::add);
                        });
}

std::string to_string(const operation& op) {
  auto text = "client " + std::to_string(op.client) + ":";
  for (const auto& x : op.accesses)
    text += (&x == op.accesses.data() ? " " : ", ") + to_string(x, op.ended);
  text += " at [" + std::to_string(op.called) + ", ";
  text += returned(op) ? std::to_string(op.returned) + "]" : "open)";
  return text + suffix(op.ended);
}

result<void> validate(std::span<const operation> operations) {
  for (const auto& op : operations) {
    const auto conditions =
      std::any_of(op.accesses.begin(), op.accesses.end(),
                  [](const access& x) { return is(x, action::expect); });
    if (op.accesses.empty())
      return {errc::invalid, "touches no key: " + to_string(op)};
    if (returned(op) && op.returned < op.called)
      return {errc::invalid, "returns before its call: " + to_string(op)};
    if (op.ended == outcome::refused && !conditions)
      return {errc::invalid, "refused without condition: " + to_string(op)};
  }
  return {};
}

} // namespace cohort::history
