// Reading entries back, beside the writer.
#include "storage/node_log.hpp"

#include "storage/chunk_reader.hpp"

#include <algorithm>
#include <utility>

namespace cohort::storage {

namespace {

/// A reader that finds the ground moved under it looks again this often.
constexpr int attempts_max = 4;

} // namespace

/// Looks up where entries are, with their segments opened for reading.
result<std::vector<located_chunk>>
node_log::locate(set_id set, index_t first, index_t last,
                 std::size_t bytes_max) const {
  const std::lock_guard guard{mutex_};
  std::vector<located_chunk> result;
  for (const auto& x : index_.find(set, first, last, bytes_max)) {
    const auto& in = segments_.at(x.at.life);
    if (!in.reader) {
      auto opened = files_.open(join(directory_, in.name), {.direct = true});
      if (!opened)
        return opened.err();
      in.reader = std::move(*opened);
    }
    result.push_back({x, in.reader, in.name});
  }
  return result;
}

bool node_log::still_there(set_id set, const chunk& x) const {
  const std::lock_guard guard{mutex_};
  const auto now = index_.find(set, x.first, x.first, 1);
  return std::any_of(now.begin(), now.end(),
                     [&](const chunk& y) { return y.at == x.at; });
}

result<std::vector<replication::entry>>
node_log::read(set_id set, index_t first, index_t last,
               std::size_t bytes_max) const {
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    if (auto usable = check_usable(); !usable)
      return usable.err();
    auto chunks = locate(set, first, last, bytes_max);
    if (!chunks)
      return chunks.err();
    if (chunks->empty())
      break;
    chunk_reader reader{*chunks};
    auto entries = reader.read(first, last, bytes_max);
    // If the place was given up meanwhile, a failure says nothing about the
    // disk.
    if (entries || still_there(set, reader.failed_at()))
      return entries;
  }
  return error{errc::not_found, "set " + to_string(set) + ": entry "
                                  + to_string(first) + " is not in the log"};
}

} // namespace cohort::storage
