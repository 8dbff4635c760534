#include "node/table_reader.hpp"

#include "node/value_text.hpp"

#include <algorithm>

namespace cohort::config {

namespace {

/// "nodes[1].peer" is in "nodes[1]", which is in "nodes".
std::string_view outer_of(std::string_view key) {
  const auto end = key.find_last_of(".[");
  return end == std::string_view::npos ? std::string_view{}
                                       : key.substr(0, end);
}

std::string_view name_of(toml::node_type type) {
  switch (type) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "a text";
    case toml::node_type::integer:
      return "a number";
    case toml::node_type::floating_point:
      return "a fraction";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

} // namespace

// -- notes --------------------------------------------------------------------

void notes::place(const std::string& key, const toml::source_region& where) {
  lines_[key] = where.begin.line;
}

void notes::add(const std::string& key, std::string message) {
  problems_.push_back({key, std::move(message)});
}

bool notes::blames(std::string_view key) const {
  for (auto at = key; !at.empty(); at = outer_of(at))
    if (std::any_of(problems_.begin(), problems_.end(),
                    [&](const auto& x) { return x.key == at; }))
      return true;
  return false;
}

std::uint32_t notes::line_of(std::string_view key) const {
  for (auto at = key; !at.empty(); at = outer_of(at))
    if (const auto found = lines_.find(at); found != lines_.end())
      return found->second;
  return 0;
}

// -- table_reader -------------------------------------------------------------

table_reader::table_reader(notes& out, std::string path,
                           const toml::table* table)
  : out_(&out),
    path_(std::move(path)),
    table_(table) {
  if (table_ && !path_.empty())
    out_->place(path_, table_->source());
}

std::string table_reader::key(std::string_view name) const {
  return path_.empty() ? std::string{name} : path_ + "." + std::string{name};
}

const toml::node* table_reader::find(const char* name) {
  known_.emplace_back(name);
  const auto* value = table_ ? table_->get(name) : nullptr;
  if (value)
    out_->place(key(name), value->source());
  return value;
}

void table_reader::wrong_type(const char* name, const toml::node& value,
                              std::string_view expected) {
  out_->add(key(name), "is " + std::string{name_of(value.type())} + "; write "
                         + std::string{expected});
}

void table_reader::finish() {
  if (!table_)
    return;
  for (const auto& [name, value] : *table_) {
    const std::string text{name.str()};
    if (std::find(known_.begin(), known_.end(), text) != known_.end())
      continue;
    out_->place(key(text), name.source());
    const auto meant = nearest(text, known_);
    out_->add(key(text), meant.empty()
                           ? "is not known; known here: " + alternatives(known_)
                           : "is not known; did you mean " + meant + "?");
  }
}

std::optional<std::string> table_reader::text(const char* name) {
  const auto* value = find(name);
  if (!value)
    return std::nullopt;
  if (const auto* found = value->as_string())
    return found->get();
  wrong_type(name, *value, "a text in quotes");
  return std::nullopt;
}

std::optional<std::string> table_reader::required_text(const char* name,
                                                       const char* example) {
  if (table_ && table_->contains(name))
    return text(name);
  known_.emplace_back(name);
  if (!out_->blames(path_))
    out_->add(key(name), "is missing; write " + std::string{name} + " = \""
                           + example + "\"");
  return std::nullopt;
}

std::optional<bool> table_reader::flag(const char* name) {
  const auto* value = find(name);
  if (!value)
    return std::nullopt;
  if (const auto* found = value->as_boolean())
    return found->get();
  wrong_type(name, *value, "true or false, without quotes");
  return std::nullopt;
}

std::optional<std::vector<std::string>> table_reader::texts(const char* name) {
  const auto* value = find(name);
  if (!value)
    return std::nullopt;
  const auto* list = value->as_array();
  if (!list) {
    wrong_type(name, *value, "a list of texts: [\"n1\", \"n2\"]");
    return std::nullopt;
  }
  std::vector<std::string> result;
  for (const auto& x : *list)
    if (const auto* found = x.as_string())
      result.push_back(found->get());
  if (result.size() == list->size() && !result.empty())
    return result;
  out_->add(key(name), result.size() == list->size()
                         ? "is empty; leave it out to mean all"
                         : "holds something else than texts; write [\"n1\", "
                           "\"n2\"]");
  return std::nullopt;
}

std::optional<std::uint64_t> table_reader::number(const char* name,
                                                  std::uint64_t most) {
  const auto* value = find(name);
  if (!value)
    return std::nullopt;
  const auto* found = value->as_integer();
  if (!found) {
    wrong_type(name, *value, "a whole number, without quotes");
    return std::nullopt;
  }
  if (found->get() >= 0 && static_cast<std::uint64_t>(found->get()) <= most)
    return static_cast<std::uint64_t>(found->get());
  out_->add(key(name), std::to_string(found->get())
                         + " is out of range; write 0 to "
                         + std::to_string(most));
  return std::nullopt;
}

std::optional<std::uint64_t> table_reader::size(const char* name) {
  const auto* value = find(name);
  if (!value)
    return std::nullopt;
  if (const auto* found = value->as_integer(); found && found->get() >= 0)
    return static_cast<std::uint64_t>(found->get());
  if (const auto* found = value->as_string()) {
    auto parsed = parse_size(found->get());
    if (parsed)
      return *parsed;
    out_->add(key(name), parsed.err().message);
    return std::nullopt;
  }
  if (value->is_integer())
    out_->add(key(name),
              "is below 0; write a number of bytes, or as "
              "\"64 MiB\"");
  else
    wrong_type(name, *value, "a number of bytes, or as \"64 MiB\"");
  return std::nullopt;
}

const toml::table* table_reader::table(const char* name) {
  const auto* value = find(name);
  if (!value)
    return nullptr;
  if (const auto* found = value->as_table())
    return found;
  wrong_type(name, *value, "a table: [" + key(name) + "]");
  return nullptr;
}

std::vector<const toml::table*> table_reader::tables(const char* name) {
  const auto* value = find(name);
  if (!value)
    return {};
  std::vector<const toml::table*> result;
  const auto* list = value->as_array();
  if (list)
    for (const auto& x : *list)
      if (const auto* found = x.as_table())
        result.push_back(found);
  if (!list || result.size() != list->size()) {
    wrong_type(name, *value, "one table for each: [[" + key(name) + "]]");
    result.clear();
  }
  return result;
}

} // namespace cohort::config
