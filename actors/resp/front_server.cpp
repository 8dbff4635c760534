// Commands about the server: INFO, ROLE, CONFIG, COHORT.STATUS.
#include "resp/front.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace cohort::resp {

namespace {

/// What clients and tools ask for; nothing here can be set.
struct setting {
  std::string_view name;
  std::string_view value;
};

constexpr std::array settings{
  setting{"appendonly", "yes"},
  setting{"appendfsync", "always"},
  setting{"databases", "1"},
  setting{"maxmemory", "0"},
  setting{"maxmemory-policy", "noeviction"},
  setting{"save", ""},
  setting{"timeout", "0"},
  setting{"tcp-keepalive", "300"},
  setting{"proto-max-bulk-len", "16777216"},
};

/// A pattern with `*` at most: what CONFIG GET is asked with.
bool matches(std::string_view pattern, std::string_view name) {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos)
    return same_word(pattern, name);
  const auto head = pattern.substr(0, star);
  const auto tail = pattern.substr(star + 1);
  return name.size() >= head.size() + tail.size()
         && same_word(name.substr(0, head.size()), head)
         && same_word(name.substr(name.size() - tail.size()), tail);
}

bool wanted(const std::vector<std::string>& sections, std::string_view name) {
  if (sections.empty())
    return true;
  return std::any_of(sections.begin(), sections.end(), [&](const auto& x) {
    return same_word(x, name) || same_word(x, "all")
           || same_word(x, "everything") || same_word(x, "default");
  });
}

std::string field(std::string_view name, std::string_view value) {
  std::string result{name};
  result += ':';
  result += value;
  result += "\r\n";
  return result;
}

std::string field(std::string_view name, std::uint64_t value) {
  return field(name, std::string_view{std::to_string(value)});
}

bool leads(const front_report& report) {
  return report.hosts_replica && report.status.role == "primary";
}

} // namespace

void front::config(args words, std::string& out) {
  reply_writer reply{out, protocol::resp3};
  if (words.size() >= 3 && same_word(words[1], "get")) {
    std::vector<setting> found;
    for (const auto& x : settings)
      for (std::size_t i = 2; i < words.size(); ++i)
        if (matches(words[i], x.name)) {
          found.push_back(x);
          break;
        }
    reply.map(found.size());
    for (const auto& x : found) {
      reply.bulk(x.name);
      reply.bulk(x.value);
    }
  } else if (words.size() == 2 && same_word(words[1], "resetstat")) {
    commands_processed_ = 0;
    connections_received_ = 0;
    reply.simple("OK");
  } else {
    reply.error(
      "ERR settings are in the topology file and cannot be changed "
      "here; CONFIG GET shows them");
  }
}

// -- reports ------------------------------------------------------------------

/// INFO and ROLE need the replica's state, COHORT.STATUS that of all nodes.
void front::await_report(client& c, command_id what, args words) {
  start_waiting(c, wait_kind::report);
  report_wait x{c.id, now_ms_ + options_.sending.patience_ms, what, {}};
  for (std::size_t i = 1; i < words.size(); ++i)
    x.sections.emplace_back(words[i]);
  report_waits_.push_back(std::move(x));
  if (what == command_id::cohort_status)
    out_.wants_cluster_report = true;
  else
    out_.wants_report = true;
}

void front::reported(const front_report& report, std::int64_t wall_ms) {
  wall_ms_ = wall_ms;
  auto waits = std::exchange(report_waits_, {});
  for (auto& x : waits) {
    if (x.what == command_id::cohort_status) {
      report_waits_.push_back(std::move(x));
      continue;
    }
    std::string text;
    if (x.what == command_id::role)
      role_reply(report, text);
    else
      reply_writer{text, protocol::resp3}.verbatim(
        info_text(report, wall_ms, x.sections));
    if (auto* c = find(x.to))
      complete_wait(*c, text);
  }
  take_finished();
}

void front::cluster_reported(const std::string& text) {
  auto waits = std::exchange(report_waits_, {});
  for (auto& x : waits) {
    if (x.what != command_id::cohort_status) {
      report_waits_.push_back(std::move(x));
      continue;
    }
    std::string reply;
    reply_writer{reply, protocol::resp3}.verbatim(text);
    if (auto* c = find(x.to))
      complete_wait(*c, reply);
  }
  take_finished();
}

/// Whoever should have reported may have been replaced meanwhile.
void front::give_up_reports() {
  while (!report_waits_.empty()
         && report_waits_.front().deadline_ms <= now_ms_) {
    auto* c = find(report_waits_.front().to);
    report_waits_.pop_front();
    if (c)
      complete_wait(*c, "-ERR no report arrived in time\r\n");
  }
}

/// Where a node serves clients; "?" if that is not known.
client_endpoint front::endpoint_of(node_id node) const {
  const auto name = node_names_.find(node);
  const auto at = name == node_names_.end()
                    ? options_.endpoints.end()
                    : options_.endpoints.find(name->second);
  return at == options_.endpoints.end() ? client_endpoint{"?", 0} : at->second;
}

std::string front::master_text(const replica_status& status) const {
  std::string text = field("role", "master");
  text += field("connected_slaves", status.backups.size());
  std::size_t number = 0;
  for (const auto& x : status.backups) {
    const auto endpoint = endpoint_of(x.node);
    text += field("slave" + std::to_string(number++),
                  "ip=" + endpoint.address
                    + ",port=" + std::to_string(endpoint.port)
                    + ",state=" + (x.online ? "online" : "wait_bgsave")
                    + ",offset=" + to_string(x.durable_index) + ",lag=0");
  }
  return text;
}

std::string front::slave_text(const replica_status& status) const {
  const auto endpoint = endpoint_of(sender_.primary());
  std::string text = field("role", "slave");
  text += field("master_host", endpoint.address);
  text += field("master_port", endpoint.port);
  text += field("master_link_status",
                sender_.primary() == nobody ? "down" : "up");
  text += field("master_last_io_seconds_ago", 0u);
  text += field("master_sync_in_progress", 0u);
  text += field("slave_repl_offset", status.durable_index.value);
  text += field("slave_read_only", 0u); // any node takes writes
  text += field("connected_slaves", 0u);
  return text;
}

std::string front::replication_text(const front_report& report) const {
  const auto& status = report.status;
  std::string text = "# Replication\r\n";
  text += leads(report) ? master_text(status) : slave_text(status);
  text += field("master_replid", "0000000000000000000000000000000000000000");
  text += field("master_repl_offset", status.last_index.value);
  text += field("cohort_set", options_.set_name);
  text += field("cohort_role",
                report.hosts_replica ? std::string_view{status.role} : "none");
  text += field("cohort_term", status.term.value);
  text += field("cohort_epoch", status.epoch.value);
  text += field("cohort_last_index", status.last_index.value);
  text += field("cohort_durable_index", status.durable_index.value);
  text += field("cohort_commit_index", status.commit_index.value);
  text += field("cohort_applied_index", status.applied_index.value);
  return text;
}

std::string front::server_text(std::int64_t wall_ms) const {
  const auto own = options_.endpoints.find(options_.node_name);
  const auto up_seconds = started_ms_ ? (now_ms_ - *started_ms_) / 1000 : 0;
  std::string text = "# Server\r\n";
  text += field("redis_version", spoken_version);
  text += field("redis_mode", "standalone");
  if (own != options_.endpoints.end())
    text += field("tcp_port", own->second.port);
  text += field("uptime_in_seconds", static_cast<std::uint64_t>(up_seconds));
  text += field("server_time_usec", static_cast<std::uint64_t>(wall_ms) * 1000);
  text += field("cohort_version", options_.version);
  text += field("cohort_cluster", options_.cluster_name);
  text += field("cohort_node", options_.node_name);
  return text;
}

std::string front::info_text(const front_report& report, std::int64_t wall_ms,
                             const std::vector<std::string>& sections) const {
  std::string text;
  const auto section = [&](std::string_view name, auto fill) {
    if (!wanted(sections, name))
      return;
    if (!text.empty())
      text += "\r\n";
    fill();
  };
  section("server", [&] { text += server_text(wall_ms); });
  section("clients", [&] {
    text += "# Clients\r\n";
    text += field("connected_clients", clients_.size());
    text += field("maxclients", options_.clients_max);
  });
  section("stats", [&] {
    text += "# Stats\r\n";
    text += field("total_connections_received", connections_received_);
    text += field("total_commands_processed", commands_processed_);
    text += field("cohort_pending_bytes", sender_.pending_bytes());
  });
  section("replication", [&] { text += replication_text(report); });
  section("keyspace", [&] { text += "# Keyspace\r\n"; });
  return text;
}

void front::role_reply(const front_report& report, std::string& out) const {
  reply_writer reply{out, protocol::resp3};
  const auto& status = report.status;
  if (!leads(report)) {
    const auto endpoint = endpoint_of(sender_.primary());
    reply.array(5);
    reply.bulk("slave");
    reply.bulk(endpoint.address);
    reply.integer(endpoint.port);
    reply.bulk(sender_.primary() == nobody ? "connect" : "connected");
    return reply.integer(static_cast<std::int64_t>(status.durable_index.value));
  }
  reply.array(3);
  reply.bulk("master");
  reply.integer(static_cast<std::int64_t>(status.last_index.value));
  reply.array(status.backups.size());
  for (const auto& x : status.backups) {
    const auto endpoint = endpoint_of(x.node);
    reply.array(3);
    reply.bulk(endpoint.address);
    reply.bulk(std::to_string(endpoint.port));
    reply.bulk(to_string(x.durable_index));
  }
}

} // namespace cohort::resp
