#include "codec/kv_codec.hpp"

#include "codec/message.hpp"
#include "core/check.hpp"

#include "schemas/kv.capnp.h"

#include <cstring>
#include <limits>
#include <utility>
#include <vector>

namespace cohort::codec {

namespace {

// Sizes in words of what is encoded, so that a frame is allocated once and
// built in place.
constexpr std::size_t word_bytes = sizeof(capnp::word);
constexpr std::size_t command_words = 7;
constexpr std::size_t exec_words = 2;
constexpr std::size_t watch_words = 2;
constexpr std::size_t list_tag_words = 1;
/// The frame's table, the root's pointer, the root, the list's tag.
constexpr std::size_t batch_words = 4;

constexpr std::size_t words_for(std::size_t bytes) {
  return (bytes + word_bytes - 1) / word_bytes;
}

/// A range of a vector or of the arena.
struct range {
  std::uint32_t begin = 0;
  std::uint32_t count = 0;
};

struct record {
  kv::op what = kv::op::get;
  std::uint32_t flags = 0;
  std::int64_t number = 0;
  std::int64_t number2 = 0;
  range key;
  range value;
  range more;
  // Of exec only.
  range nested;
  range watches;
};

struct watch_record {
  range key;
  std::uint64_t changed = 0;
};

} // namespace

struct kv_batch_builder::state {
  std::string text;
  std::vector<record> commands;
  std::vector<record> nested;
  std::vector<range> more;
  std::vector<watch_record> watches;
  std::size_t words = batch_words; ///< exact
  bool read_only = true;

  void clear() {
    text.clear();
    commands.clear();
    nested.clear();
    more.clear();
    watches.clear();
    words = batch_words;
    read_only = true;
  }

  range add_text(std::string_view x) {
    COHORT_CHECK(text.size() + x.size()
                 <= std::numeric_limits<std::uint32_t>::max());
    const range result{static_cast<std::uint32_t>(text.size()),
                       static_cast<std::uint32_t>(x.size())};
    text += x;
    words += words_for(x.size());
    return result;
  }

  range add_more(const std::vector<std::string_view>& x) {
    const range result{static_cast<std::uint32_t>(more.size()),
                       static_cast<std::uint32_t>(x.size())};
    for (const auto& one : x)
      more.push_back(add_text(one));
    words += x.size(); // pointers
    return result;
  }

  record to_record(const kv::command& x) {
    words += command_words;
    record result;
    result.what = x.what;
    result.flags = x.flags;
    result.number = x.number;
    result.number2 = x.number2;
    result.key = add_text(x.key);
    result.value = add_text(x.value);
    result.more = add_more(x.more);
    return result;
  }

  range add_watches(std::span<const kv::watch> x) {
    const range result{static_cast<std::uint32_t>(watches.size()),
                       static_cast<std::uint32_t>(x.size())};
    for (const auto& one : x)
      watches.push_back({add_text(one.key), one.changed});
    words += list_tag_words + x.size() * watch_words;
    return result;
  }

  range add_nested(const std::vector<kv::command>& x) {
    const range result{static_cast<std::uint32_t>(nested.size()),
                       static_cast<std::uint32_t>(x.size())};
    for (const auto& one : x) {
      COHORT_CHECK(one.what != kv::op::exec);
      nested.push_back(to_record(one));
    }
    words += exec_words + list_tag_words;
    return result;
  }

  /// The commands of another builder: the text is copied at once, and what
  /// points into it moves along.
  range take_nested(const state& from) {
    COHORT_CHECK(from.nested.empty());
    const auto text_moved = add_text(from.text).begin;
    words -= words_for(from.text.size()); // counted by from.words, one by one
    words += from.words - batch_words + exec_words + list_tag_words;
    const auto more_moved = static_cast<std::uint32_t>(more.size());
    for (const auto& one : from.more)
      more.push_back({one.begin + text_moved, one.count});
    const range result{static_cast<std::uint32_t>(nested.size()),
                       static_cast<std::uint32_t>(from.commands.size())};
    for (auto one : from.commands) {
      one.key.begin += text_moved;
      one.value.begin += text_moved;
      one.more.begin += more_moved;
      nested.push_back(one);
    }
    return result;
  }

  capnp::Data::Reader data(range x) const {
    return {reinterpret_cast<const kj::byte*>(text.data()) + x.begin, x.count};
  }

  void encode(wire::KvCommand::Builder to, const record& from) const;
  void encode_exec(wire::KvExec::Builder to, const record& from) const;
};

/// What is empty is left out: it reads the same.
void kv_batch_builder::state::encode(wire::KvCommand::Builder to,
                                     const record& from) const {
  to.setWhat(static_cast<std::uint16_t>(from.what));
  to.setFlags(from.flags);
  to.setNumber(from.number);
  to.setNumber2(from.number2);
  if (from.key.count > 0)
    to.setKey(data(from.key));
  if (from.value.count > 0)
    to.setValue(data(from.value));
  if (from.more.count > 0) {
    auto list = to.initMore(from.more.count);
    for (std::uint32_t i = 0; i < from.more.count; ++i)
      if (const auto x = more[from.more.begin + i]; x.count > 0)
        list.set(i, data(x));
  }
  if (from.what == kv::op::exec)
    encode_exec(to.initExec(), from);
}

void kv_batch_builder::state::encode_exec(wire::KvExec::Builder to,
                                          const record& from) const {
  auto commands_to = to.initNested(from.nested.count);
  for (std::uint32_t i = 0; i < from.nested.count; ++i)
    encode(commands_to[i], nested[from.nested.begin + i]);
  auto watches_to = to.initWatches(from.watches.count);
  for (std::uint32_t i = 0; i < from.watches.count; ++i) {
    const auto& x = watches[from.watches.begin + i];
    watches_to[i].setChanged(x.changed);
    if (x.key.count > 0)
      watches_to[i].setKey(data(x.key));
  }
}

kv_batch_builder::kv_batch_builder() : state_(std::make_unique<state>()) {}
kv_batch_builder::~kv_batch_builder() = default;
kv_batch_builder::kv_batch_builder(kv_batch_builder&&) noexcept = default;
kv_batch_builder&
kv_batch_builder::operator=(kv_batch_builder&&) noexcept = default;

void kv_batch_builder::append(const kv::command& x) {
  auto added = state_->to_record(x);
  if (x.what == kv::op::exec) {
    added.nested = state_->add_nested(x.nested);
    added.watches = state_->add_watches(x.watches);
  }
  state_->commands.push_back(added);
  state_->read_only = state_->read_only && kv::reads_only(x);
}

void kv_batch_builder::append_exec(const kv_batch_builder& queued,
                                   std::span<const kv::watch> watches) {
  kv::command exec;
  exec.what = kv::op::exec;
  auto added = state_->to_record(exec);
  added.nested = state_->take_nested(*queued.state_);
  added.watches = state_->add_watches(watches);
  state_->commands.push_back(added);
  state_->read_only = state_->read_only && queued.read_only();
}

std::size_t kv_batch_builder::size() const {
  return state_->commands.size();
}

bool kv_batch_builder::read_only() const {
  return state_->read_only;
}

std::size_t kv_batch_builder::frame_bytes() const {
  return state_->words * word_bytes;
}

frame kv_batch_builder::finish() {
  COHORT_CHECK(!empty());
  frame_buffer buffer{state_->words};
  std::memset(buffer.data(), 0, buffer.size());
  // The framing of capnp/serialize.h: one segment, and its size.
  auto* table = reinterpret_cast<std::uint32_t*>(buffer.words());
  table[1] = static_cast<std::uint32_t>(buffer.word_count() - 1);
  capnp::FlatMessageBuilder builder{
    {reinterpret_cast<capnp::word*>(buffer.words()) + 1,
     buffer.word_count() - 1}};
  auto to = builder.initRoot<wire::KvBatch>().initCommands(
    static_cast<unsigned>(state_->commands.size()));
  for (unsigned i = 0; i < to.size(); ++i)
    state_->encode(to[i], state_->commands[i]);
  builder.requireFilled();
  state_->clear();
  return frame{std::move(buffer)};
}

} // namespace cohort::codec
