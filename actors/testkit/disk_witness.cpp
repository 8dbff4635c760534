#include "testkit/disk_witness.hpp"

#include "core/check.hpp"
#include "storage/node_directory.hpp"
#include "storage/snapshot_store.hpp"

#include <cstring>
#include <variant>

namespace cohort::testkit {

namespace {

constexpr std::size_t word_bytes = sizeof(std::uint64_t);

template <class... Handlers>
struct overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers> // Clang 14 does not guess it
overloaded(Handlers...)->overloaded<Handlers...>;

std::string directory_of(const std::string& node) {
  return "/" + node;
}

bool is_of_log(const std::string& path) {
  return path.find("/log/segment-") != std::string::npos;
}

/// A set of which something was durable that a start did not find.
std::optional<set_id> first_lost(const std::map<set_id, kept_log>& logs,
                                 const storage::opened_log& opened) {
  for (const auto& [set, log] : logs) {
    const auto found = opened.sets.find(set);
    const bool kept = found == opened.sets.end() ? log.blank()
                                                 : log.is_within(found->second);
    if (!kept)
      return set;
  }
  return std::nullopt;
}

std::span<const std::byte> whole_pages(std::span<const std::byte> data,
                                       std::vector<std::byte>& room) {
  room.assign(data.begin(), data.end());
  room.resize((room.size() + storage::page_bytes - 1) / storage::page_bytes
              * storage::page_bytes);
  return room;
}

} // namespace

disk_witness::known_disk& disk_witness::of(const std::string& node) {
  auto& x = disks_[node];
  x.node = node;
  return x;
}

// -- lives of nodes -----------------------------------------------------------

void disk_witness::starts(const std::string& node, faulty_file_system& disk,
                          const storage::log_options& options) {
  auto& x = of(node);
  x.options = options;
  recover(x, disk.crash_losing_nothing(), true);
  x.files = &disk;
  x.boot = 0;
  x.parts.clear();
  disk.on_durable([this, &x](const std::string& path, std::uint64_t,
                             std::span<const std::byte> data) {
    if (is_of_log(path))
      take(x, path, data);
  });
}

void disk_witness::stops(const std::string& node) {
  auto& x = of(node);
  if (!x.files)
    return;
  x.files->on_durable({});
  recover(x, x.files->crash_losing_all(), false);
  x.files = nullptr;
}

void disk_witness::forget(const std::string& node) {
  auto& x = of(node);
  COHORT_CHECK(!x.files);
  x.logs.clear();
}

void disk_witness::doubt(const std::string& node) {
  auto& x = of(node);
  COHORT_CHECK(!x.files);
  x.doubted = true;
}

bool disk_witness::takes_for_torn(const std::string& node,
                                  const faulty_file_system& disk) const {
  const auto& x = disks_.at(node);
  const auto copy = disk.crash_losing_nothing();
  copy->set_disk_bytes(~std::uint64_t{0});
  auto directory = storage::node_directory::open(*copy, directory_of(node));
  if (!directory || !directory->identity())
    return false;
  const auto opened = directory->open_log(x.options);
  if (!opened || opened->verdict != storage::tail_verdict::torn)
    return false;
  return first_lost(x.logs, *opened).has_value();
}

std::string disk_witness::lack_of(const std::string& node,
                                  const std::vector<set_id>& sets) const {
  const auto found = disks_.find(node);
  if (found == disks_.end())
    return "a disk";
  for (const auto set : sets) {
    const auto at = found->second.logs.find(set);
    const auto in = " in set " + to_string(set);
    if (at == found->second.logs.end())
      return "a log" + in;
    const auto& log = at->second;
    if (!log.votes())
      return "a vote" + in;
    if (log.suspect())
      return "trust" + in;
    if (log.below_vote_floor())
      return "what it may have acknowledged" + in;
    const auto end = common_.commit_index(set);
    if (!log.holds({common_.committed_at(set, end).value_or(term_t{}), end}))
      return "entry " + to_string(end) + in;
  }
  return {};
}

bool disk_witness::has_sound_snapshots(const std::string& node,
                                       const std::vector<set_id>& sets) const {
  const auto found = disks_.find(node);
  if (found == disks_.end() || !found->second.files)
    return false;
  const auto disk = found->second.files->crash_losing_nothing();
  const auto store =
    storage::snapshot_store::open(*disk, directory_of(node) + "/snapshots", {});
  if (!store)
    return false;
  for (const auto set : sets) {
    const auto newest = (*store)->open_newest(set);
    if (!newest)
      return false;
    auto reader = *newest;
    std::string chunk;
    for (bool more = reader.has_value(); more;) {
      const auto read = reader->next(chunk);
      if (!read)
        return false;
      more = *read;
    }
  }
  return true;
}

/// Lets the code of the product recover what is on a copy of a disk.
void disk_witness::recover(known_disk& x, const image& disk, bool begins) {
  const auto old = begins ? std::exchange(x.logs, {}) : x.logs;
  const bool doubted = begins && std::exchange(x.doubted, false);
  disk->set_disk_bytes(~std::uint64_t{0});
  auto directory = storage::node_directory::open(*disk, directory_of(x.node));
  if (directory && !directory->identity() && old.empty())
    return;
  auto opened = directory ? directory->open_log(x.options)
                          : result<storage::opened_log>{directory.err()};
  if (!opened) {
    if (!old.empty() && !doubted)
      broken_("the disk of " + x.node
              + " cannot be recovered: " + to_string(opened.err()));
    return;
  }
  x.owner = directory->identity()->owner.incarnation;
  for (const auto& [set, found] : opened->sets) {
    if (begins)
      begin(x, set, found, *opened->log);
    else if (const auto differs = log_of(x, set)->difference(found))
      broken_(x.node + " recovers " + *differs + " in set " + to_string(set));
    if (const auto before = old.find(set); before != old.end())
      log_of(x, set)->check_keeps(before->second, doubted);
  }
  if (doubted)
    return;
  if (const auto set = first_lost(old, *opened))
    broken_(x.node + " recovers less of set " + to_string(*set)
            + " than was durable");
}

void disk_witness::begin(known_disk& x, set_id set,
                         const replication::recovered_state& found,
                         const storage::node_log& from) {
  std::vector<replication::entry> entries;
  for (auto next = found.base.index.next(); next <= found.last;
       next = found.base.index + (entries.size() + 1)) {
    auto more = from.read(set, next, found.last, ~std::size_t{0});
    if (!more)
      return broken_(x.node + ": " + to_string(more.err()));
    entries.insert(entries.end(), more->begin(), more->end());
  }
  log_of(x, set)->begin(found, entries);
}

kept_log* disk_witness::log_of(known_disk& x, set_id set) {
  const auto report = [this](const std::string& what) { broken_(what); };
  return &x.logs.try_emplace(set, common_, report, set, x.owner).first->second;
}

// -- blocks -------------------------------------------------------------------

void disk_witness::take(known_disk& x, const std::string& path,
                        std::span<const std::byte> data) {
  std::vector<std::byte> room;
  auto left = whole_pages(data, room);
  while (!left.empty()) {
    auto header = storage::read_block_header(left.first(storage::sector_bytes));
    const auto size = header ? std::size_t{header->pages} * storage::page_bytes
                             : left.size() + 1;
    if (size > left.size())
      return broken_(path + " has a durable part that is no block");
    take_block(x, *header, left.first(size));
    left = left.subspan(size);
  }
}

void disk_witness::take_block(known_disk& x,
                              const storage::block_header& header,
                              std::span<const std::byte> pages) {
  x.boot = std::max(x.boot, header.boot_counter);
  std::vector<std::byte> body(header.body_bytes);
  if (!storage::gather_body(pages, 0, header.life, header.number, 0, body))
    return broken_("a block of " + x.node + " is not whole when it is durable");
  if (header.continues)
    body.insert(body.begin(), x.parts.begin(), x.parts.end());
  if (header.continued)
    x.parts = std::move(body);
  else
    take_records(x, body);
}

void disk_witness::take_records(known_disk& x,
                                std::span<const std::byte> body) {
  if (body.empty())
    return;
  frame_buffer buffer{body.size() / word_bytes};
  std::memcpy(buffer.data(), body.data(), buffer.size());
  const frame whole{std::move(buffer)};
  for (std::size_t word = 0; word < whole.word_count();) {
    const auto* at = reinterpret_cast<const std::byte*>(whole.words() + word);
    const auto words = codec::record_size({at, codec::record_prefix_bytes})
                       / word_bytes;
    const auto record = codec::decode_record(whole, word, words);
    if (!record)
      return broken_("a durable record of " + x.node + ": "
                     + to_string(record.err()));
    std::visit(
      overloaded{
        [&](const codec::segment_head& head) {
          x.owner = head.owner.incarnation;
        },
        [&](const codec::set_removal& gone) { x.logs.erase(gone.set); },
        [](const codec::set_cut&) {},
        [&](const auto& change) { log_of(x, change.set)->add(change); },
      },
      *record);
    word += words;
  }
}

// -- promises -----------------------------------------------------------------

void disk_witness::greets(const std::string& from, const hello& who) {
  const auto& x = of(from);
  if (x.files && who.boot > x.boot)
    broken_(from + " says that this is start " + std::to_string(who.boot)
            + " before it is durable");
}

void disk_witness::sends(const std::string& from, node_id to, const frame& f) {
  auto& x = of(from);
  if (!x.files)
    return;
  const auto said = codec::decode_peer(f);
  if (said)
    judge(x, to, *said);
}

/// What has to be durable before what leaves: docs/PROTOCOL.md, section 4.
void disk_witness::judge(known_disk& x, node_id to,
                         const codec::peer_frame& said) {
  const auto set = said.set;
  const auto promise = [&](bool kept, const char* what) {
    if (!kept)
      broken_(x.node + ", set " + to_string(set) + ": " + what
              + " leaves before it is durable");
  };
  if (const auto* done = std::get_if<snapshot_answer>(&said.body))
    return promise(done->verdict != snapshot_verdict::done
                     || has_snapshot(x, set, done->position.index),
                   "the arrival of a snapshot");
  const auto* message = std::get_if<replication::message>(&said.body);
  if (!message)
    return;
  auto& log = *log_of(x, set);
  using namespace replication;
  std::visit(
    overloaded{
      // With a later term on the disk there is no other vote in this
      // one, although it may never have been there itself: one write
      // took both.
      [&](const vote_request& m) {
        promise(m.pre || m.term < log.term() || log.voted(m.term, said.from),
                "a campaign");
      },
      [&](const vote_reply& m) {
        promise(m.pre || m.term <= log.term(), "a term");
        promise(m.pre || !m.granted || m.term < log.term()
                  || log.voted(m.term, to),
                "a vote");
      },
      [&](const append_request& m) {
        promise(log.voted(m.term, said.from), "a primary's term");
        judge(x, log, set, m);
      },
      [&](const append_reply& m) {
        promise(m.term <= log.term(), "a term");
        promise(m.suspect || !log.suspect(), "a lift");
        judge(x, log, set, m);
      },
      [&](const state_answer& m) {
        promise(m.term <= log.term(), "a term");
        promise(m.term < log.term() || log.holds(m.last), "the end of a log");
      },
      [](const auto&) {},
    },
    *message);
}

void disk_witness::judge(known_disk& x, const kept_log& log, set_id set,
                         const replication::append_request& said) {
  auto& sent = sent_[{set, said.term}];
  sent[said.prev.index] = said.prev.term;
  for (const auto& e : said.entries)
    sent[e.index] = e.term;
  auto term = log.term_at(said.commit_index);
  if (const auto known = sent.find(said.commit_index); known != sent.end())
    term = known->second;
  if (term)
    common_.committed(set, {*term, said.commit_index}, log.epoch(), x.node);
}

/// The copy is that of the primary's entry, not just one of its index.
void disk_witness::judge(known_disk& x, const kept_log& log, set_id set,
                         const replication::append_reply& said) {
  if (said.verdict != replication::append_verdict::accepted
      || said.term < log.term())
    return;
  const auto& sent = sent_[{set, said.term}];
  const auto known = sent.find(said.match);
  const bool kept = known == sent.end()
                      ? said.match <= log.last_index()
                      : log.holds({known->second, said.match});
  if (!kept && !has_snapshot(x, set, said.match))
    broken_(x.node + ", set " + to_string(set) + ": acknowledges "
            + to_string(said.match) + ", its durable log ends at "
            + to_string(log.last_index()));
}

bool disk_witness::has_snapshot(const known_disk& x, set_id set,
                                index_t index) {
  const auto disk = x.files->crash_losing_all();
  auto store = storage::snapshot_store::open(
    *disk, directory_of(x.node) + "/snapshots", {});
  if (!store)
    return false;
  const auto newest = (*store)->open_newest(set);
  if (!newest || !*newest)
    return false;
  const auto reached = (**newest).head().base.index;
  common_.covered(set, x.owner, reached);
  return reached >= index;
}

void disk_witness::applies(const std::string& node, set_id set,
                           replication::log_position at) {
  common_.committed(set, at, {}, node);
}

} // namespace cohort::testkit
