// What the meta set's machine is told, tells, and keeps.
#include "codec/meta_codec.hpp"
#include "fuzz/bytes_source.hpp"
#include "fuzz/fuzz_target.hpp"
#include "fuzz/round_trip.hpp"
#include "machine/meta_machine.hpp"

namespace cohort::fuzz::meta_fuzz {

namespace {

bytes bytes_of(std::string_view x) {
  const auto whole = frame_of(x);
  return whole.alias(whole.data(), whole.size());
}

std::string write_list(const std::vector<bytes>& x) {
  std::vector<std::string> commands;
  for (const auto& one : x)
    commands.emplace_back(one.view());
  return content_of(codec::encode_list(commands));
}

bool read_list(std::string_view content) {
  return round_trips(
    content.substr(0, content.size() / 8 * 8),
    [](std::string_view x) { return codec::decode_list(bytes_of(x)); },
    write_list, [](const auto& x, const auto& y) { return x == y; });
}

/// Any list is checked, and what passes is applied, from any saved state. The
/// same twice gives the same.
bool run_machine(bytes_source& from) {
  const auto saved = from.text();
  const auto list = bytes_of(from.rest());
  std::string states[2];
  std::string replies[2];
  for (int i = 0; i < 2; ++i) {
    machine::meta_machine tested{{"a", "b"}, [](const meta_state&) {}};
    const auto before = tested.save();
    if (!tested.load(saved))
      expect(tested.save() == before, "a refused state changes nothing");
    machine::reply_list out;
    if (const auto count = tested.check(list); count.ok())
      static_cast<machine::state_machine&>(tested).apply(
        {index_t{7}, term_t{2}, 5}, list, 0, *count, out);
    states[i] = tested.save();
    replies[i] = out.data();
    expect(tested.load(states[i]).ok() && tested.save() == states[i],
           "what is saved is loaded, as the same");
  }
  expect(states[0] == states[1] && replies[0] == replies[1],
         "the machine is deterministic");
  return true;
}

} // namespace

COHORT_FUZZ_TARGET(meta) {
  bytes_source from{input};
  switch (from.byte() % 5) {
    case 0:
      return round_trips(
        from.rest(), codec::decode_meta_command,
        [](const meta_command& x) { return codec::encode(x); });
    case 1:
      return round_trips(from.rest(), codec::decode_meta_reply,
                         [](const meta_reply& x) { return codec::encode(x); });
    case 2:
      return round_trips(
        from.rest(), codec::decode_meta_state,
        [](const meta_state& x) { return codec::encode(x); },
        [](const meta_state& x, const meta_state& y) { return x == y; });
    case 3:
      return read_list(from.rest());
    default:
      return run_machine(from);
  }
}

} // namespace cohort::fuzz::meta_fuzz
