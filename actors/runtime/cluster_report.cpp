#include "runtime/cluster_report.hpp"

#include "replication/configuration.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace cohort::runtime {

namespace {

using row = std::vector<std::string>;

/// Columns as wide as they need to be.
std::string table(const std::vector<row>& rows) {
  std::vector<std::size_t> width;
  for (const auto& cells : rows)
    for (std::size_t i = 0; i < cells.size(); ++i) {
      width.resize(std::max(width.size(), i + 1));
      width[i] = std::max(width[i], cells[i].size());
    }
  std::string out;
  for (const auto& cells : rows) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      out += cells[i];
      if (i + 1 < cells.size())
        out.append(width[i] - cells[i].size() + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

const replica_status* find_set(const status_reply& of, set_id set) {
  for (const auto& x : of.replicas)
    if (x.set == set)
      return &x;
  return nullptr;
}

/// Of several views the one of the newest term, and there the primary's.
const replica_status* best_view(const cluster_view& view, set_id set) {
  const replica_status* best = nullptr;
  for (const auto& [name, answer] : view.answers) {
    const auto* x = find_set(answer, set);
    if (!x)
      continue;
    const auto rank = [](const replica_status& s) {
      return std::pair{s.term, s.role == "primary"};
    };
    if (!best || rank(*x) > rank(*best))
      best = x;
  }
  return best;
}

std::string name_of(const cluster_view& view, node_id node) {
  for (const auto& [name, answer] : view.answers)
    if (answer.incarnation == node)
      return name;
  return "node " + to_string(node);
}

std::string seconds(std::uint64_t ms) {
  return std::to_string(ms / 1000) + " s";
}

std::string nodes_table(const cluster_view& view) {
  std::vector<row> rows{{"NODE", "ID", "START", "UP", "VERSION"}};
  for (const auto& name : view.names) {
    const auto at = view.answers.find(name);
    if (at == view.answers.end()) {
      rows.push_back({name, "-", "-", "no answer", "-"});
      continue;
    }
    const auto& x = at->second;
    rows.push_back({name, to_string(x.incarnation), std::to_string(x.boot),
                    seconds(x.uptime_ms), x.version});
  }
  return table(rows);
}

std::string lag_of(const replica_status& x, const replica_status& newest) {
  return newest.commit_index > x.applied_index
           ? std::to_string(newest.commit_index - x.applied_index)
           : "0";
}

std::string set_table(const cluster_view& view, set_id set,
                      const replica_status& best) {
  std::vector<row> rows{
    {"NODE", "ROLE", "TERM", "DURABLE", "COMMITTED", "APPLIED", "LAG", "NOTE"}};
  for (const auto& name : view.names) {
    const auto at = view.answers.find(name);
    const auto* x = at == view.answers.end() ? nullptr
                                             : find_set(at->second, set);
    if (!x)
      continue;
    rows.push_back({name, x->role, to_string(x->term),
                    to_string(x->durable_index), to_string(x->commit_index),
                    to_string(x->applied_index), lag_of(*x, best), x->note});
  }
  return table(rows);
}

/// How many more losses reads, writes and failover survive (C5).
std::string margins(const cluster_view& view, const replica_status& best) {
  const auto n = best.voters.size();
  if (n == 0)
    return "";
  if (best.note == changing_members_note)
    return "its members are changing: what it survives is known afterwards\n";
  const auto size = replication::sizes(n, replication::default_m(n));
  std::size_t up = 0;
  for (auto voter : best.voters)
    for (const auto& [name, answer] : view.answers)
      up += answer.incarnation == voter ? 1 : 0;
  const auto more = [&](std::size_t needed) {
    return up < needed ? std::string{"none left"}
                       : std::to_string(up - needed) + " more";
  };
  return "survives the loss of: for writes " + more(size.ack)
         + ", for linearizable reads " + more(size.read) + ", for failover "
         + more(size.vote) + "\n";
}

std::string set_text(const cluster_view& view, set_id set) {
  const auto* best = best_view(view, set);
  if (!best)
    return "";
  std::string out = "\nset " + best->set_name + ", epoch "
                    + to_string(best->epoch) + ", ";
  bool leads = false;
  for (const auto& [name, answer] : view.answers) {
    const auto* x = find_set(answer, set);
    leads = leads || (x && x->role == "primary" && x->term == best->term);
  }
  out += leads ? "primary " + name_of(view, best->primary)
               : "no primary: of " + std::to_string(best->voters.size())
                   + " voters a majority must be up and agree";
  out += '\n';
  return out + set_table(view, set, *best) + margins(view, *best);
}

} // namespace

std::string render(const cluster_view& view) {
  std::string out = "cluster " + view.cluster_name;
  out += view.cluster.formed() ? " (" + to_string(view.cluster) + ")"
                               : " (not formed)";
  out += ", seen by " + view.observer + "\n";
  if (!view.waiting_for.empty())
    out += "waiting for " + view.waiting_for + "\n";
  out += '\n' + nodes_table(view);
  std::set<set_id> sets;
  for (const auto& [name, answer] : view.answers)
    for (const auto& x : answer.replicas)
      sets.insert(x.set);
  for (auto set : sets)
    out += set_text(view, set);
  return out;
}

} // namespace cohort::runtime
