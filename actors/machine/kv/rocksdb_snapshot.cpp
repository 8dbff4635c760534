// Cuts of the store, and back.
#include "machine/kv/rocksdb_tables.hpp"

#include "core/check.hpp"
#include "machine/kv/snapshot_format.hpp"

#include <rocksdb/sst_file_writer.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace cohort::kv::rocks {

namespace {

/// What fits into a slice of 200 us, also when blocks come from the disk.
constexpr std::size_t records_per_slice = 16;
constexpr std::size_t bytes_per_slice = std::size_t{64} << 10;

/// Of one file of a restore, and of expiries that are sorted at a time.
constexpr std::uint64_t file_bytes = std::uint64_t{32} << 20;
constexpr std::size_t expiries_bytes = std::size_t{4} << 20;

class source final : public machine::snapshot_source {
public:
  source(snapshot_content content, const snapshot_header& header)
    : content_(std::move(content)),
      header_(header) {}

  bool next(std::string& chunk, std::size_t bytes_max) override {
    const auto limit = chunk.size() + std::min(bytes_max, bytes_per_slice);
    if (!begun_)
      begin(chunk);
    auto& at = *content_.items;
    for (std::size_t i = 0; i < records_per_slice && chunk.size() < limit;
         ++i) {
      if (!at.valid())
        return end(chunk);
      if (at.hides()) {
        at.next();
        continue;
      }
      const auto key = parse_data_key(at.key());
      const auto what = at.what();
      if (!key || !what)
        return fail(rocksdb::Status::Corruption("an item is cut off"));
      if (!copy(chunk, limit, key->key, *what))
        break;
      at.next();
      in_value_ = false;
    }
    return true;
  }

private:
  void begin(std::string& chunk) {
    begun_ = true;
    write_header(chunk, header_);
  }

  /// Without its end, no reader takes the snapshot for whole.
  bool end(std::string& chunk) {
    if (content_.items->status().ok())
      write_end(chunk, count_);
    else
      fail(content_.items->status());
    return false;
  }

  bool fail(const rocksdb::Status& status) {
    content_.from->events->fail(to_error("a snapshot", status));
    return false;
  }

  /// Whether the record is complete. A long value takes several slices.
  bool copy(std::string& chunk, std::size_t limit, std::string_view key,
            const item& what) {
    if (what.due(header_.log_time_ms))
      return true;
    if (!in_value_) {
      write_record_head(chunk, key, what);
      in_value_ = true;
      value_at_ = 0;
      ++count_;
    }
    const auto room = limit > chunk.size() ? limit - chunk.size() : 0;
    const auto piece = what.value.substr(value_at_, room);
    chunk += piece;
    value_at_ += piece.size();
    return value_at_ == what.value.size();
  }

  snapshot_content content_;
  snapshot_header header_;
  std::uint64_t count_ = 0;
  bool begun_ = false;
  bool in_value_ = false;
  std::size_t value_at_ = 0;
};

/// Writes sorted files beside the database, which then takes them over. Nothing
/// is in the database before finish(), and what is in it after a crash there is
/// of a generation that never was live.
class sink final : public machine::snapshot_sink {
public:
  sink(rocksdb_store& store, std::shared_ptr<engine> to,
       generation_t generation)
    : store_(store),
      engine_(std::move(to)),
      reader_(store.seed(), [this](const kv_store::placed& x) { receive(x); }) {
    state_.generation = generation;
  }

  ~sink() override {
    writer_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(engine_->restore_path(), ignored);
  }

  result<void> write(std::string_view chunk) override {
    if (auto read = reader_.write(chunk); !read)
      return read;
    return outcome();
  }

  result<void> finish() override {
    if (auto whole = reader_.finish(); !whole)
      return whole;
    end_file();
    write_expiries();
    take_over();
    if (auto written = outcome(); !written)
      return written;
    state_.log_time_ms = reader_.log_time_ms();
    store_.switch_to(state_, soonest_);
    return store_.failed();
  }

private:
  result<void> outcome() const {
    if (!status_.ok())
      return to_error("a restore", status_);
    return {};
  }

  /// The first failure stays.
  void keep(const rocksdb::Status& status) {
    if (status_.ok())
      status_ = status;
  }

  void receive(const kv_store::placed& x) {
    make_data_key(key_, state_.generation, x.position, x.key);
    make_item(value_, x.what);
    append(key_, value_);
    ++state_.count;
    state_.bytes += item_weight(x.key.size(), x.what.value.size());
    if (x.what.expires_ms == never)
      return;
    if (!soonest_ || x.what.expires_ms < *soonest_)
      soonest_ = x.what.expires_ms;
    make_expiry_key(key_, state_.generation, x.what.expires_ms, x.position,
                    x.key);
    expiries_bytes_ += key_.size() + sizeof(std::string);
    expiries_.push_back(key_);
    if (expiries_bytes_ >= expiries_bytes) {
      end_file();
      write_expiries();
    }
  }

  void append(const std::string& key, const rocksdb::Slice& value) {
    if (!writer_)
      begin_file();
    if (!status_.ok())
      return;
    keep(writer_->Put(key, value));
    if (writer_->FileSize() >= file_bytes)
      end_file();
  }

  void begin_file() {
    std::error_code failed;
    std::filesystem::create_directories(engine_->restore_path(), failed);
    if (failed)
      keep(rocksdb::Status::IOError(failed.message()));
    files_.push_back(engine_->restore_path() + "/"
                     + std::to_string(files_.size()) + ".sst");
    writer_ = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions{},
                                                       engine_->options);
    keep(writer_->Open(files_.back()));
  }

  void end_file() {
    if (writer_ && status_.ok())
      keep(writer_->Finish());
    writer_.reset();
  }

  /// Expiries do not come in their order: each file has a sorted part of them.
  void write_expiries() {
    std::sort(expiries_.begin(), expiries_.end());
    for (const auto& key : expiries_)
      append(key, {});
    end_file();
    expiries_.clear();
    expiries_bytes_ = 0;
  }

  void take_over() {
    rocksdb::IngestExternalFileOptions options;
    options.move_files = true;
    options.write_global_seqno = false;
    options.allow_blocking_flush = false;
    for (const auto& file : files_)
      if (status_.ok())
        keep(engine_->db->IngestExternalFile({file}, options));
  }

  rocksdb_store& store_;
  std::shared_ptr<engine> engine_;
  snapshot_reader reader_;
  saved_state state_;
  std::optional<std::int64_t> soonest_;
  rocksdb::Status status_;
  std::unique_ptr<rocksdb::SstFileWriter> writer_;
  std::vector<std::string> files_;
  std::vector<std::string> expiries_;
  std::size_t expiries_bytes_ = 0;
  std::string key_;
  std::string value_;
};

} // namespace

std::unique_ptr<machine::snapshot_source>
make_source(snapshot_content content, const snapshot_header& header) {
  return std::make_unique<source>(std::move(content), header);
}

std::unique_ptr<machine::snapshot_sink> make_sink(rocksdb_store& store,
                                                  std::shared_ptr<engine> to,
                                                  generation_t generation) {
  return std::make_unique<sink>(store, std::move(to), generation);
}

/// What is still changed is cut, what is being flushed stays as it is, and the
/// database gives a cut by itself.
std::unique_ptr<machine::snapshot_source> rocksdb_store::begin_snapshot() {
  COHORT_CHECK(!batch_open_ && !snapshot_is_open());
  if (cut_)
    garbage_.add(std::move(cut_));
  cut_ = std::make_shared<trie_cut>(
    std::shared_ptr<const key_trie>{changes_, &changes_->items()});
  std::vector<cursor_ptr> layers;
  layers.push_back(make_cut_cursor(cut_, state_.generation));
  snapshot_content content{engine_, nullptr, nullptr};
  if (flushed_hides_disk()) {
    layers.push_back(make_item_cursor(*flushed_, 0));
    content.flushed = flushed_;
  }
  layers.push_back(make_disk_cursor(*engine_->db, data_kind, state_.generation,
                                    first_key(data_kind, state_.generation)));
  content.items = make_merged_cursor(std::move(layers));
  return make_source(std::move(content), {seed_, state_.log_time_ms});
}

std::unique_ptr<machine::snapshot_sink> rocksdb_store::begin_restore() {
  COHORT_CHECK(!batch_open_);
  return make_sink(*this, engine_, ++newest_generation_);
}

} // namespace cohort::kv::rocks
