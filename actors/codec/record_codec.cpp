#include "codec/record_codec.hpp"

#include "codec/common_codec.hpp"
#include "codec/message.hpp"
#include "core/little_endian.hpp"

#include "schemas/record.capnp.h"

#include <array>

namespace cohort::codec {

namespace {

constexpr std::size_t word_bytes = sizeof(capnp::word);

/// Records up to this are built without an allocation.
constexpr std::size_t scratch_words = 4096;

/// Lists of members take most of a configuration; each may have 64 of them, and
/// a configuration state has four.
constexpr std::size_t membership_bound = 2560;

constexpr std::size_t padding_of(std::size_t size) {
  return (word_bytes - size % word_bytes) % word_bytes;
}

const std::array<std::byte, word_bytes> zeros{};

std::span<const std::byte> bytes_of(kj::ArrayPtr<const capnp::word> words) {
  return std::as_bytes(std::span{words.begin(), words.size()});
}

/// An entry without its payload, which follows the message.
void encode_bare(wire::Entry::Builder to, const replication::entry& from) {
  auto bare = from;
  bare.payload = {};
  encode(to, bare);
}

void encode_entries(wire::SetWrite::Builder to,
                    std::span<const replication::entry> from) {
  if (from.empty())
    return;
  const auto count = static_cast<unsigned>(from.size());
  auto entries = to.initEntries(count);
  auto sizes = to.initPayloadBytes(count);
  for (unsigned i = 0; i < count; ++i) {
    encode_bare(entries[i], from[i]);
    sizes.set(i, static_cast<std::uint32_t>(from[i].payload.size()));
  }
}

template <class Builder>
void encode_owner(Builder to, const log_owner& from) {
  to.setClusterHigh(from.cluster.high);
  to.setClusterLow(from.cluster.low);
  to.setNode(from.node);
  to.setIncarnation(from.incarnation.value);
}

template <class Reader>
log_owner decode_owner(Reader from) {
  return {{from.getClusterHigh(), from.getClusterLow()},
          from.getNode().cStr(),
          node_id{from.getIncarnation()}};
}

} // namespace

// -- encoding -----------------------------------------------------------------

struct record_encoder::state {
  using builder = capnp::MallocMessageBuilder;

  std::vector<capnp::word> scratch = std::vector<capnp::word>(scratch_words);
  std::optional<builder> message;
  std::vector<std::uint32_t> table; ///< prefix and sizes of segments
  std::vector<std::span<const std::byte>> pieces;
  encoded_record result;

  wire::LogRecord::Builder begin() {
    message.reset(); // gives the scratch back, zeroed
    message.emplace(kj::arrayPtr(scratch.data(), scratch.size()));
    return message->initRoot<wire::LogRecord>();
  }

  const encoded_record& finish(std::span<const replication::entry> entries);
  std::size_t add_message();
};

/// Adds the message in the framing of capnp/serialize.h. The first two numbers
/// of the table are the record's prefix.
std::size_t record_encoder::state::add_message() {
  const auto segments = message->getSegmentsForOutput();
  const auto count = static_cast<std::uint32_t>(segments.size());
  table.assign(2, 0);
  table.push_back(count - 1);
  for (const auto segment : segments)
    table.push_back(static_cast<std::uint32_t>(segment.size()));
  if (table.size() % 2 != 0)
    table.push_back(0);
  const auto table_bytes = std::as_bytes(std::span{table});
  pieces.push_back(table_bytes);
  std::size_t size = table_bytes.size() - record_prefix_bytes;
  for (const auto segment : segments) {
    pieces.push_back(bytes_of(segment));
    size += pieces.back().size();
  }
  for (auto& x : table)
    store_le(&x, x);
  return size;
}

const encoded_record&
record_encoder::state::finish(std::span<const replication::entry> entries) {
  pieces.clear();
  const auto message_bytes = add_message();
  auto size = record_prefix_bytes + message_bytes;
  for (const auto& x : entries) {
    if (x.payload.empty())
      continue;
    const auto padding = padding_of(x.payload.size());
    pieces.push_back(x.payload.span());
    if (padding != 0)
      pieces.push_back(std::span{zeros}.first(padding));
    size += x.payload.size() + padding;
  }
  store_le(&table[0], static_cast<std::uint32_t>(size / word_bytes));
  store_le(&table[1], static_cast<std::uint32_t>(message_bytes / word_bytes));
  result = {size, pieces};
  return result;
}

record_encoder::record_encoder() : state_(std::make_unique<state>()) {
  // nop
}

record_encoder::~record_encoder() = default;

const encoded_record& record_encoder::encode(const segment_head& x) {
  auto to = state_->begin().initSegment();
  encode_owner(to, x.owner);
  to.setUnknownSetsSuspect(x.unknown_sets_suspect);
  return state_->finish({});
}

const encoded_record& record_encoder::encode(const set_state& x) {
  auto to = state_->begin().initSet();
  to.setSet(x.set.value);
  codec::encode(to.initState(), x.state);
  if (x.base)
    codec::encode(to.initBase(), *x.base);
  return state_->finish({});
}

const encoded_record& record_encoder::encode(const set_removal& x) {
  state_->begin().setRemoved(x.set.value);
  return state_->finish({});
}

const encoded_record& record_encoder::encode(const set_cut& x) {
  auto to = state_->begin().initCut();
  to.setSet(x.set.value);
  to.setFirst(x.first.value);
  return state_->finish({});
}

const encoded_record&
record_encoder::encode(set_id set, const replication::write_request& request,
                       bool head, std::span<const replication::entry> entries) {
  auto to = state_->begin().initWrite();
  to.setSet(set.value);
  if (head && request.state)
    codec::encode(to.initState(), *request.state);
  if (head && request.base) {
    codec::encode(to.initBase(), *request.base);
    to.setKeepTail(request.keep_tail);
  }
  encode_entries(to, entries);
  return state_->finish(entries);
}

const encoded_record&
record_encoder::encode_moved(set_id set,
                             std::span<const replication::entry> x) {
  auto to = state_->begin().initMoved();
  to.setSet(set.value);
  encode_entries(to, x);
  return state_->finish(x);
}

std::size_t entry_bytes_bound(const replication::entry& x) {
  // Its struct, its payload's size and padding; what else there may be of it.
  const auto members = x.members ? membership_bound : std::size_t{0};
  return 80 + members + x.payload.size();
}

// -- decoding -----------------------------------------------------------------

std::size_t record_size(std::span<const std::byte> prefix) {
  return load_le<std::uint32_t>(prefix.data()) * word_bytes;
}

namespace {

/// Reads entries whose payloads lie in `payloads`.
class entry_reader {
public:
  entry_reader(const frame& whole, std::span<const std::byte> payloads)
    : whole_(whole),
      payloads_(payloads) {}

  result<std::vector<replication::entry>> read(wire::SetWrite::Reader from) {
    const auto entries = from.getEntries();
    const auto sizes = from.getPayloadBytes();
    if (entries.size() != sizes.size())
      return error{errc::malformed, "record: entries without payload sizes"};
    if (!can_hold(whole_.size(), entries.size(), entry_words_min))
      return error{errc::malformed, "record: entries without bytes"};
    std::vector<replication::entry> result;
    result.reserve(entries.size());
    for (unsigned i = 0; i < entries.size(); ++i) {
      auto x = decode(entries[i], whole_);
      if (!x)
        return x.err();
      if (i > 0
          && (x->index != result.back().index.next()
              || x->index < result.back().index)) // it wraps
        return error{errc::malformed, "record: entries are not consecutive"};
      const std::size_t size = sizes[i];
      if (size + padding_of(size) > payloads_.size())
        return error{errc::malformed, "record: payloads are cut short"};
      x->payload = whole_.alias(payloads_.data(), size);
      payloads_ = payloads_.subspan(size + padding_of(size));
      result.push_back(std::move(*x));
    }
    return result;
  }

private:
  const frame& whole_;
  std::span<const std::byte> payloads_;
};

segment_head decode_head(wire::SegmentHeader::Reader from) {
  return {decode_owner(from), from.getUnknownSetsSuspect()};
}

result<log_record> decode_set(wire::SetState::Reader from) {
  set_state result;
  result.set = set_id{from.getSet()};
  result.state = decode(from.getState());
  if (from.hasBase()) {
    auto base = decode(from.getBase());
    if (!base)
      return base.err();
    result.base = std::move(*base);
  }
  return log_record{std::move(result)};
}

result<log_record> decode_change(wire::SetWrite::Reader from,
                                 entry_reader entries) {
  set_change result;
  result.set = set_id{from.getSet()};
  if (from.hasState())
    result.state = decode(from.getState());
  if (from.hasBase()) {
    auto base = decode(from.getBase());
    if (!base)
      return base.err();
    result.base = std::move(*base);
    result.keep_tail = from.getKeepTail();
  }
  auto read = entries.read(from);
  if (!read)
    return read.err();
  result.entries = std::move(*read);
  return log_record{std::move(result)};
}

result<log_record> decode_moved(wire::SetWrite::Reader from,
                                entry_reader entries) {
  auto read = entries.read(from);
  if (!read)
    return read.err();
  if (read->empty())
    return error{errc::malformed, "record: nothing was moved"};
  return log_record{moved_entries{set_id{from.getSet()}, std::move(*read)}};
}

} // namespace

result<log_record> decode_record(const frame& whole, std::size_t first_word,
                                 std::size_t count) {
  COHORT_CHECK(first_word + count <= whole.word_count());
  const auto* begin = whole.data() + first_word * word_bytes;
  if (count == 0 || load_le<std::uint32_t>(begin) != count)
    return error{errc::malformed, "record: its length is not its own"};
  const std::size_t message_words = load_le<std::uint32_t>(begin + 4);
  if (message_words >= count)
    return error{errc::malformed, "record: its message is cut short"};
  const auto* message = begin + record_prefix_bytes;
  const auto message_bytes = message_words * word_bytes;
  const std::span payloads{
    reinterpret_cast<const std::byte*>(message + message_bytes),
    (count - 1 - message_words) * word_bytes};
  return decode_as<wire::LogRecord>(
    "record", message, message_bytes,
    [&](wire::LogRecord::Reader from) -> result<log_record> {
      switch (from.which()) {
        case wire::LogRecord::SEGMENT:
          return log_record{decode_head(from.getSegment())};
        case wire::LogRecord::SET:
          return decode_set(from.getSet());
        case wire::LogRecord::WRITE:
          return decode_change(from.getWrite(), {whole, payloads});
        case wire::LogRecord::MOVED:
          return decode_moved(from.getMoved(), {whole, payloads});
        case wire::LogRecord::REMOVED:
          return log_record{set_removal{set_id{from.getRemoved()}}};
        case wire::LogRecord::CUT:
          return log_record{set_cut{set_id{from.getCut().getSet()},
                                    index_t{from.getCut().getFirst()}}};
      }
      return error{errc::unsupported, "record: of an unknown kind"};
    });
}

// -- heads of other files -----------------------------------------------------

frame encode(const node_identity& x) {
  capnp::MallocMessageBuilder message;
  auto to = message.initRoot<wire::NodeIdentity>();
  encode_owner(to, x.owner);
  to.setLogCreated(x.log_created);
  return to_frame(message);
}

result<node_identity> decode_identity(const frame& from) {
  return decode_as<wire::NodeIdentity>(
    "identity", from.data(), from.size(),
    [](wire::NodeIdentity::Reader x) -> result<node_identity> {
      return node_identity{decode_owner(x), x.getLogCreated()};
    });
}

frame encode(const node_state& x) {
  capnp::MallocMessageBuilder message;
  auto root = message.initRoot<wire::NodeState>();
  root.setReplaces(x.replaces.value);
  root.setComplete(x.complete);
  root.setCoordinator(x.coordinator);
  auto without = root.initWithout(static_cast<unsigned>(x.without.size()));
  for (unsigned i = 0; i < without.size(); ++i)
    without.set(i, x.without[i]);
  auto boots = root.initBoots(static_cast<unsigned>(x.boots.size()));
  unsigned at = 0;
  for (const auto& [incarnation, known] : x.boots) {
    auto boot = boots[at++];
    boot.setIncarnation(incarnation.value);
    boot.setBoot(known.boot);
    boot.setNonce(known.nonce);
  }
  return to_frame(message);
}

result<node_state> decode_node_state(const frame& from) {
  return decode_as<wire::NodeState>(
    "node state", from.data(), from.size(),
    [](wire::NodeState::Reader x) -> result<node_state> {
      node_state state;
      state.replaces = node_id{x.getReplaces()};
      state.complete = x.getComplete();
      state.coordinator = x.getCoordinator();
      for (const auto name : x.getWithout())
        state.without.emplace_back(name.cStr());
      for (const auto boot : x.getBoots())
        state.boots[node_id{boot.getIncarnation()}] = {boot.getBoot(),
                                                       boot.getNonce()};
      return state;
    });
}

frame encode(const snapshot_head& x) {
  capnp::MallocMessageBuilder message;
  auto to = message.initRoot<wire::SnapshotHeader>();
  to.setSet(x.set.value);
  encode(to.initBase(), x.base);
  to.setMachineVersion(x.machine_version);
  to.setAttachmentBytes(x.attachment_bytes);
  auto terms = to.initTerms(static_cast<unsigned>(x.terms.size()));
  for (unsigned i = 0; i < terms.size(); ++i) {
    terms[i].setFirst(x.terms[i].first.value);
    terms[i].setTerm(x.terms[i].term.value);
  }
  return to_frame(message);
}

result<snapshot_head> decode_snapshot_head(const frame& from) {
  return decode_as<wire::SnapshotHeader>(
    "snapshot head", from.data(), from.size(),
    [](wire::SnapshotHeader::Reader x) -> result<snapshot_head> {
      auto base = decode(x.getBase());
      if (!base)
        return base.err();
      snapshot_head result;
      result.set = set_id{x.getSet()};
      result.base = std::move(*base);
      result.machine_version = x.getMachineVersion();
      result.attachment_bytes = x.getAttachmentBytes();
      for (const auto run : x.getTerms())
        result.terms.push_back(
          {index_t{run.getFirst()}, term_t{run.getTerm()}});
      return result;
    });
}

} // namespace cohort::codec
