#include "fuzz/log_image.hpp"

#include "storage/segment_pool.hpp"

#include <algorithm>
#include <cstdio>
#include <span>
#include <string_view>

namespace cohort::fuzz {

namespace {

using namespace storage;

constexpr std::uint8_t continues_bit = 1;
constexpr std::uint8_t continued_bit = 2;
constexpr std::uint8_t many_sets_bit = 4;

/// Of a description's numbers; a sector of the image.
std::size_t sector_in(const std::string& image, std::uint64_t number) {
  const auto sectors = image.size() / sector_bytes;
  return sectors == 0 ? 0 : static_cast<std::size_t>(number) % sectors;
}

} // namespace

std::string image_file_name(unsigned number) {
  char digits[20];
  std::snprintf(digits, sizeof digits, "%016x", number + 1);
  return segment_pool::name_prefix + std::string{digits};
}

log_image::log_image(bytes_source& from) {
  while (!from.empty())
    switch (static_cast<image_part>(from.byte() % image_parts)) {
      case image_part::block:
        add_block(from);
        break;
      case image_part::patch:
        add_patch(from);
        break;
      case image_part::damage:
        add_damage(from);
        break;
      case image_part::size:
        add_size(from);
        break;
      case image_part::stray:
        add_stray(from);
        break;
    }
}

std::string& log_image::file(unsigned number) {
  const auto name = image_file_name(number % image_files);
  return files_.try_emplace(name, image_bytes, '\0').first->second;
}

void log_image::add_block(bytes_source& from) {
  auto& image = file(from.byte());
  const auto flags = from.byte();
  block_header header;
  header.kind = static_cast<block_kind>(from.byte());
  header.continues = (flags & continues_bit) != 0;
  header.continued = (flags & continued_bit) != 0;
  header.first_page = static_cast<std::uint32_t>(from.number());
  header.life = from.number();
  header.number = from.number();
  header.previous = from.number();
  header.synced_before = from.number();
  header.boot_counter = from.number();
  header.oldest_life = from.number();
  block_builder builder{image_bytes};
  const auto sets = from.byte();
  for (unsigned i = 0; i < sets % named_sets_max; ++i)
    builder.name(set_id{from.number()});
  const auto body = from.text();
  builder.append(std::as_bytes(std::span{body})
                   .first(std::min(body.size(), builder.room())));
  if ((flags & many_sets_bit) != 0)
    for (std::size_t i = 0; i <= named_sets_max; ++i)
      builder.name(set_id{i});
  const auto pages = builder.finish(header);
  const auto at = std::size_t{header.first_page} * page_bytes;
  if (at + pages.size() <= image.size())
    image.replace(at, pages.size(), reinterpret_cast<const char*>(pages.data()),
                  pages.size());
}

void log_image::add_patch(bytes_source& from) {
  auto& image = file(from.byte());
  const auto at = sector_in(image, from.number()) * sector_bytes;
  const auto offset = static_cast<std::size_t>(from.number()) % sector_bytes;
  const auto value = static_cast<char>(from.byte());
  if (at + sector_bytes > image.size())
    return;
  const std::span sector{reinterpret_cast<std::byte*>(image.data()) + at,
                         sector_bytes};
  const auto before = inspect_sector(sector);
  image[at + std::max(offset, sector_head_bytes)] = value;
  if (before.state == sector_state::good)
    seal_sector(sector, before.id);
}

void log_image::add_damage(bytes_source& from) {
  auto& image = file(from.byte());
  const auto at = static_cast<std::size_t>(from.number()) % image_bytes;
  const auto bytes = from.text();
  for (std::size_t i = 0; i < bytes.size() && at + i < image.size(); ++i)
    image[at + i] = bytes[i];
}

void log_image::add_size(bytes_source& from) {
  auto& image = file(from.byte());
  image.resize(static_cast<std::size_t>(from.number()) % (2 * image_bytes));
}

void log_image::add_stray(bytes_source& from) {
  constexpr const char* names[] = {"preparing-0000000000000009", "segment-",
                                   "segment-zzzzzzzzzzzzzzzz", "lost+found",
                                   "segment-00000000000000ff"};
  const auto* name = names[from.byte() % std::size(names)];
  files_[name] = std::string{from.text()};
}

std::unique_ptr<testkit::faulty_file_system> log_image::disk() const {
  auto result = std::make_unique<testkit::faulty_file_system>();
  static_cast<void>(result->make_directory(log_path));
  for (const auto& [name, content] : files_)
    result->put(storage::join(log_path, name), content);
  return result;
}

void describe_block(std::string& to, unsigned number,
                    const block_header& header, std::string_view body) {
  to += static_cast<char>(image_part::block);
  to += static_cast<char>(number);
  to += static_cast<char>((header.continues ? continues_bit : 0)
                          | (header.continued ? continued_bit : 0)
                          | (header.sets ? 0 : many_sets_bit));
  to += static_cast<char>(header.kind);
  for (const auto x : {std::uint64_t{header.first_page}, header.life,
                       header.number, header.previous, header.synced_before,
                       header.boot_counter, header.oldest_life})
    put_number(to, x);
  const auto sets = header.sets.value_or(std::vector<set_id>{});
  to += static_cast<char>(sets.size());
  for (const auto set : sets)
    put_number(to, set.value);
  put_text(to, body);
}

} // namespace cohort::fuzz
