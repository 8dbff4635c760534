#include "testkit/protocol/render.hpp"

#include <sstream>

namespace cohort::testkit::protocol {

using namespace replication;

namespace {

using std::ostream;

ostream& operator<<(ostream& os, log_position x) {
  return os << x.term.value << '/' << x.index.value;
}

ostream& operator<<(ostream& os, const configuration& x) {
  os << 'e' << x.epoch.value << '{';
  for (auto node : x.voters)
    os << ' ' << node.value;
  os << " |";
  for (auto node : x.learners)
    os << ' ' << node.value;
  return os << " m" << x.m << '}';
}

ostream& operator<<(ostream& os, const membership& x) {
  os << x.current;
  if (x.next)
    os << "->" << *x.next;
  return os;
}

ostream& operator<<(ostream& os, const entry& x) {
  os << '[' << x.term.value << '/' << x.index.value << " @" << x.log_time_ms
     << ' ' << static_cast<int>(x.kind) << ' ' << x.payload.view();
  if (x.members)
    os << ' ' << *x.members;
  return os << ']';
}

ostream& operator<<(ostream& os, const log_base& x) {
  return os << x.term.value << '/' << x.index.value << " @" << x.log_time_ms
            << ' ' << x.members;
}

struct renderer {
  ostream& os;

  void operator()(const vote_request& x) const {
    os << (x.pre ? "pre_vote_request" : "vote_request") << " t" << x.term.value
       << " last " << x.last << (x.transfer ? " transfer" : "");
  }
  void operator()(const vote_reply& x) const {
    os << (x.pre ? "pre_vote_reply" : "vote_reply") << " t" << x.term.value
       << (x.granted ? " granted" : " refused");
  }
  void operator()(const append_request& x) const {
    os << "append_request t" << x.term.value << " prev " << x.prev << " commit "
       << x.commit_index.value << " round " << x.round << " lift " << x.lift;
    for (const auto& e : x.entries)
      os << ' ' << e;
  }
  void operator()(const append_reply& x) const {
    os << "append_reply t" << x.term.value << " verdict "
       << static_cast<int>(x.verdict) << " round " << x.round << " match "
       << x.match.value << " refused " << x.refused.value << " hint " << x.hint
       << " boot " << x.boot << (x.suspect ? " suspect" : "")
       << (x.tail_cut ? " tail_cut" : "");
  }
  void operator()(const timeout_now& x) const {
    os << "timeout_now t" << x.term.value;
  }
  void operator()(const state_query& x) const {
    os << "state_query t" << x.term.value << " boot " << x.boot;
  }
  void operator()(const state_answer& x) const {
    os << "state_answer t" << x.term.value << " boot " << x.boot << " last "
       << x.last;
  }
};

void render_envelopes(ostream& os, const char* name,
                      const std::vector<envelope>& envelopes) {
  for (const auto& x : envelopes) {
    os << name;
    for (auto to : x.to)
      os << ' ' << to.value;
    os << ": " << render(x.body) << '\n';
  }
}

} // namespace

std::string render(const message& msg) {
  std::ostringstream os;
  std::visit(renderer{os}, msg);
  return os.str();
}

std::string render(const output& out) {
  std::ostringstream os;
  if (out.write) {
    const auto& w = *out.write;
    os << "write #" << w.ticket.value;
    if (w.state)
      os << " term " << w.state->term.value << " vote "
         << w.state->voted_for.value << " suspect " << w.state->suspect
         << " floor " << w.state->vote_floor;
    if (w.base)
      os << " base " << *w.base << " keep_tail " << w.keep_tail;
    for (const auto& e : w.entries)
      os << ' ' << e;
    os << '\n';
  }
  render_envelopes(os, "send", out.send);
  render_envelopes(os, "when durable send", out.send_when_durable);
  os << "durable_ticket " << out.durable_ticket.value << " acknowledged "
     << out.acknowledged.value << '\n';
  if (out.restore)
    os << "restore " << *out.restore << '\n';
  for (const auto& e : out.apply)
    os << "apply " << e << '\n';
  for (const auto& x : out.reads)
    os << "read " << x.id << " at " << x.index.value << '\n';
  for (auto id : out.refused_reads)
    os << "refused read " << id << '\n';
  if (out.role)
    os << "role " << to_string(out.role->role) << " t" << out.role->term.value
       << " primary " << out.role->primary.value << '\n';
  for (const auto& x : out.fetch)
    os << "fetch for " << x.peer.value << " [" << x.first.value << ", "
       << x.last.value << "]\n";
  for (auto node : out.need_snapshot)
    os << "snapshot for " << node.value << '\n';
  if (out.transfer)
    os << "transfer to " << out.transfer->to.value << " done "
       << out.transfer->done << '\n';
  for (auto node : out.regressed)
    os << "regressed " << node.value << '\n';
  if (out.membership_changed)
    os << "membership changed\n";
  return os.str();
}

} // namespace cohort::testkit::protocol
