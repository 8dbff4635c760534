#include "core/check.hpp"
#include "machine/kv/garbage_heap.hpp"
#include "machine/kv/memory_generation.hpp"
#include "machine/kv/memory_snapshot.hpp"

#include <utility>

namespace cohort::kv {

namespace {

/// So few are freed in place, so that many FLUSHALL in one batch do not pile
/// up.
constexpr std::uint64_t keys_freed_at_once_max = 500;

class memory_store : public kv_store {
public:
  explicit memory_store(std::uint64_t seed) : seed_(seed) {}

  std::uint64_t seed() const override {
    return seed_;
  }
  std::int64_t log_time_ms() const override {
    return log_time_ms_;
  }
  std::uint64_t size() const override {
    return now_->size();
  }
  std::size_t approximate_bytes() const override {
    return now_->bytes();
  }

  std::optional<item> get(std::string_view key) override;
  void walk(std::uint64_t from, const visitor& visit) override;
  void begin_batch(std::int64_t log_time_ms) override;
  void end_batch() override;
  void put(std::string_view key, const item& x) override;
  bool erase(std::string_view key) override;
  void clear() override;
  std::optional<std::int64_t> soonest_expiry() const override;
  std::size_t erase_due(std::int64_t at_ms, std::size_t count_max) override;
  std::unique_ptr<machine::snapshot_source> begin_snapshot() override;
  std::unique_ptr<machine::snapshot_sink> begin_restore() override;
  bool work() override;

  /// A restored state takes over.
  void replace(std::shared_ptr<generation> by, std::int64_t log_time_ms);
  void discard(std::shared_ptr<garbage> x) {
    discarded_.add(std::move(x));
  }

private:
  bool snapshot_is_open() const {
    return cut_ && cut_.use_count() > 1;
  }

  std::uint64_t seed_;
  std::int64_t log_time_ms_ = 0;
  bool in_batch_ = false;
  std::shared_ptr<generation> now_ = std::make_shared<generation>();
  /// The last one that was begun; its source holds it while it is open.
  std::shared_ptr<trie_cut> cut_;
  garbage_heap discarded_;
};

/// Fills a generation of its own, which takes over at the end.
class memory_restore : public machine::snapshot_sink {
public:
  explicit memory_restore(memory_store& store)
    : store_(store),
      filled_(std::make_shared<generation>()),
      reader_(store.seed(), [this](const kv_store::placed& x) {
        filled_->put(x.position, record_ref{x.key, x.what});
      }) {}

  ~memory_restore() override {
    if (filled_)
      store_.discard(std::move(filled_));
  }

  result<void> write(std::string_view chunk) override {
    return reader_.write(chunk);
  }

  result<void> finish() override {
    if (const auto done = reader_.finish(); !done)
      return done;
    store_.replace(std::move(filled_), reader_.log_time_ms());
    return {};
  }

private:
  memory_store& store_;
  std::shared_ptr<generation> filled_;
  snapshot_reader reader_;
};

// -- reading ------------------------------------------------------------------

std::optional<item> memory_store::get(std::string_view key) {
  const auto* found = now_->keys().find(position_of(seed_, key), key);
  if (!found)
    return std::nullopt;
  return found->what();
}

void memory_store::walk(std::uint64_t from, const visitor& visit) {
  for (;;) {
    const auto here = now_->keys().at_or_after(from);
    if (here.empty())
      return;
    for (const auto& x : here)
      if (!visit({x.position, x.what.key(), x.what.what()}))
        return;
    from = here.back().position + 1;
  }
}

// -- changing -----------------------------------------------------------------

void memory_store::begin_batch(std::int64_t log_time_ms) {
  COHORT_CHECK(!in_batch_ && log_time_ms >= log_time_ms_);
  in_batch_ = true;
  log_time_ms_ = log_time_ms;
}

void memory_store::end_batch() {
  COHORT_CHECK(in_batch_);
  in_batch_ = false;
}

void memory_store::put(std::string_view key, const item& x) {
  COHORT_CHECK(in_batch_ && x.changed != 0);
  const auto position = position_of(seed_, key);
  record_ref added{key, x};
  const auto old = now_->put(position, added);
  if (snapshot_is_open())
    cut_->changed(now_->keys(), position, added.key(), old);
}

bool memory_store::erase(std::string_view key) {
  COHORT_CHECK(in_batch_);
  const auto position = position_of(seed_, key);
  const auto old = now_->take(position, key);
  if (old && snapshot_is_open())
    cut_->changed(now_->keys(), position, old.key(), old);
  return static_cast<bool>(old);
}

void memory_store::clear() {
  COHORT_CHECK(in_batch_);
  auto old = std::exchange(now_, std::make_shared<generation>());
  if (old->size() > keys_freed_at_once_max || old.use_count() > 1)
    discard(std::move(old));
}

// -- expiry -------------------------------------------------------------------

std::optional<std::int64_t> memory_store::soonest_expiry() const {
  const auto* first = now_->soonest();
  if (!first)
    return std::nullopt;
  return first->expires_ms();
}

std::size_t memory_store::erase_due(std::int64_t at_ms, std::size_t count_max) {
  COHORT_CHECK(in_batch_);
  for (std::size_t i = 0; i < count_max; ++i) {
    const auto* first = now_->soonest();
    if (!first || !first->what().due(at_ms))
      return i;
    const record_ref kept = *first; // its key is read while it is removed
    erase(kept.key());
  }
  return count_max;
}

// -- snapshots ----------------------------------------------------------------

std::unique_ptr<machine::snapshot_source> memory_store::begin_snapshot() {
  COHORT_CHECK(!snapshot_is_open());
  if (cut_)
    discard(std::move(cut_));
  cut_ = std::make_shared<trie_cut>(
    std::shared_ptr<const key_trie>{now_, &now_->keys()});
  return std::make_unique<memory_snapshot>(
    cut_, snapshot_header{seed_, log_time_ms_});
}

std::unique_ptr<machine::snapshot_sink> memory_store::begin_restore() {
  return std::make_unique<memory_restore>(*this);
}

void memory_store::replace(std::shared_ptr<generation> by,
                           std::int64_t log_time_ms) {
  discard(std::exchange(now_, std::move(by)));
  log_time_ms_ = log_time_ms;
}

// -- housekeeping -------------------------------------------------------------

/// What an open snapshot still needs stays until the source is gone.
bool memory_store::work() {
  if (cut_ && !snapshot_is_open())
    discard(std::move(cut_));
  return discarded_.free_some();
}

} // namespace

std::unique_ptr<kv_store> make_memory_store(std::uint64_t seed) {
  return std::make_unique<memory_store>(seed);
}

} // namespace cohort::kv
