// The payload of a command entry: from a gateway, or from the log.
#include "codec/peer_codec.hpp"
#include "fuzz/bytes_source.hpp"
#include "fuzz/fuzz_target.hpp"
#include "fuzz/round_trip.hpp"

namespace cohort::fuzz::command_fuzz {

namespace {

bytes bytes_of(std::string_view x) {
  const auto whole = frame_of(x);
  return whole.alias(whole.data(), whole.size());
}

/// The commands of a batch lie in the payload they came with.
void check_inside(std::string_view content) {
  const auto whole = bytes_of(content);
  const auto decoded = codec::decode_command(whole);
  if (!decoded)
    return;
  const auto* batch = std::get_if<session_batch>(&*decoded);
  if (!batch || batch->commands.empty())
    return;
  expect(batch->commands.data() >= whole.data()
           && batch->commands.data() + batch->commands.size()
                <= whole.data() + whole.size(),
         "commands alias the payload");
}

} // namespace

COHORT_FUZZ_TARGET(command) {
  const auto content = input.substr(0, input.size() / 8 * 8);
  check_inside(content);
  return round_trips(
    content,
    [](std::string_view x) { return codec::decode_command(bytes_of(x)); },
    [](const command_body& x) { return content_of(codec::encode(x)); });
}

} // namespace cohort::fuzz::command_fuzz
