// A directory on the real disk, for one test.
#pragma once

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace cohort {

/// Made when constructed, removed with everything in it when destroyed.
class temporary_directory {
public:
  temporary_directory() {
    auto name =
      (std::filesystem::temp_directory_path() / "cohort-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }

  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;

  ~temporary_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const {
    return path_;
  }

private:
  std::string path_;
};

} // namespace cohort
