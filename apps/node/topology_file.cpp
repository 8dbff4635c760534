#include "node/topology_file.hpp"

#include "node/table_reader.hpp"
#include "node/value_text.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace cohort::config {

namespace {

/// Larger than a topology of as many nodes as there may be.
constexpr std::uintmax_t file_bytes_max = 1 << 20;

/// Sets `out` to the value that goes by the name `text`.
template <class T>
void set_choice(T& out, notes& log, const std::string& key,
                const std::optional<std::string>& text,
                std::initializer_list<T> choices) {
  if (!text)
    return;
  std::vector<std::string> names;
  for (const auto choice : choices) {
    names.push_back("\"" + std::string{to_string(choice)} + "\"");
    if (*text == to_string(choice)) {
      out = choice;
      return;
    }
  }
  log.add(key, "\"" + *text + "\" is not known; write " + alternatives(names));
}

template <class T>
void set_number(T& out, table_reader& from, const char* name) {
  if (const auto value = from.number(name, UINT32_MAX))
    out = static_cast<T>(*value);
}

template <class T>
void set_size(T& out, table_reader& from, const char* name) {
  if (const auto value = from.size(name))
    out = static_cast<T>(*value);
}

void set_endpoint(runtime::endpoint& out, notes& log, const std::string& key,
                  const std::optional<std::string>& text) {
  if (!text)
    return;
  auto parsed = parse_endpoint(*text);
  if (parsed)
    out = std::move(*parsed);
  else
    log.add(key, parsed.err().message);
}

// -- tables -------------------------------------------------------------------

void read_cluster(runtime::topology& out, notes& log,
                  const toml::table* table) {
  using runtime::transport_kind;
  table_reader from{log, "cluster", table};
  if (auto name = from.required_text("name", "main"))
    out.cluster_name = std::move(*name);
  set_choice(out.transport, log, from.key("transport"), from.text("transport"),
             {transport_kind::tcp, transport_kind::local});
  out.insecure = from.flag("insecure").value_or(false);
  from.finish();
}

runtime::node_place read_node(notes& log, const std::string& path,
                              const toml::table* table, bool needs_peer,
                              const std::filesystem::path& base) {
  runtime::node_place result;
  table_reader from{log, path, table};
  if (auto name = from.required_text("name", "n1"))
    result.name = std::move(*name);
  set_endpoint(result.peer, log, from.key("peer"),
               needs_peer ? from.required_text("peer", "127.0.0.1:7401")
                          : from.text("peer"));
  set_endpoint(result.client, log, from.key("client"), from.text("client"));
  const auto data = from.required_text("data", "/var/lib/cohort/n1");
  if (data && !data->empty())
    result.directory = (base / *data).lexically_normal().string();
  else if (data)
    log.add(from.key("data"),
            "is empty; name the directory for all that the "
            "node keeps");
  from.finish();
  return result;
}

runtime::set_plan read_set(notes& log, const std::string& path,
                           const toml::table* table) {
  using replication::sync_mode;
  using runtime::engine_kind;
  runtime::set_plan result;
  table_reader from{log, path, table};
  if (auto name = from.required_text("name", "main"))
    result.name = std::move(*name);
  set_choice(result.mode, log, from.key("mode"), from.text("mode"),
             {sync_mode::primary_backup, sync_mode::semi_async,
              sync_mode::async, sync_mode::multi_primary});
  set_choice(result.engine, log, from.key("engine"), from.text("engine"),
             {engine_kind::memory, engine_kind::rocksdb});
  if (const auto m = from.number("m", UINT32_MAX))
    result.m = static_cast<std::uint32_t>(*m);
  if (auto members = from.texts("members"))
    result.members = std::move(*members);
  from.finish();
  return result;
}

void read_limits(runtime::node_limits& out, notes& log,
                 const toml::table* table) {
  table_reader from{log, "limits", table};
  set_number(out.clients_max, from, "clients_max");
  set_size(out.client_output_bytes_max, from, "client_output_bytes_max");
  set_size(out.pending_bytes_max, from, "pending_bytes_max");
  set_size(out.segment_bytes, from, "segment_bytes");
  set_size(out.log_bytes_max, from, "log_bytes_max");
  set_size(out.log_bytes_limit, from, "log_bytes_limit");
  set_size(out.snapshot_log_bytes, from, "snapshot_log_bytes");
  set_size(out.disk_reserve_bytes, from, "disk_reserve_bytes");
  from.finish();
}

void read_timers(runtime::node_timers& out, notes& log,
                 const toml::table* table) {
  table_reader from{log, "timers", table};
  set_number(out.tick_ms, from, "tick_ms");
  set_number(out.heartbeat_ticks, from, "heartbeat_ticks");
  set_number(out.election_ticks, from, "election_ticks");
  set_number(out.request_patience_ms, from, "request_patience_ms");
  from.finish();
}

runtime::topology read_all(notes& log, const toml::table& root,
                           const std::filesystem::path& base) {
  runtime::topology result;
  table_reader from{log, "", &root};
  read_cluster(result, log, from.table("cluster"));
  const bool needs_peer = result.transport == runtime::transport_kind::tcp;
  const auto nodes = from.tables("nodes");
  for (std::size_t i = 0; i < nodes.size(); ++i)
    result.nodes.push_back(read_node(log, "nodes[" + std::to_string(i) + "]",
                                     nodes[i], needs_peer, base));
  const auto sets = from.tables("sets");
  for (std::size_t i = 0; i < sets.size(); ++i)
    result.sets.push_back(
      read_set(log, "sets[" + std::to_string(i) + "]", sets[i]));
  read_limits(result.limits, log, from.table("limits"));
  read_timers(result.timers, log, from.table("timers"));
  from.finish();
  return result;
}

// -- texts --------------------------------------------------------------------

std::string text_of(const std::string& path, std::uint32_t line,
                    const std::string& what) {
  return line == 0 ? path + ": " + what
                   : path + ":" + std::to_string(line) + ": " + what;
}

std::vector<std::string> texts_of(const notes& log, const std::string& path) {
  auto problems = log.problems();
  std::stable_sort(problems.begin(), problems.end(),
                   [&](const auto& a, const auto& b) {
                     return log.line_of(a.key) < log.line_of(b.key);
                   });
  std::vector<std::string> result;
  for (const auto& x : problems)
    result.push_back(
      text_of(path, log.line_of(x.key), x.key + ": " + x.message));
  return result;
}

} // namespace

topology_file parse_topology(std::string_view text, const std::string& path) {
  topology_file result;
  notes log;
  try {
    const auto root = toml::parse(text, path);
    result.plan = read_all(log, root,
                           std::filesystem::path{path}.parent_path());
  } catch (const toml::parse_error& e) {
    result.problems.push_back(
      text_of(path, e.source().begin.line, std::string{e.description()}));
    return result;
  }
  // What could not be read was named already, and not by what follows from it.
  for (const auto& x : runtime::problems_of(result.plan))
    if (!log.blames(x.key))
      log.add(x.key, x.message);
  result.problems = texts_of(log, path);
  if (!result.problems.empty())
    return result;
  for (const auto& x : runtime::warnings_of(result.plan))
    result.warnings.push_back(
      text_of(path, log.line_of(x.key), x.key + ": " + x.message));
  return result;
}

topology_file read_topology(const std::string& path) {
  topology_file result;
  std::error_code failed;
  const auto bytes = std::filesystem::file_size(path, failed);
  if (failed) {
    result.problems.push_back(path + ": cannot be read: " + failed.message());
    return result;
  }
  if (bytes > file_bytes_max) {
    result.problems.push_back(path + ": is larger than "
                              + std::to_string(file_bytes_max)
                              + " bytes; is it the topology file?");
    return result;
  }
  std::string text(static_cast<std::size_t>(bytes), '\0');
  std::ifstream file{path, std::ios::binary};
  if (!file.read(text.data(), static_cast<std::streamsize>(bytes))) {
    result.problems.push_back(path
                              + ": cannot be read; may this user read it?");
    return result;
  }
  return parse_topology(text, path);
}

} // namespace cohort::config
