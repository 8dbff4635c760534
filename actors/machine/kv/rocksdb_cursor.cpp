#include "machine/kv/rocksdb_cursor.hpp"

#include <rocksdb/iterator.h>

#include <algorithm>
#include <map>
#include <span>
#include <utility>

namespace cohort::kv::rocks {

namespace {

// -- of an overlay ------------------------------------------------------------

class item_cursor final : public cursor {
public:
  item_cursor(const overlay& of, std::uint64_t from) : of_(of) {
    take(from);
  }

  bool valid() const override {
    return at_ < here_.size();
  }
  std::string_view key() const override {
    return key_;
  }
  bool hides() const override {
    return removes(here_[at_].what.what());
  }
  std::optional<item> what() const override {
    return here_[at_].what.what();
  }
  void next() override {
    if (++at_ < here_.size())
      make_key();
    else
      take(here_.back().position + 1);
  }

private:
  void take(std::uint64_t from) {
    here_ = of_.items().at_or_after(from);
    at_ = 0;
    if (valid())
      make_key();
  }
  void make_key() {
    make_data_key(key_, of_.generation(), here_[at_].position,
                  here_[at_].what.key());
  }

  const overlay& of_;
  std::span<const key_trie::entry> here_;
  std::size_t at_ = 0;
  std::string key_;
};

class cut_cursor final : public cursor {
public:
  cut_cursor(std::shared_ptr<trie_cut> of, generation_t generation)
    : of_(std::move(of)),
      generation_(generation) {
    take();
  }

  bool valid() const override {
    return !here_.empty();
  }
  std::string_view key() const override {
    return key_;
  }
  bool hides() const override {
    return removes(here_.front().what.what());
  }
  std::optional<item> what() const override {
    return here_.front().what.what();
  }
  void next() override {
    here_.pop_front();
    take();
  }

private:
  /// A position may turn out to have nothing.
  void take() {
    while (here_.empty() && of_->take_next(here_)) {
    }
    if (valid())
      make_data_key(key_, generation_, here_.front().position,
                    here_.front().what.key());
  }

  std::shared_ptr<trie_cut> of_;
  generation_t generation_;
  std::deque<key_trie::entry> here_;
  std::string key_;
};

class expiry_cursor final : public cursor {
public:
  expiry_cursor(const overlay& of, const std::string& from)
    : of_(of.expiries()),
      at_(of_.lower_bound(from)) {}

  bool valid() const override {
    return at_ != of_.end();
  }
  std::string_view key() const override {
    return at_->first;
  }
  bool hides() const override {
    return !at_->second;
  }
  std::optional<item> what() const override {
    return std::nullopt;
  }
  void next() override {
    ++at_;
  }

private:
  const std::map<std::string, bool>& of_;
  std::map<std::string, bool>::const_iterator at_;
};

// -- of the database ----------------------------------------------------------

class disk_cursor final : public cursor {
public:
  disk_cursor(rocksdb::DB& db, std::string end, const std::string& from)
    : end_(std::move(end)),
      end_slice_(end_) {
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &end_slice_;
    at_.reset(db.NewIterator(options));
    at_->Seek(from);
  }

  bool valid() const override {
    return at_->Valid();
  }
  std::string_view key() const override {
    return to_view(at_->key());
  }
  bool hides() const override {
    return false;
  }
  std::optional<item> what() const override {
    return parse_item(to_view(at_->value()));
  }
  void next() override {
    at_->Next();
  }
  rocksdb::Status status() const override {
    return at_->status();
  }

private:
  std::string end_;
  rocksdb::Slice end_slice_;
  std::unique_ptr<rocksdb::Iterator> at_;
};

// -- of several ---------------------------------------------------------------

class merged_cursor final : public cursor {
public:
  explicit merged_cursor(std::vector<cursor_ptr> of) : of_(std::move(of)) {
    choose();
  }

  bool valid() const override {
    return first_ != nullptr;
  }
  std::string_view key() const override {
    return first_->key();
  }
  bool hides() const override {
    return first_->hides();
  }
  std::optional<item> what() const override {
    return first_->what();
  }

  /// All that the key hides move with it; the chosen one last, whose key it is.
  void next() override {
    for (const auto& x : of_)
      if (x.get() != first_ && x->valid() && x->key() == first_->key())
        x->next();
    first_->next();
    choose();
  }

  rocksdb::Status status() const override {
    for (const auto& x : of_)
      if (auto of_one = x->status(); !of_one.ok())
        return of_one;
    return {};
  }

private:
  void choose() {
    first_ = nullptr;
    for (const auto& x : of_)
      if (x->valid() && (!first_ || x->key() < first_->key()))
        first_ = x.get();
  }

  std::vector<cursor_ptr> of_;
  cursor* first_ = nullptr;
};

} // namespace

cursor_ptr make_item_cursor(const overlay& of, std::uint64_t from) {
  return std::make_unique<item_cursor>(of, from);
}

cursor_ptr make_cut_cursor(std::shared_ptr<trie_cut> of,
                           generation_t generation) {
  return std::make_unique<cut_cursor>(std::move(of), generation);
}

cursor_ptr make_expiry_cursor(const overlay& of, const std::string& from) {
  return std::make_unique<expiry_cursor>(of, from);
}

cursor_ptr make_disk_cursor(rocksdb::DB& db, char kind, generation_t generation,
                            const std::string& from) {
  return std::make_unique<disk_cursor>(db, end_key(kind, generation), from);
}

cursor_ptr make_merged_cursor(std::vector<cursor_ptr> of) {
  return std::make_unique<merged_cursor>(std::move(of));
}

} // namespace cohort::kv::rocks
