// What becomes durable, and what was (D7).
#include "machine/kv/rocksdb_tables.hpp"

#include "core/check.hpp"

#include <rocksdb/sst_file_writer.h>

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

// -- flushing -----------------------------------------------------------------

struct flush_file {
  const overlay& changes;
  std::string state;
  std::string attachment;
};

rocksdb::Status write_items(rocksdb::SstFileWriter& to, const overlay& from) {
  std::string key;
  std::string value;
  for (auto here = from.items().at_or_after(0); !here.empty();
       here = from.items().at_or_after(here.back().position + 1))
    for (const auto& x : here) {
      const auto what = x.what.what();
      make_data_key(key, from.generation(), x.position, x.what.key());
      make_item(value, what);
      const auto status = removes(what) ? to.Delete(key) : to.Put(key, value);
      if (!status.ok())
        return status;
    }
  return {};
}

rocksdb::Status write_expiries(rocksdb::SstFileWriter& to,
                               const overlay& from) {
  for (const auto& [key, added] : from.expiries())
    if (const auto status = added ? to.Put(key, {}) : to.Delete(key);
        !status.ok())
      return status;
  return {};
}

/// In the order of the keys; see rocksdb_keys.hpp.
rocksdb::Status write_file(const engine& at, const flush_file& what) {
  static_assert(attachment_key[0] < data_kind && data_kind < expiry_kind
                && expiry_kind < state_key[0]);
  rocksdb::SstFileWriter to{rocksdb::EnvOptions{}, at.options, nullptr,
                            /*invalidate_page_cache=*/false};
  auto status = to.Open(at.flush_path());
  if (status.ok())
    status = to.Put(to_slice(attachment_key), what.attachment);
  if (status.ok())
    status = write_items(to, what.changes);
  if (status.ok())
    status = write_expiries(to, what.changes);
  if (status.ok())
    status = to.Put(to_slice(state_key), what.state);
  return status.ok() ? to.Finish() : status;
}

/// By a thread of its own. The file is on disk before the database knows it,
/// and takes effect as one.
result<void> flush(const engine& at, const flush_file& what) {
  if (auto whole = at.events->failed(); !whole)
    return whole;
  auto status = write_file(at, what);
  if (status.ok() && !at.await_room_for_file()) {
    const auto whole = at.events->failed();
    return whole ? error{errc::closed, "the keys on disk were closed"} : whole;
  }
  if (status.ok()) {
    rocksdb::IngestExternalFileOptions options;
    options.move_files = true;
    options.write_global_seqno = false;
    options.allow_blocking_flush = false;
    status = at.db->IngestExternalFile({at.flush_path()}, options);
  }
  if (!status.ok())
    at.events->fail(to_error("a flush", status));
  else
    at.events->durable_generation_is(what.changes.generation());
  return at.events->failed();
}

} // namespace

void rocksdb_store::begin_flush(index_t applied, term_t term,
                                std::string attachment,
                                std::function<void(result<void>)> done) {
  COHORT_CHECK(!batch_open_ && !flush_is_under_way());
  if (const auto broken = failed(); !broken)
    return done(broken);
  if (!has_room(engine_->directory, changes_->bytes() + attachment.size()
                                      + engine_->spare_disk_bytes))
    return done(
      error{errc::no_space, engine_->directory + ": too full for a flush"});
  ++state_.flush;
  saved_attachment saved{state_.flush, {applied, term, std::move(attachment)}};
  if (flush_.valid())
    flush_.get();
  garbage_.add(std::exchange(flushed_, std::move(changes_)));
  changes_ = std::make_shared<overlay>(state_.generation);
  flush_ended_ = false;
  flush_ = std::async(
    std::launch::async,
    [this, file = flush_file{*flushed_, encode(state_), encode(saved)},
     done = std::move(done)] {
      auto outcome = flush(*engine_, file);
      flush_ended_.store(true, std::memory_order_release);
      done(std::move(outcome));
    });
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
  check(first.Put(to_slice(state_key), encode(state_)), "creating");
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  check(engine_->db->Write(options, &first), "creating");
  if (failed())
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
  changes_ = std::make_shared<overlay>(state_.generation);
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
  saved_attachment saved; // that of create()
  if (read(attachment_key, text)) {
    auto found = decode_attachment(text);
    if (!found)
      return damaged(path, "the attachment is cut off");
    saved = std::move(*found);
  }
  if (saved.flush != state_.flush)
    return damaged(path, "keys without the sessions that go with them");
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
