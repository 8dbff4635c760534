// Seeds for the targets of messages, records and frames.
#include "codec/record_codec.hpp"
#include "codec/samples.hpp"
#include "core/crc32c.hpp"
#include "fuzz/bytes_source.hpp"
#include "fuzz/seeds.hpp"
#include "transport/frame_format.hpp"

namespace cohort::fuzz {

namespace {

using codec::tests::sample;

/// Which target reads a sample, and the byte that tells it what it is.
struct reader {
  const char* prefix; ///< of the sample's name
  const char* target;
  int kind; ///< none if negative
};

constexpr reader readers[] = {
  {"peer-", "peer_frame", -1}, {"handshake-", "handshake", -1},
  {"command-list", "meta", 3}, {"command-", "command", -1},
  {"sessions", "sessions", 0}, {"engine-attachment", "sessions", 1},
  {"meta-reply", "meta", 1},   {"meta-state", "meta", 2},
  {"meta-", "meta", 0},
};

void add_samples(std::vector<seed>& to) {
  for (const auto& x : codec::tests::all_samples())
    for (const auto& by : readers) {
      if (!x.name.starts_with(by.prefix))
        continue;
      std::string content;
      if (by.kind >= 0)
        content += static_cast<char>(by.kind);
      to.push_back({by.target, x.name, content + x.content});
      break;
    }
}

/// A state, and commands for the machine that has it.
void add_meta_machine(std::vector<seed>& to) {
  std::string content = "\4";
  put_text(content, codec::encode(codec::tests::sample_meta()));
  const auto list =
    codec::encode_list({codec::encode(meta_command{mint_command{"a", 78}}),
                        codec::encode(meta_command{bury_command{node_id{2}}})});
  content.append(list.data(), list.size());
  to.push_back({"meta", "machine", content});
}

// -- the log and other files --------------------------------------------------

std::string whole(const codec::encoded_record& x) {
  std::string result;
  for (const auto piece : x.pieces)
    result.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  return result;
}

replication::hard_state some_state() {
  replication::hard_state result;
  result.term = term_t{7};
  result.voted_for = node_id{3};
  result.suspect = true;
  result.vote_floor = {term_t{3}, index_t{4}};
  return result;
}

void add_records(std::vector<seed>& to) {
  codec::record_encoder encoder;
  const auto add = [&](const char* name, const codec::encoded_record& x) {
    to.push_back({"record", name, whole(x)});
  };
  const auto base = codec::tests::sample_base();
  const auto entries = codec::tests::sample_append().entries;
  add("segment", encoder.encode(
                   codec::segment_head{{{1, 2}, "node-a", node_id{3}}, true}));
  add("set", encoder.encode(codec::set_state{set_id{9}, some_state(), base}));
  add("removed", encoder.encode(codec::set_removal{set_id{4}}));
  add("cut", encoder.encode(codec::set_cut{set_id{4}, index_t{17}}));
  replication::write_request request;
  request.state = some_state();
  request.base = base;
  request.keep_tail = true;
  add("write", encoder.encode(set_id{5}, request, true, entries));
  add("moved", encoder.encode_moved(set_id{6}, entries));
}

void add_heads(std::vector<seed>& to) {
  const auto add = [&](const char* name, int kind, const frame& x) {
    std::string content(1, static_cast<char>(kind));
    content.append(x.data(), x.size());
    to.push_back({"file_heads", name, content});
  };
  add("identity", 0,
      encode(codec::node_identity{{{7, 8}, "a name", node_id{9}}, true}));
  codec::node_state state;
  state.replaces = node_id{4};
  state.complete = true;
  state.without = {"x", "y"};
  state.boots = {{node_id{3}, {5, 6}}, {node_id{4}, {7, 8}}};
  add("state", 1, encode(state));
  codec::snapshot_head head;
  head.set = set_id{1};
  head.base = codec::tests::sample_base();
  head.machine_version = 4;
  head.terms = {{index_t{1}, term_t{2}}, {index_t{3}, term_t{4}}};
  add("snapshot", 2, encode(head));
}

// -- frames -------------------------------------------------------------------

/// A piece as the target describes it. Bits of `what`: 1 data, 2 first, 4 last.
void put_piece(std::string& to, int what, std::uint64_t length,
               std::uint64_t total) {
  to += static_cast<char>(what);
  put_number(to, length);
  put_number(to, total);
}

void add_frames(std::vector<seed>& to) {
  std::string small(1, '\0');
  put_piece(small, 6, 64, 64);
  put_piece(small, 0x46, 200, 200);
  small += "text";
  to.push_back({"frames", "small", small});
  std::string large = "\1"; // long pieces, control between them
  put_piece(large, 3, 100'000, 300'000);
  put_piece(large, 6, 40, 40);
  put_piece(large, 1, 100'000, 300'000);
  put_piece(large, 5, 100'000, 300'000);
  to.push_back({"frames", "large", large});
  std::string raw = "\2";
  for (const auto& x : codec::tests::all_samples()) {
    if (x.name != "handshake-hello" && x.name != "peer-vote-request")
      continue;
    transport::piece_header header;
    header.first = header.last = true;
    header.length = header.total = static_cast<std::uint32_t>(x.content.size());
    header.crc = crc32c(x.content.data(), x.content.size());
    const auto head = transport::encode(header);
    raw.append(head.data(), head.size());
    raw += x.content;
  }
  to.push_back({"frames", "raw", raw});
}

} // namespace

void add_message_seeds(std::vector<seed>& to) {
  add_samples(to);
  add_meta_machine(to);
  add_records(to);
  add_heads(to);
  add_frames(to);
}

} // namespace cohort::fuzz
