// Small files that are written in one step and read whole.
#pragma once

#include "core/frame.hpp"
#include "core/result.hpp"
#include "storage/file_system.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohort::storage {

/// What a file says of itself before its content.
struct file_kind {
  std::string_view magic; ///< 8 characters
  std::uint32_t version = 1;
};

/// The largest content; more is refused when reading.
inline constexpr std::size_t sealed_bytes_max = std::size_t{1} << 20;

/// Writes `name` in `directory` anew: staged, synced, renamed, and the
/// directory synced. After a crash the file is the old one or the new one.
result<void> write_sealed(file_system& files, const std::string& directory,
                          const std::string& name, const file_kind& kind,
                          const frame& content);

/// Errors: not_found; corrupt if the checksum is wrong or the file is another
/// kind's; unsupported if its version is newer than `kind.version`.
result<frame> read_sealed(file_system& files, const std::string& directory,
                          const std::string& name, const file_kind& kind);

/// The name under which write_sealed() stages; a leftover may be removed.
std::string staging_name(const std::string& name);

} // namespace cohort::storage
