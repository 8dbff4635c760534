// A file system that lets a test act in the middle of somebody's read or write.
#pragma once

#include "storage/file_system.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace cohort::storage::tests {

/// Passes everything on to another file system. `before_read` is called, once,
/// before the next read, and `before_write` before the next write.
class hooked_file_system final : public file_system {
public:
  explicit hooked_file_system(file_system& inner) : inner_(inner) {}

  std::function<void()> before_read;
  std::function<void()> before_write;

  result<std::unique_ptr<file>> open(const std::string& path,
                                     const open_options& options) override {
    auto opened = inner_.open(path, options);
    if (!opened)
      return opened.err();
    return std::unique_ptr<file>{
      std::make_unique<hooked_file>(*this, std::move(*opened))};
  }
  result<void> rename(const std::string& from, const std::string& to) override {
    return inner_.rename(from, to);
  }
  result<void> remove(const std::string& path) override {
    return inner_.remove(path);
  }
  result<void> remove_directory(const std::string& path) override {
    return inner_.remove_directory(path);
  }
  result<void> make_directory(const std::string& path) override {
    return inner_.make_directory(path);
  }
  result<void> sync_directory(const std::string& path) override {
    return inner_.sync_directory(path);
  }
  result<std::vector<std::string>> list(const std::string& path) override {
    return inner_.list(path);
  }
  result<std::unique_ptr<directory_lock>>
  lock_directory(const std::string& path) override {
    return inner_.lock_directory(path);
  }
  result<std::uint64_t> free_bytes(const std::string& path) override {
    return inner_.free_bytes(path);
  }

private:
  class hooked_file final : public file {
  public:
    hooked_file(hooked_file_system& owner, std::unique_ptr<file> inner)
      : owner_(owner),
        inner_(std::move(inner)) {}

    result<void> write_at(std::uint64_t offset,
                          std::span<const std::byte> data) override {
      if (auto act = std::exchange(owner_.before_write, nullptr))
        act();
      return inner_->write_at(offset, data);
    }
    result<std::size_t> read_at(std::uint64_t offset,
                                std::span<std::byte> to) const override {
      if (auto act = std::exchange(owner_.before_read, nullptr))
        act();
      return inner_->read_at(offset, to);
    }
    result<void> sync() override {
      return inner_->sync();
    }
    result<std::uint64_t> size() const override {
      return inner_->size();
    }
    bool durable_writes() const override {
      return inner_->durable_writes();
    }

  private:
    hooked_file_system& owner_;
    std::unique_ptr<file> inner_;
  };

  file_system& inner_;
};

} // namespace cohort::storage::tests
