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
  source(std::shared_ptr<engine> from, const saved_state& state,
         std::uint64_t seed, bounded_iterator content)
    : engine_(std::move(from)),
      state_(state),
      header_{seed, state.log_time_ms},
      content_(std::move(content)) {}

  bool next(std::string& chunk, std::size_t bytes_max) override {
    const auto limit = chunk.size() + std::min(bytes_max, bytes_per_slice);
    if (!begun_)
      begin(chunk);
    auto& at = *content_.at;
    for (std::size_t i = 0; i < records_per_slice && chunk.size() < limit;
         ++i) {
      if (!at.Valid())
        return end(chunk);
      const auto key = parse_data_key(to_view(at.key()));
      const auto what = parse_item(to_view(at.value()));
      if (!key || !what)
        return fail(rocksdb::Status::Corruption("an item is cut off"));
      if (!copy(chunk, limit, key->key, *what))
        break;
      at.Next();
      in_value_ = false;
    }
    return true;
  }

private:
  void begin(std::string& chunk) {
    begun_ = true;
    write_header(chunk, header_);
    content_.at->Seek(first_key(data_kind, state_.generation));
  }

  /// Without its end, no reader takes the snapshot for whole.
  bool end(std::string& chunk) {
    if (content_.at->status().ok())
      write_end(chunk, count_);
    else
      fail(content_.at->status());
    return false;
  }

  bool fail(const rocksdb::Status& status) {
    engine_->events->fail(to_error("a snapshot", status));
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

  std::shared_ptr<engine> engine_;
  saved_state state_;
  snapshot_header header_;
  bounded_iterator content_; ///< closed before the engine
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
make_source(std::shared_ptr<engine> from, const saved_state& state,
            std::uint64_t seed, bounded_iterator content) {
  return std::make_unique<source>(std::move(from), state, seed,
                                  std::move(content));
}

std::unique_ptr<machine::snapshot_sink> make_sink(rocksdb_store& store,
                                                  std::shared_ptr<engine> to,
                                                  generation_t generation) {
  return std::make_unique<sink>(store, std::move(to), generation);
}

std::unique_ptr<machine::snapshot_source> rocksdb_store::begin_snapshot() {
  COHORT_CHECK(!batch_open_);
  return make_source(engine_, state_, seed_, iterate(data_kind));
}

std::unique_ptr<machine::snapshot_sink> rocksdb_store::begin_restore() {
  COHORT_CHECK(!batch_open_);
  return make_sink(*this, engine_, ++newest_generation_);
}

} // namespace cohort::kv::rocks
