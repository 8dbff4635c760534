// Damage to a disk, as it happens to real ones.
#pragma once

#include "core/rng.hpp"
#include "testkit/faulty_file_system.hpp"

#include <string>

namespace cohort::testkit {

struct disk_damage {
  std::string what; ///< for people; empty: there is nothing on the disk
  /// The sector reads as one that was never written, or as an older one: so
  /// does a write that a crash interrupted (D3).
  bool looks_unwritten = false;
};

/// Spoils one sector of a file, and one that holds something: a bit flips, it
/// reads as zeros, it cannot be read, or it has what was meant for another
/// place.
disk_damage damage_disk(faulty_file_system& disk, rng& random);

} // namespace cohort::testkit
