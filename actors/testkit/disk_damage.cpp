#include "testkit/disk_damage.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace cohort::testkit {

namespace {

constexpr std::size_t hit_bytes = 512;

struct place {
  std::string path;
  std::uint64_t offset = 0;
};

/// A sector that is not zeros, of a file that is drawn first: small files are
/// hit as often as large ones.
std::optional<place> draw_place(const faulty_file_system& disk, rng& random) {
  const auto files = disk.files();
  if (files.empty())
    return std::nullopt;
  const auto& path = files[random.below(files.size())];
  const auto contents = disk.contents(path);
  std::vector<std::uint64_t> used;
  for (std::size_t at = 0; at < contents.size(); at += hit_bytes) {
    const auto sector = std::string_view{contents}.substr(at, hit_bytes);
    if (sector.find_first_not_of('\0') != std::string_view::npos)
      used.push_back(at);
  }
  if (used.empty())
    return std::nullopt;
  return place{path, used[random.below(used.size())]};
}

} // namespace

disk_damage damage_disk(faulty_file_system& disk, rng& random) {
  const auto at = draw_place(disk, random);
  if (!at)
    return {};
  const auto where = at->path + " at byte " + std::to_string(at->offset);
  switch (random.below(4)) {
    case 0: {
      // The last sector of a file may be short: its first byte is there.
      const auto bit = static_cast<unsigned>(random.below(8));
      disk.flip_bit(at->path, at->offset, bit);
      return {"a bit flips in " + where, false};
    }
    case 1:
      disk.zero_sector(at->path, at->offset);
      return {"zeros in " + where, true};
    case 2:
      disk.make_unreadable(at->path, at->offset);
      return {"unreadable: " + where, false};
    default:
      break;
  }
  const auto other = draw_place(disk, random);
  if (!other)
    return {};
  disk.misdirect(at->path, at->offset, other->path, other->offset);
  return {"in " + where + " what was meant for " + other->path + " at byte "
            + std::to_string(other->offset),
          true};
}

} // namespace cohort::testkit
