// Files of the operating system.
#pragma once

#include "storage/file_system.hpp"

namespace cohort::storage {

/// The real thing. Files are made with mode 0600 and directories with 0700; no
/// descriptor survives an exec. Links in the last part of a path are not
/// followed.
class posix_file_system final : public file_system {
public:
  result<std::unique_ptr<file>> open(const std::string& path,
                                     const open_options& options) override;
  result<void> rename(const std::string& from, const std::string& to) override;
  result<void> remove(const std::string& path) override;
  result<void> remove_directory(const std::string& path) override;
  result<void> make_directory(const std::string& path) override;
  result<void> sync_directory(const std::string& path) override;
  result<std::vector<std::string>> list(const std::string& path) override;
  result<std::unique_ptr<directory_lock>>
  lock_directory(const std::string& path) override;
  result<std::uint64_t> free_bytes(const std::string& path) override;
};

} // namespace cohort::storage
