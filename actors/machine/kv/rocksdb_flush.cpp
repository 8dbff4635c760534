// What becomes durable, and what was (D7).
#include "machine/kv/rocksdb_tables.hpp"

#include "core/check.hpp"

#include <filesystem>
#include <utility>

namespace cohort::kv::rocks {

namespace {

error damaged(const std::string& directory, const char* what) {
  return {errc::corrupt, directory + ": " + what
                           + "; empty it, the set's other replicas have its "
                             "content"};
}

/// Whether `bytes` certainly fit. A disk that does not say is taken for one
/// with room.
bool has_room(const std::string& directory, std::uintmax_t bytes) {
  std::error_code failed;
  const auto space = std::filesystem::space(directory, failed);
  return failed || space.available >= bytes;
}

} // namespace

// -- flushing -----------------------------------------------------------------

void rocksdb_store::begin_flush(index_t applied, term_t term,
                                std::string attachment,
                                std::function<void(result<void>)> done) {
  COHORT_CHECK(!batch_open_);
  if (const auto broken = failed(); !broken)
    return done(broken);
  if (!has_room(engine_->directory, unflushed_bytes_ + attachment.size()
                                      + engine_->spare_disk_bytes))
    return done(
      error{errc::no_space, engine_->directory + ": too full for a flush"});
  saved_attachment saved;
  saved.batch = state_.batch + 1;
  saved.state = {applied, term, std::move(attachment)};
  rocksdb::WriteBatch last;
  check(last.Put(to_slice(attachment_key), encode(saved)), "a flush");
  write(last);
  unflushed_bytes_ = 0;
  engine_->events->expect_flush(std::move(done), state_.generation);
  rocksdb::FlushOptions options;
  options.wait = false;
  options.allow_write_stall = true;
  auto outcome = engine_->events->failed();
  if (outcome) {
    check(engine_->db->Flush(options), "a flush");
    outcome = engine_->events->failed();
  }
  if (!outcome)
    engine_->events->end_flush(std::move(outcome));
}

// -- opening ------------------------------------------------------------------

/// Whether one of the store's own facts is there.
bool rocksdb_store::read(std::string_view key, std::string& to) const {
  const auto status = engine_->db->Get({}, to_slice(key), &to);
  if (!status.IsNotFound())
    check(status, "opening");
  return status.ok();
}

result<void> rocksdb_store::create() {
  rocksdb::WriteBatch first;
  check(first.Put(to_slice(format_key),
                  encode(saved_format{format_version, seed_})),
        "creating");
  write(first);
  if (auto made = failed(); !made)
    return made;
  check(engine_->db->Flush({}), "creating");
  return failed();
}

result<void> rocksdb_store::recover() {
  std::string format;
  const bool exists = read(format_key, format);
  if (auto readable = failed(); !readable)
    return readable;
  if (const auto done = exists ? recover_state(format) : create(); !done)
    return done;
  unflushed_bytes_ = 0;
  newest_generation_ = freed_before_ = state_.generation;
  engine_->events->durable_generation_is(state_.generation);
  forget_unfinished();
  return failed();
}

result<void> rocksdb_store::recover_state(std::string_view format) {
  const auto& path = engine_->directory;
  const auto decoded = decode_format(format);
  if (!decoded || decoded->version != format_version)
    return error{errc::unsupported,
                 path + ": keys of version "
                   + (decoded ? std::to_string(decoded->version) : "?")
                   + ", this release reads " + std::to_string(format_version)};
  if (decoded->seed != seed_)
    return error{errc::invalid, path + ": keys of another set"};
  std::string text;
  const auto state = read(state_key, text) ? decode_state(text) : std::nullopt;
  if (!state)
    return damaged(path, "the state is missing");
  state_ = *state;
  expiry_.known = false;
  saved_attachment saved;
  saved.batch = 1; // that of create()
  if (read(attachment_key, text)) {
    auto found = decode_attachment(text);
    if (!found)
      return damaged(path, "the attachment is cut off");
    saved = std::move(*found);
  }
  if (saved.batch != state_.batch)
    return damaged(path, "changes without the sessions that go with them");
  recovered_ = std::move(saved.state);
  return {};
}

/// Garbage of the last run: generations that ended, and restores that did not.
void rocksdb_store::forget_unfinished() {
  const std::unique_ptr<rocksdb::Iterator> at{engine_->db->NewIterator({})};
  for (const char kind : {data_kind, expiry_kind}) {
    at->SeekForPrev(first_key(kind, ~generation_t{0}));
    if (!at->Valid())
      continue;
    if (const auto last = generation_of(to_view(at->key())))
      newest_generation_ = std::max(newest_generation_, *last);
  }
  check(at->status(), "opening");
  engine_->filter->unfinished_are(state_.generation, newest_generation_);
  engine_->free_generations(0, state_.generation);
  engine_->free_generations(state_.generation + 1, newest_generation_ + 1);
}

} // namespace cohort::kv::rocks
