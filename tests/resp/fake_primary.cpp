#include "resp/fake_primary.hpp"

#include "codec/kv_codec.hpp"
#include "core/check.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <utility>

namespace cohort::resp::tests {

// -- the machine --------------------------------------------------------------

result<std::uint32_t> small_kv::check(const bytes& batch) const {
  const auto reader = codec::kv_batch_reader::open(batch);
  if (!reader)
    return reader.err();
  return reader->size();
}

std::string small_kv::scan(const kv::command& x) const {
  const auto cursor = static_cast<std::size_t>(x.number);
  const auto count = static_cast<std::size_t>(x.number2);
  const auto end = std::min(values.size(), cursor + count);
  std::string out;
  reply_writer reply{out, protocol::resp3};
  reply.array(2);
  reply.bulk(std::to_string(end < values.size() ? end : 0));
  reply.array(end - cursor);
  auto at = std::next(values.begin(), static_cast<std::ptrdiff_t>(cursor));
  for (auto i = cursor; i < end; ++i, ++at)
    reply.bulk(at->first);
  return out;
}

std::string small_kv::run_all(const kv::command& x, std::uint64_t index) {
  std::string out;
  reply_writer reply{out, protocol::resp3};
  for (const auto& watched : x.watches) {
    const auto at = values.find(std::string{watched.key});
    if ((at == values.end() ? 0 : at->second.changed) != watched.changed) {
      reply.null();
      return out;
    }
  }
  reply.array(x.nested.size());
  for (const auto& nested : x.nested)
    out += run(nested, index);
  return out;
}

std::string small_kv::run(const kv::command& x, std::uint64_t index) {
  std::string out;
  reply_writer reply{out, protocol::resp3};
  const std::string key{x.key};
  const auto at = values.find(key);
  switch (x.what) {
    case kv::op::set:
      effects.push_back("set " + key + " " + std::string{x.value});
      values[key] = {std::string{x.value}, index};
      reply.simple("OK");
      break;
    case kv::op::append:
      effects.push_back("append " + key);
      values[key].text += x.value;
      values[key].changed = index;
      reply.integer(static_cast<std::int64_t>(values[key].text.size()));
      break;
    case kv::op::get:
      effects.push_back("get " + key);
      if (at == values.end())
        reply.null();
      else
        reply.bulk(at->second.text);
      break;
    case kv::op::changed:
      reply.integer(
        static_cast<std::int64_t>(at == values.end() ? 0 : at->second.changed));
      break;
    case kv::op::literal:
      out = x.value;
      break;
    case kv::op::scan:
      out = scan(x);
      break;
    case kv::op::exec:
      out = run_all(x, index);
      break;
    default:
      reply.error("ERR not known here");
  }
  return out;
}

void small_kv::apply(const machine::apply_context& context, const bytes& batch,
                     std::uint32_t first, std::uint32_t last,
                     machine::reply_list& replies) {
  const auto reader = codec::kv_batch_reader::open(batch);
  COHORT_CHECK(reader.ok());
  kv::command x;
  for (auto i = first; i < last; ++i) {
    COHORT_CHECK(reader->at(i, x).ok());
    replies.add(run(x, context.index.value));
  }
}

machine::query_outcome
small_kv::query(const bytes& queries, std::uint32_t first, std::uint32_t last,
                std::int64_t, machine::reply_list& replies) {
  const auto reader = codec::kv_batch_reader::open(queries);
  COHORT_CHECK(reader.ok());
  kv::command x;
  for (auto i = first; i < last; ++i) {
    COHORT_CHECK(reader->at(i, x).ok());
    COHORT_CHECK(kv::reads_only(x));
    const auto reply = run(x, 0);
    const auto before = replies.data().size();
    if (before > 0 && before + reply.size() > replies_bytes_max)
      replies.add(kv::no_room_reply);
    else
      replies.add(reply);
  }
  return machine::query_outcome::done;
}

// -- the primary --------------------------------------------------------------

namespace {

packed_replies pack(const machine::reply_list& from) {
  packed_replies result;
  result.data = bytes::of(from.data());
  for (const auto end : from.ends())
    result.ends.push_back(static_cast<std::uint32_t>(end));
  return result;
}

constexpr term_t only_term{3};

} // namespace

fake_primary::fake_primary() : machine_(std::make_unique<small_kv>(), {}) {}

client_reply fake_primary::serve(const client_request& request) {
  last = request;
  client_reply reply;
  if (const auto* work = std::get_if<work_request>(&request.body))
    reply = serve_work(*work);
  else
    reply.copies = copies;
  reply.id = request.id;
  return reply;
}

client_reply fake_primary::serve_work(const work_request& work) {
  client_reply reply;
  machine::work_result result;
  if (work.command.empty()) {
    COHORT_CHECK(machine_.query(work, 0, result)
                 == machine::query_outcome::done);
  } else {
    replication::entry x;
    x.index = ++last_index_;
    x.term = only_term;
    x.kind = replication::entry_kind::command;
    x.payload = work.command;
    result = machine_.apply(x, &work);
    reply.at = {epoch_t{5}, only_term, x.index};
  }
  reply.outcome = result.outcome;
  reply.replies = pack(result.replies);
  reply.lost = result.lost;
  reply.query_replies = pack(result.query_replies);
  return reply;
}

// -- the shell ----------------------------------------------------------------

front_options
front_world::options(const std::function<void(front_options&)>& by) {
  front_options result;
  result.set = set_id{1};
  result.set_name = "main";
  result.cluster_name = "shop";
  result.node_name = "n1";
  result.version = "0.1";
  result.endpoints = {{"n1", {"10.0.0.1", 7001}}, {"n2", {"10.0.0.2", 7002}}};
  if (by)
    by(result);
  return result;
}

/// Opens a session, so that tests see nothing but their own requests.
front_world::front_world(std::function<void(front_options&)> change)
  : tested(options(change)) {
  tested.not_ready("");
  tested.reconnected(first_node, "n1", now_ms);
  tested.reconnected(second_node, "n2", now_ms);
  tested.primary_is(first_node, now_ms);
  connect(1);
  BOOST_REQUIRE(ask(1, "SET first 1") == "+OK\r\n");
  primary.kv().effects.clear();
}

void front_world::connect(client_id id) {
  tested.opened(id, "1.2.3.4:" + std::to_string(id), now_ms);
  end_turn();
}

void front_world::pass(client_id id, std::string_view data) {
  tested.received(id, data, now_ms);
}

void front_world::end_turn() {
  tested.end_of_turn(now_ms);
  carry_out();
}

void front_world::say(client_id id, std::string_view lines) {
  std::string data{lines};
  data += "\n";
  pass(id, data);
  end_turn();
}

void front_world::pass_time(std::int64_t ms) {
  now_ms += ms;
  tested.tick(now_ms, 1'700'000'000'000 + now_ms);
  carry_out();
}

void front_world::carry_out() {
  auto out = tested.drain();
  for (auto& x : out.requests)
    if (network)
      sent.push_back(std::move(x));
  for (auto& x : out.writes) {
    output_[x.client] += x.bytes;
    if (x.close) {
      closed.insert(x.client);
      tested.closed(x.client);
    }
  }
  for (auto id : out.halt)
    BOOST_TEST(halted.insert(id).second);
  for (auto id : out.resume)
    BOOST_TEST(halted.erase(id) == 1);
  wants_report = wants_report || out.wants_report;
  wants_cluster_report = wants_cluster_report || out.wants_cluster_report;
  if (out.form_without)
    form_without = *out.form_without;
  if (out.unfinished) {
    tested.go_on(now_ms);
    carry_out();
  }
}

void front_world::serve_sent(bool reversed) {
  auto requests = std::exchange(sent, {});
  std::vector<client_reply> replies;
  for (const auto& x : requests)
    replies.push_back(primary.serve(x.request));
  if (reversed)
    std::reverse(replies.begin(), replies.end());
  for (const auto& x : replies) {
    tested.replied(x, now_ms);
    carry_out();
  }
}

void front_world::serve_newest_first() {
  auto requests = std::exchange(sent, {});
  std::reverse(requests.begin(), requests.end());
  for (const auto& x : requests) {
    tested.replied(primary.serve(x.request), now_ms);
    carry_out();
  }
}

void front_world::settle() {
  for (int i = 0; i < 1000; ++i) {
    serve_sent();
    if (sent.empty() && i > 2 && !tested.waits_for_set())
      return;
    pass_time(60);
  }
  BOOST_FAIL("something is on its way for ever");
}

void front_world::serve_sent_silently() {
  for (const auto& x : std::exchange(sent, {}))
    primary.serve(x.request);
}

std::string front_world::ask_while_others_wait(client_id id,
                                               std::string_view lines) {
  say(id, lines);
  pass_time(60);
  serve_sent();
  return heard(id);
}

std::string front_world::heard(client_id id) {
  return std::exchange(output_[id], {});
}

std::string front_world::ask(client_id id, std::string_view lines) {
  say(id, lines);
  settle();
  return heard(id);
}

} // namespace cohort::resp::tests
