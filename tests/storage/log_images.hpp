// Looking at the files of a log, and damaging them.
#pragma once

#include "storage/log_model.hpp"

#include "storage/log_chain.hpp"
#include "storage/segment_pool.hpp"
#include "storage/segment_scan.hpp"

#include <string>
#include <vector>

namespace cohort::storage::tests {

inline std::vector<std::string> segments_of(faulty_file_system& disk) {
  auto names = list_with_prefix(disk, log_directory, segment_pool::name_prefix);
  BOOST_REQUIRE(names.ok());
  return *names;
}

inline std::vector<segment_scan> scan_all(faulty_file_system& disk) {
  std::vector<segment_scan> result;
  for (const auto& name : segments_of(disk)) {
    const auto content = disk.contents(join(log_directory, name));
    result.push_back(scan_segment(name, std::as_bytes(std::span{content})));
  }
  return result;
}

/// A sector of a segment file.
struct sector_place {
  std::string path;
  std::uint64_t offset = 0;
};

/// The sectors of the log's blocks, oldest block first.
struct log_image {
  struct block {
    block_header header;
    std::vector<sector_place> sectors;
  };

  log_chain chain;
  std::vector<block> blocks;

  const block& last() const {
    BOOST_REQUIRE(!blocks.empty());
    return blocks.back();
  }
};

inline log_image look_at(faulty_file_system& disk) {
  const auto scans = scan_all(disk);
  log_image result;
  result.chain = follow_chain(scans);
  for (const auto& link : result.chain.links) {
    const auto& scan = scans[link.segment];
    const auto& header = scan.blocks[link.block].header;
    log_image::block x{header, {}};
    const auto begin = std::uint64_t{header.first_page} * page_bytes;
    const auto size = std::uint64_t{header.pages} * page_bytes;
    for (std::uint64_t at = 0; at < size; at += sector_bytes)
      x.sectors.push_back({join(log_directory, scan.name), begin + at});
    result.blocks.push_back(std::move(x));
  }
  return result;
}

enum class damage : std::uint8_t { flip, zero, unreadable };

inline void inflict(faulty_file_system& disk, const sector_place& at,
                    damage what) {
  switch (what) {
    case damage::flip:
      return disk.flip_bit(at.path, at.offset + 137, 3);
    case damage::zero:
      return disk.zero_sector(at.path, at.offset);
    case damage::unreadable:
      return disk.make_unreadable(at.path, at.offset);
  }
}

/// The model with what an ambiguous tail makes of it.
inline model_log suspecting(model_log model,
                            const std::vector<set_id>& suspects) {
  for (const auto set : suspects)
    model.sets[set].state.suspect = true;
  return model;
}

inline model_log suspecting_all(model_log model) {
  for (auto& [set, state] : model.sets)
    state.state.suspect = true;
  return model;
}

} // namespace cohort::storage::tests
