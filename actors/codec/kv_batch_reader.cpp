#include "codec/kv_codec.hpp"

#include "codec/message.hpp"
#include "core/check.hpp"

#include "schemas/kv.capnp.h"

#include <optional>
#include <string>
#include <utility>

namespace cohort::codec {

namespace {

/// All bits of kv::flag.
constexpr std::uint32_t known_flags = (kv::flag::lcs_match_length << 1) - 1;

/// How often each command may be read, roughly, before a reader refuses; what
/// one small message can make us do stays bounded.
constexpr std::size_t reads_max = 64;

capnp::ReaderOptions batch_options(std::size_t size) {
  auto result = reader_options(size);
  result.traversalLimitInWords *= reads_max;
  return result;
}

std::string_view view_of(capnp::Data::Reader from) {
  return {reinterpret_cast<const char*>(from.begin()), from.size()};
}

error refused(errc code, const char* why) {
  return {code, std::string{"kv batch: "} + why};
}

result<void> read(wire::KvCommand::Reader from, kv::command& to) {
  if (from.getWhat() > static_cast<std::uint16_t>(kv::op::exec))
    return refused(errc::unsupported, "unknown command");
  if ((from.getFlags() & ~known_flags) != 0)
    return refused(errc::unsupported, "unknown flags");
  to.what = static_cast<kv::op>(from.getWhat());
  to.flags = from.getFlags();
  to.number = from.getNumber();
  to.number2 = from.getNumber2();
  to.key = view_of(from.getKey());
  to.value = view_of(from.getValue());
  to.more.clear();
  for (auto x : from.getMore())
    to.more.push_back(view_of(x));
  to.nested.clear();
  to.watches.clear();
  if (const auto* flaw = kv::flaw_of(to))
    return refused(errc::invalid, flaw);
  return {};
}

result<void> read_exec(wire::KvExec::Reader from, kv::command& to) {
  const auto nested = from.getNested();
  const auto watches = from.getWatches();
  if (nested.size() > kv::commands_max || watches.size() > kv::commands_max)
    return refused(errc::too_large, "too many commands in one exec");
  to.nested.resize(nested.size());
  for (unsigned i = 0; i < nested.size(); ++i) {
    if (auto done = read(nested[i], to.nested[i]); !done)
      return done;
    if (to.nested[i].what == kv::op::exec)
      return refused(errc::malformed, "exec inside exec");
  }
  for (auto x : watches)
    to.watches.push_back({view_of(x.getKey()), x.getChanged()});
  return {};
}

} // namespace

struct kv_batch_reader::state {
  bytes batch; ///< what is read lives in here or in `copy`
  frame copy;
  std::optional<capnp::FlatArrayMessageReader> message;
  capnp::List<wire::KvCommand>::Reader commands;
};

kv_batch_reader::kv_batch_reader(std::unique_ptr<state> opened)
  : state_(std::move(opened)) {}
kv_batch_reader::~kv_batch_reader() = default;
kv_batch_reader::kv_batch_reader(kv_batch_reader&&) noexcept = default;
kv_batch_reader&
kv_batch_reader::operator=(kv_batch_reader&&) noexcept = default;

result<kv_batch_reader> kv_batch_reader::open(const bytes& batch) {
  auto opened = std::make_unique<state>();
  opened->batch = batch;
  const void* data = batch.data();
  if (!readable_in_place(data, batch.size())) {
    opened->copy = aligned_copy(batch.view());
    data = opened->copy.data();
  }
  if (!readable_in_place(data, batch.size()))
    return refused(errc::malformed, "not whole words");
  try {
    opened->message.emplace(words_of(data, batch.size()),
                            batch_options(batch.size()));
    opened->commands = opened->message->getRoot<wire::KvBatch>().getCommands();
  } catch (const kj::Exception& e) {
    return refused(errc::malformed, e.getDescription().cStr());
  }
  if (opened->commands.size() == 0)
    return refused(errc::malformed, "empty");
  if (opened->commands.size() > kv::commands_max)
    return refused(errc::too_large, "too many commands");
  return kv_batch_reader{std::move(opened)};
}

std::uint32_t kv_batch_reader::size() const {
  return state_->commands.size();
}

result<void> kv_batch_reader::at(std::uint32_t i, kv::command& to) const {
  COHORT_CHECK(i < size());
  try {
    const auto from = state_->commands[i];
    auto done = read(from, to);
    if (done && to.what == kv::op::exec)
      done = read_exec(from.getExec(), to);
    return done;
  } catch (const kj::Exception& e) {
    return refused(errc::malformed, e.getDescription().cStr());
  }
}

} // namespace cohort::codec
