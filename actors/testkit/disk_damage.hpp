// Damage to a disk, as it happens to real ones.
#pragma once

#include "core/rng.hpp"
#include "testkit/faulty_file_system.hpp"

#include <string>

namespace cohort::testkit {

/// Spoils one sector of a file, and one that holds something: a bit flips, it
/// reads as zeros, it cannot be read, or it has what was meant for another
/// place. Returns what was done; empty: there is nothing on the disk.
std::string damage_disk(faulty_file_system& disk, rng& random);

} // namespace cohort::testkit
