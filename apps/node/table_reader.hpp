// Reads one table of a topology file, and notes all that is wrong with it.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::config {

/// What was found wrong, by key; and where keys are in the file.
class notes {
public:
  struct problem {
    std::string key;
    std::string message;
  };

  void place(const std::string& key, const toml::source_region& where);
  void add(const std::string& key, std::string message);

  const std::vector<problem>& problems() const {
    return problems_;
  }

  /// Whether this key, or the table that it is in, has a problem already.
  bool blames(std::string_view key) const;

  /// The line of a key; of one that is missing, that of its table. 0: none.
  std::uint32_t line_of(std::string_view key) const;

private:
  std::vector<problem> problems_;
  std::map<std::string, std::uint32_t, std::less<>> lines_;
};

/// One table. Each key is asked for once; what nobody asked for is a mistake.
/// A value of the wrong type is noted, and is as if it were not there.
class table_reader {
public:
  /// `path` is the key of the table: "nodes[1]"; empty: the whole file. Keys of
  /// a table that is not there are all missing.
  table_reader(notes& out, std::string path, const toml::table* table);

  /// Notes all keys that nobody asked for.
  void finish();

  std::string key(std::string_view name) const;

  std::optional<std::string> text(const char* name);
  std::optional<std::string> required_text(const char* name,
                                           const char* example);
  std::optional<bool> flag(const char* name);
  std::optional<std::vector<std::string>> texts(const char* name);
  std::optional<std::uint64_t> number(const char* name, std::uint64_t most);
  std::optional<std::uint64_t> size(const char* name);
  const toml::table* table(const char* name);
  /// The tables of [[name]].
  std::vector<const toml::table*> tables(const char* name);

private:
  const toml::node* find(const char* name);
  void wrong_type(const char* name, const toml::node& value,
                  std::string_view expected);

  notes* out_;
  std::string path_;
  const toml::table* table_;
  std::vector<std::string> known_;
};

} // namespace cohort::config
