// Seeds for the targets of files.
#include "codec/samples.hpp"
#include "fuzz/bytes_source.hpp"
#include "fuzz/log_image.hpp"
#include "fuzz/seeds.hpp"
#include "storage/node_directory.hpp"
#include "storage/segment_scan.hpp"
#include "storage/snapshot_store.hpp"

#include <algorithm>

namespace cohort::fuzz {

namespace {

using namespace storage;
using replication::entry;
using replication::entry_kind;
using testkit::faulty_file_system;

open_request log_request() {
  open_request result;
  result.directory = log_path;
  result.owner = {{1, 2}, "node-a", node_id{1}};
  result.options = {.segment_bytes = image_bytes,
                    .log_bytes_max = 4 * image_bytes,
                    .log_bytes_limit = 8 * image_bytes,
                    .block_bytes_max = image_bytes / 4,
                    .spare_segments = 1,
                    .disk_reserve_bytes = 0,
                    .reclaim_bytes_max = 8 << 10};
  return result;
}

entry entry_of(std::uint64_t term, std::uint64_t index, std::string payload) {
  entry x;
  x.term = term_t{term};
  x.index = index_t{index};
  x.kind = payload.empty() ? entry_kind::empty : entry_kind::command;
  x.log_time_ms = static_cast<std::int64_t>(1'000 * index);
  x.payload = bytes::of(std::move(payload));
  return x;
}

set_write write_of(std::uint64_t set, std::vector<entry> entries) {
  set_write result;
  result.set = set_id{set};
  result.request.entries = std::move(entries);
  return result;
}

struct description {
  std::string text;
  std::uint64_t last_block_at = 0; ///< in the last file
  unsigned last_file = 0;
};

/// All blocks of a log, oldest first.
description describe(faulty_file_system& disk, char mode) {
  description result;
  result.text = std::string(1, mode);
  const auto names = list_with_prefix(disk, log_path, "segment-");
  std::vector<std::pair<std::string, segment_scan>> scans;
  for (const auto& name : *names) {
    auto content = disk.contents(join(log_path, name));
    auto scan = scan_segment(name, std::as_bytes(std::span{content}));
    if (scan.life > 0)
      scans.emplace_back(std::move(content), std::move(scan));
  }
  std::sort(scans.begin(), scans.end(), [](const auto& x, const auto& y) {
    return x.second.life < y.second.life;
  });
  for (std::size_t i = 0; i < scans.size(); ++i)
    for (const auto& x : scans[i].second.blocks) {
      const auto pages =
        std::as_bytes(std::span{scans[i].first})
          .subspan(std::size_t{x.header.first_page} * page_bytes,
                   std::size_t{x.header.pages} * page_bytes);
      std::string body(x.header.body_bytes, '\0');
      gather_body(pages, 0, x.header.life, x.header.number, 0,
                  std::as_writable_bytes(std::span{body}));
      result.last_file = static_cast<unsigned>(i);
      result.last_block_at = std::uint64_t{x.header.first_page} * page_bytes;
      describe_block(result.text, result.last_file, x.header, body);
    }
  return result;
}

/// A log of two sets, with most kinds of records.
void write_log(faulty_file_system& disk) {
  static_cast<void>(disk.make_directory(log_path));
  const auto opened = node_log::open(disk, log_request());
  auto& log = *opened->log;
  replication::write_request begin;
  begin.state.emplace().term = term_t{1};
  begin.entries = {entry_of(1, 1, ""), entry_of(1, 2, "first"),
                   entry_of(1, 3, "cut")};
  auto configuration = codec::tests::sample_append().entries[1];
  configuration.index = index_t{3};
  configuration.term = term_t{5};
  const std::vector<set_write> writes[] = {
    {{set_id{1}, begin}, write_of(2, {entry_of(1, 1, "other")})},
    {write_of(1, {configuration, entry_of(5, 4, "")})},
    {write_of(3, {entry_of(1, 1, "leaves")})}};
  for (const auto& x : writes)
    static_cast<void>(log.write(x));
  static_cast<void>(log.remove_set(set_id{3}));
  static_cast<void>(log.cover_tail());
}

/// A snapshot replaced the beginning; then another start.
void write_base(faulty_file_system& disk) {
  write_log(disk);
  const auto opened = node_log::open(disk, log_request());
  set_write x;
  x.set = set_id{1};
  x.request.base = codec::tests::sample_base();
  x.request.base->index = index_t{2};
  x.request.base->term = term_t{1};
  x.request.keep_tail = true;
  static_cast<void>(opened->log->write({&x, 1}));
}

/// A record in two blocks, made of one in one: blocks need not be full.
std::string split_record() {
  codec::record_encoder encoder;
  const auto record_of = [](const codec::encoded_record& x) {
    std::string result;
    for (const auto piece : x.pieces)
      result.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return result;
  };
  const auto head =
    record_of(encoder.encode(codec::segment_head{log_request().owner, false}));
  replication::write_request request;
  request.entries = {entry_of(1, 1, "a large entry, in parts")};
  const auto record =
    record_of(encoder.encode(set_id{1}, request, true, request.entries));
  std::string result(1, '\0');
  block_header header;
  header.kind = block_kind::opening;
  header.life = header.oldest_life = header.number = header.boot_counter = 1;
  describe_block(result, 0, header, head);
  for (const bool first : {true, false}) {
    header.kind = block_kind::records;
    header.first_page += 1;
    header.synced_before = header.previous;
    header.previous = header.number++;
    header.continued = first;
    header.continues = !first;
    header.sets = std::vector{set_id{1}};
    describe_block(result, 0, header,
                   first ? record.substr(0, 40) : record.substr(40));
  }
  return result;
}

void add_logs(std::vector<seed>& to) {
  const auto add = [&](const char* name, std::string content) {
    to.push_back({"log_directory", name, std::move(content)});
  };
  faulty_file_system disk;
  write_log(disk);
  const auto log = describe(disk, '\0');
  add("log", log.text);
  add("log-newer-owner", describe(disk, '\3').text);
  auto damaged = log.text; // in what no later block covers
  damaged += static_cast<char>(image_part::damage);
  damaged += static_cast<char>(log.last_file);
  put_number(damaged, log.last_block_at + sector_bytes - 1);
  put_text(damaged, "x");
  add("log-damaged-tail", damaged);
  faulty_file_system other;
  write_base(other);
  add("base", describe(other, '\4').text);
  add("parts", split_record());
}

// -- snapshots ----------------------------------------------------------------

codec::snapshot_head snapshot_head() {
  codec::snapshot_head result;
  result.set = set_id{1};
  result.base = codec::tests::sample_base();
  result.base.members.next.reset();
  result.machine_version = 1;
  result.attachment_bytes = 8;
  result.terms = {{index_t{1}, term_t{1}}, {index_t{6}, term_t{2}}};
  return result;
}

void add_snapshot_files(std::vector<seed>& to) {
  const auto head = encode(snapshot_head());
  std::string described = "\1";
  described += '\0';
  put_text(described, {head.data(), head.size()});
  described += '\1';
  put_text(described, "sessions");
  for (const auto* content : {"the content", "of a machine"}) {
    described += '\2';
    put_text(described, content);
  }
  described += '\4';
  to.push_back({"snapshot_file", "described", described});
}

// -- the node's directory -----------------------------------------------------

void add_directories(std::vector<seed>& to) {
  const auto identity =
    encode(codec::node_identity{{{7, 8}, "n1", node_id{9}}, false});
  codec::node_state state;
  state.complete = true;
  state.without = {"x"};
  state.boots = {{node_id{3}, {5, 6}}};
  const auto known = encode(state);
  std::string described = "\2\2";
  put_text(described, {identity.data(), identity.size()});
  put_text(described, {known.data(), known.size()});
  to.push_back({"node_directory", "both", described});
  faulty_file_system disk;
  {
    auto directory = node_directory::open(disk, "n");
    static_cast<void>(directory->write_owner({{7, 8}, "n1", node_id{9}}));
    static_cast<void>(directory->write_state(state));
  }
  std::string raw = "\1\1";
  put_text(raw, disk.contents("n/identity"));
  put_text(raw, disk.contents("n/state"));
  to.push_back({"node_directory", "raw", raw});
}

} // namespace

void add_storage_seeds(std::vector<seed>& to) {
  add_logs(to);
  add_snapshot_files(to);
  add_directories(to);
}

} // namespace cohort::fuzz
