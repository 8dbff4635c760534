// A log directory as an input describes it: blocks with good checksums wherever
// it wants them, whatever they say; and damage.
#pragma once

#include "fuzz/bytes_source.hpp"
#include "storage/block.hpp"
#include "testkit/faulty_file_system.hpp"

#include <map>
#include <string>

namespace cohort::fuzz {

inline const std::string log_path = "log";

/// All that an image holds has one size, so that any part fits anywhere.
inline constexpr std::size_t image_bytes = std::size_t{64} << 10;
inline constexpr unsigned image_files = 4;

/// Reads a description. What it describes:
///
///   block   kind, flags, page, and the numbers of its header, its body
///   patch   a byte of a sector, whose checksum is made anew
///   damage  bytes of a file, as they are
///   size    the file ends here
///   stray   a file of another name
class log_image {
public:
  explicit log_image(bytes_source& from);

  /// A new disk that holds it, all of it durable.
  std::unique_ptr<testkit::faulty_file_system> disk() const;

private:
  void add_block(bytes_source& from);
  void add_patch(bytes_source& from);
  void add_damage(bytes_source& from);
  void add_size(bytes_source& from);
  void add_stray(bytes_source& from);
  std::string& file(unsigned number);

  std::map<std::string, std::string> files_;
};

/// What block descriptions begin with, and the others; for seeds.
enum class image_part : std::uint8_t { block, patch, damage, size, stray };
inline constexpr unsigned image_parts = 5;

std::string image_file_name(unsigned number);

/// Appends the description of a block that lies in file `number`.
void describe_block(std::string& to, unsigned number,
                    const storage::block_header& header, std::string_view body);

} // namespace cohort::fuzz
