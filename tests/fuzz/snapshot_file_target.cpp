// A snapshot's file, found on the disk or sent by a peer.
#include "core/crc32c.hpp"
#include "core/little_endian.hpp"
#include "fuzz/bytes_source.hpp"
#include "fuzz/fuzz_target.hpp"
#include "fuzz/memory_watch.hpp"
#include "storage/node_directory.hpp"
#include "storage/snapshot_store.hpp"
#include "testkit/faulty_file_system.hpp"

#include <cstdio>

namespace cohort::fuzz::snapshot_file_fuzz {

namespace {

using namespace storage;
using replication::log_position;
using testkit::faulty_file_system;

const std::string directory = "snapshots";

/// What is in a file; or why it is refused.
struct content {
  codec::snapshot_head head;
  std::string attachment;
  std::string bytes;
  std::optional<errc> refused;

  bool operator==(const content&) const = default;
};

/// Which snapshot a file says it is.
struct label {
  set_id set{1};
  log_position at{term_t{2}, index_t{10}};
};

/// A file as a description says: chunks whose checksums are good, whatever
/// they hold, and some damage at the end.
class file_maker {
public:
  explicit file_maker(bytes_source& from) {
    while (!from.empty()) {
      const auto what = from.byte();
      if (what % 8 < 4)
        add_chunk(static_cast<std::uint16_t>(what % 8 + 1), what, from.text());
      else if (what % 8 == 4)
        add_footer();
      else if (!file_.empty())
        file_[static_cast<std::size_t>(from.number()) % file_.size()] =
          static_cast<char>(from.byte());
    }
  }

  const std::string& file() const {
    return file_;
  }
  const label& named() const {
    return label_;
  }

private:
  /// The upper bits of `what` spoil a field.
  void add_chunk(std::uint16_t kind, std::uint8_t what, std::string_view body) {
    char head[32] = {};
    store_le(head + 4, std::uint32_t{0x53484f43});
    store_le(head + 8, static_cast<std::uint16_t>(what >> 6 == 1 ? 2 : 1));
    store_le(head + 10, kind);
    store_le(head + 12, static_cast<std::uint32_t>(body.size()));
    store_le(head + 16, std::uint64_t{file_.size() + (what >> 6 == 2 ? 8 : 0)});
    store_le(head + 24, follows_ + (what >> 6 == 3 ? 1 : 0));
    follows_ = crc32c(body.data(), body.size(), crc32c(head + 4, 28));
    store_le(head, follows_);
    file_.append(head, sizeof head);
    file_ += body;
    if (kind == static_cast<std::uint16_t>(snapshot_chunk::content))
      content_bytes_ += body.size();
    if (kind == static_cast<std::uint16_t>(snapshot_chunk::head))
      take_label(body);
  }

  void add_footer() {
    char body[16] = {};
    store_le(body, content_bytes_);
    store_le(body + 8, std::uint64_t{file_.size() + 32 + sizeof body});
    add_chunk(static_cast<std::uint16_t>(snapshot_chunk::footer), 0,
              {body, sizeof body});
  }

  void take_label(std::string_view body) {
    if (const auto head = codec::decode_snapshot_head(frame_of(body)))
      label_ = {head->set, {head->base.term, head->base.index}};
  }

  std::string file_;
  label label_;
  std::uint32_t follows_ = 0;
  std::uint64_t content_bytes_ = 0;
};

std::string path_of(const label& x) {
  char name[64];
  std::snprintf(name, sizeof name, "snapshot-%016llx-%016llx",
                static_cast<unsigned long long>(x.at.term.value),
                static_cast<unsigned long long>(x.at.index.value));
  return join(join(directory, path_name(x.set)), name);
}

content refusal_of(const error& err) {
  expect(err.code == errc::corrupt || err.code == errc::unsupported,
         "a snapshot is refused for what is in it");
  expect(!err.message.empty(), "an error says why");
  content result;
  result.refused = err.code;
  return result;
}

content read_all(snapshot_store& store, set_id set) {
  auto reader = store.open_newest(set);
  if (!reader)
    return refusal_of(reader.err());
  expect(reader->has_value(), "the file is there");
  content result{(*reader)->head(), (*reader)->attachment(), {}, {}};
  std::string chunk;
  for (;;) {
    const auto more = (*reader)->next(chunk);
    if (!more)
      return refusal_of(more.err());
    if (!*more)
      break;
    expect(!chunk.empty(), "there is something in each chunk");
    result.bytes += chunk;
  }
  expect(result.bytes.size() == (*reader)->content_bytes(),
         "a whole file has the content that it announces");
  expect(result.attachment.size() == result.head.attachment_bytes,
         "a whole file has the attachment that it announces");
  return result;
}

struct world {
  faulty_file_system disk;
  std::unique_ptr<snapshot_store> store;

  void open() {
    static_cast<void>(disk.make_directory(directory));
    auto opened = snapshot_store::open(disk, directory,
                                       {.disk_reserve_bytes = 0});
    expect(opened.ok(), "whatever a snapshot holds, the store opens");
    store = std::move(*opened);
  }
};

content read_from_disk(const std::string& file, const label& named) {
  world x;
  static_cast<void>(x.disk.make_directory(directory));
  static_cast<void>(
    x.disk.make_directory(join(directory, path_name(named.set))));
  x.disk.put(path_of(named), file);
  x.open();
  memory_watch watch;
  auto result = read_all(*x.store, named.set);
  expect(watch.peak() <= 64 * file.size() + (std::size_t{64} << 10),
         "reading takes no more memory than the file justifies");
  expect(read_all(*x.store, named.set) == result, "it is read again the same");
  return result;
}

/// Receives the file from a peer, in pieces, some of them twice.
content receive(const std::string& file, const label& named, rng random) {
  world x;
  x.open();
  auto receiver = x.store->receive(named.set, named.at, file.size());
  expect(receiver.ok(), "there is room");
  std::uint64_t offset = 0;
  in_pieces(file, random, [&](std::string_view piece) {
    expect((*receiver)->append(offset, piece).ok(), "pieces are taken");
    expect((*receiver)->append(offset, piece).ok(), "also once more");
    offset += piece.size();
    return true;
  });
  const auto finished = (*receiver)->finish();
  if (!finished) {
    receiver = error{errc::closed, {}};
    const auto newest = x.store->newest(named.set);
    expect(newest.ok() && !newest->has_value(), "what is refused is not kept");
    auto why = finished.err();
    if (why.code == errc::invalid) // another one than the peer said
      why.code = errc::corrupt;    // as under a wrong name on the disk
    return refusal_of(why);
  }
  return read_all(*x.store, named.set);
}

content write_again(const content& x, rng random) {
  world to;
  to.open();
  auto writer = to.store->begin(x.head, x.attachment);
  expect(writer.ok(), "what was read can be written");
  in_pieces(x.bytes, random, [&](std::string_view piece) {
    return (*writer)->append(piece).ok();
  });
  expect((*writer)->finish().ok(), "what was read can be written");
  return read_all(*to.store, x.head.set);
}

} // namespace

COHORT_FUZZ_TARGET(snapshot_file) {
  bytes_source from{input};
  const bool raw = from.byte() % 4 == 0;
  std::string file;
  label named;
  if (raw) {
    file = from.rest();
  } else {
    const file_maker made{from};
    file = made.file();
    named = made.named();
  }
  const auto found = read_from_disk(file, named);
  const auto random = rng_of(input);
  expect(receive(file, named, random) == found,
         "a peer's file is judged as one on the disk");
  if (found.refused)
    return false;
  expect(write_again(found, random) == found, "written again it is the same");
  return true;
}

} // namespace cohort::fuzz::snapshot_file_fuzz
