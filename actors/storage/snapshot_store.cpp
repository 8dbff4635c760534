#include "storage/snapshot_store.hpp"

#include "core/check.hpp"
#include "core/mutant.hpp"
#include "storage/node_directory.hpp"

#include <charconv>
#include <cstdio>
#include <utility>

namespace cohort::storage {

namespace {

using replication::log_position;

constexpr const char* final_prefix = "snapshot-";
constexpr const char* staging_prefix = "staged-";

/// Sorts by term, then by index, as positions do.
std::string final_name(log_position at) {
  char text[64];
  std::snprintf(text, sizeof text, "%s%016llx-%016llx", final_prefix,
                static_cast<unsigned long long>(at.term.value),
                static_cast<unsigned long long>(at.index.value));
  return text;
}

std::optional<std::uint64_t> parse_hex(std::string_view digits) {
  std::uint64_t value = 0;
  const auto* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, value, 16);
  if (digits.size() != 16 || parsed.ec != std::errc{} || parsed.ptr != end)
    return std::nullopt;
  return value;
}

std::optional<log_position> parse_final_name(std::string_view name) {
  const std::string_view prefix{final_prefix};
  if (!name.starts_with(prefix) || name.size() != prefix.size() + 33)
    return std::nullopt;
  name.remove_prefix(prefix.size());
  const auto term = parse_hex(name.substr(0, 16));
  const auto index = parse_hex(name.substr(17));
  if (!term || !index || name[16] != '-')
    return std::nullopt;
  return log_position{term_t{*term}, index_t{*index}};
}

log_position position_of(const codec::snapshot_head& head) {
  return {head.base.term, head.base.index};
}

result<void> ignore_missing(result<void> x) {
  if (!x && x.err().code == errc::not_found)
    return {};
  return x;
}

} // namespace

// -- staging ------------------------------------------------------------------

staged_snapshot::staged_snapshot(snapshot_store& store, set_id set,
                                 std::string name)
  : store_(store),
    set_(set),
    name_(std::move(name)) {
  // nop
}

staged_snapshot::~staged_snapshot() {
  // What cannot be removed now is removed when the store is opened.
  if (!name_.empty())
    static_cast<void>(
      store_.files_.remove(join(store_.directory_of(set_), name_)));
}

result<void> staged_snapshot::switch_to(log_position at) {
  auto switched = store_.switch_to(set_, name_, at);
  if (switched)
    name_.clear();
  return switched;
}

snapshot_writer::snapshot_writer(snapshot_store& store,
                                 const codec::snapshot_head& head,
                                 std::string name, std::unique_ptr<file> to)
  : staged_snapshot(store, head.set, std::move(name)),
    at_(position_of(head)),
    file_(std::move(to)) {
  // nop
}

result<void> snapshot_writer::finish() {
  if (auto finished = file_.finish(); !finished)
    return finished;
  return switch_to(at_);
}

snapshot_receiver::snapshot_receiver(snapshot_store& store, set_id set,
                                     log_position at, std::uint64_t file_bytes,
                                     std::string name, std::unique_ptr<file> to)
  : staged_snapshot(store, set, std::move(name)),
    at_(at),
    file_bytes_(file_bytes),
    to_(std::move(to)) {
  // nop
}

result<void> snapshot_receiver::append(std::uint64_t offset,
                                       std::string_view data) {
  if (offset > received_ || data.size() > file_bytes_ - offset)
    return {errc::invalid,
            "a snapshot's bytes come out of order, or are more "
            "than were announced"};
  const auto known = received_ - offset;
  if (known >= data.size())
    return {};
  data.remove_prefix(static_cast<std::size_t>(known));
  if (auto written = to_->write_at(received_, std::as_bytes(std::span{data}));
      !written)
    return written;
  received_ += data.size();
  return {};
}

result<void> snapshot_receiver::finish() {
  if (received_ != file_bytes_)
    return {errc::invalid, "a snapshot is not complete"};
  if (!mutated(mutant::received_is_not_synced))
    if (auto synced = to_->sync(); !synced)
      return synced;
  if (auto verified = verify(); !verified)
    return verified;
  return switch_to(at_);
}

result<void> snapshot_receiver::verify() {
  auto reader = snapshot_file_reader::open(to_, name_);
  if (!reader)
    return reader.err();
  if (reader->head().set != set_ || position_of(reader->head()) != at_)
    return {errc::invalid, "a snapshot is not the one that was announced"};
  std::string chunk;
  for (;;) {
    auto more = reader->next(chunk);
    if (!more)
      return more.err();
    if (!*more)
      return {};
  }
}

// -- the store ----------------------------------------------------------------

snapshot_store::snapshot_store(file_system& files, std::string directory,
                               const options& opts)
  : files_(files),
    directory_(std::move(directory)),
    options_(opts) {
  // nop
}

std::string snapshot_store::directory_of(set_id set) const {
  return join(directory_, path_name(set));
}

result<std::unique_ptr<snapshot_store>>
snapshot_store::open(file_system& files, std::string directory,
                     const options& opts) {
  std::unique_ptr<snapshot_store> result{
    new snapshot_store{files, std::move(directory), opts}};
  auto names = files.list(result->directory_);
  if (!names)
    return names.err();
  for (const auto& name : *names)
    if (parse_hex(name))
      if (auto cleaned =
            result->remove_leftovers(join(result->directory_, name));
          !cleaned)
        return cleaned.err();
  return result;
}

result<void>
snapshot_store::remove_leftovers(const std::string& set_directory) {
  auto names = list_with_prefix(files_, set_directory, staging_prefix);
  if (!names)
    return names.err();
  for (const auto& name : *names)
    if (auto removed = files_.remove(join(set_directory, name)); !removed)
      return removed;
  // The newest may owe its name to a process that died before it was durable;
  // who finds it builds on it.
  if (!mutated(mutant::found_snapshot_is_lost))
    if (auto synced = files_.sync_directory(set_directory); !synced)
      return synced;
  return remove_older(set_directory);
}

result<std::unique_ptr<file>> snapshot_store::stage(set_id set,
                                                    std::string& name) {
  const auto directory = directory_of(set);
  if (auto made = files_.make_directory(directory); !made)
    return made.err();
  if (auto synced = files_.sync_directory(directory_); !synced)
    return synced.err();
  name = staging_prefix + std::to_string(next_staged_++);
  return files_.open(join(directory, name), {.create = true});
}

result<std::unique_ptr<snapshot_writer>>
snapshot_store::begin(const codec::snapshot_head& head,
                      std::string_view attachment) {
  std::string name;
  auto to = stage(head.set, name);
  if (!to)
    return to.err();
  std::unique_ptr<snapshot_writer> result{
    new snapshot_writer{*this, head, std::move(name), std::move(*to)}};
  if (auto begun = result->file_.begin(head, attachment); !begun)
    return begun.err();
  return result;
}

result<std::unique_ptr<snapshot_receiver>>
snapshot_store::receive(set_id set, log_position at, std::uint64_t file_bytes) {
  auto free = files_.free_bytes(directory_);
  if (!free)
    return free.err();
  if (*free < options_.disk_reserve_bytes
      || *free - options_.disk_reserve_bytes < file_bytes)
    return error{errc::no_space,
                 directory_ + ": a snapshot of " + std::to_string(file_bytes)
                   + " bytes does not fit beside disk_reserve_bytes"};
  std::string name;
  auto to = stage(set, name);
  if (!to)
    return to.err();
  return std::unique_ptr<snapshot_receiver>{new snapshot_receiver{
    *this, set, at, file_bytes, std::move(name), std::move(*to)}};
}

result<void> snapshot_store::switch_to(set_id set, const std::string& staged,
                                       log_position at) {
  const auto directory = directory_of(set);
  if (auto renamed = files_.rename(join(directory, staged),
                                   join(directory, final_name(at)));
      !renamed)
    return renamed;
  if (!mutated(mutant::snapshot_name_is_lost))
    if (auto synced = files_.sync_directory(directory); !synced)
      return synced;
  return remove_older(directory);
}

/// Only the newest stays; its name is durable. Not synced: an older one that
/// comes back is removed at the next opportunity.
result<void> snapshot_store::remove_older(const std::string& set_directory) {
  auto names = list_with_prefix(files_, set_directory, final_prefix);
  if (!names)
    return names.err();
  std::erase_if(*names, [](const auto& x) { return !parse_final_name(x); });
  for (std::size_t i = 0; i + 1 < names->size(); ++i)
    if (auto removed =
          ignore_missing(files_.remove(join(set_directory, (*names)[i])));
        !removed)
      return removed;
  return {};
}

result<std::optional<log_position>> snapshot_store::newest(set_id set) {
  auto names = list_with_prefix(files_, directory_of(set), final_prefix);
  if (!names && names.err().code != errc::not_found)
    return names.err();
  std::optional<log_position> result;
  if (names)
    for (const auto& name : *names)
      if (const auto at = parse_final_name(name))
        result = result ? std::max(*result, *at) : *at;
  return result;
}

result<std::optional<snapshot_file_reader>>
snapshot_store::open_newest(set_id set) {
  auto at = newest(set);
  if (!at)
    return at.err();
  if (!*at)
    return std::optional<snapshot_file_reader>{};
  const auto path = join(directory_of(set), final_name(**at));
  auto opened = files_.open(path, {});
  if (!opened)
    return opened.err();
  auto reader = snapshot_file_reader::open(std::move(*opened), path);
  if (!reader)
    return reader.err();
  if (reader->head().set != set || position_of(reader->head()) != **at)
    return error{errc::corrupt,
                 path + ": is another snapshot than its name says"};
  return std::optional{std::move(*reader)};
}

result<void> snapshot_store::remove_set(set_id set) {
  const auto directory = directory_of(set);
  auto names = files_.list(directory);
  if (!names)
    return ignore_missing(names.err());
  for (const auto& name : *names)
    if (auto removed = ignore_missing(files_.remove(join(directory, name)));
        !removed)
      return removed;
  if (auto removed = files_.remove_directory(directory); !removed)
    return removed;
  return files_.sync_directory(directory_);
}

} // namespace cohort::storage
