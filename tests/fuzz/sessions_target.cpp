// What snapshots and engines keep beside a machine: sessions, and the place.
#include "codec/meta_codec.hpp"
#include "codec/peer_codec.hpp"
#include "codec/session_codec.hpp"
#include "fuzz/bytes_source.hpp"
#include "fuzz/fuzz_target.hpp"
#include "fuzz/round_trip.hpp"
#include "machine/meta_machine.hpp"
#include "machine/replicated_machine.hpp"

#include <limits>
#include <memory>

namespace cohort::fuzz::sessions_fuzz {

namespace {

std::string write_table(const std::map<session_id, session_state>& x) {
  return codec::encode_sessions(x);
}

bool same_table(const std::map<session_id, session_state>& x,
                const std::map<session_id, session_state>& y) {
  return x == y;
}

bool same_attachment(const codec::engine_attachment& x,
                     const codec::engine_attachment& y) {
  return x.base == y.base && x.sessions == y.sessions;
}

/// A batch of the first session, so that the table has to look at itself.
replication::entry next_batch(const std::map<session_id, session_state>& table,
                              const replication::log_base& base) {
  session_batch batch;
  batch.session = table.begin()->first;
  batch.answered_up_to = table.begin()->second.highest_applied;
  batch.first_sequence = batch.answered_up_to + 1;
  batch.count = 1;
  const auto list = codec::encode_list({"no command of the machine"});
  batch.commands = list.alias(list.data(), list.size());
  replication::entry x;
  x.index = base.index.next();
  x.term = base.term;
  x.kind = replication::entry_kind::command;
  x.log_time_ms = base.log_time_ms;
  const auto body = codec::encode(command_body{batch});
  x.payload = body.alias(body.data(), body.size());
  return x;
}

/// A machine that starts from the table has it, and goes on.
void restore(std::string_view content,
             const std::map<session_id, session_state>& table,
             std::int64_t log_time_ms) {
  machine::replicated_machine machine{
    std::make_unique<machine::meta_machine>(std::vector<std::string>{"a"},
                                            [](const meta_state&) {}),
    machine::session_limits{}};
  replication::log_base base;
  base.index = index_t{100};
  base.term = term_t{3};
  base.log_time_ms = log_time_ms;
  expect(machine.restored(base, content).ok(), "a table can be restored");
  expect(machine.sessions() == write_table(table), "as it was");
  if (!table.empty())
    machine.apply(next_batch(table, base), nullptr);
  expect(codec::decode_sessions(machine.sessions()).ok(),
         "what is saved can be restored");
}

} // namespace

COHORT_FUZZ_TARGET(sessions) {
  constexpr std::int64_t times[] = {1'700'000'000'000, 0,
                                    std::numeric_limits<std::int64_t>::max(),
                                    std::numeric_limits<std::int64_t>::min()};
  bytes_source from{input};
  const auto mode = from.byte();
  const bool table = mode % 2 == 0;
  const auto content = from.rest();
  if (!table)
    return round_trips(
      content, codec::decode_engine_attachment,
      [](const codec::engine_attachment& x) { return codec::encode(x); },
      same_attachment);
  const bool understood = round_trips(content, codec::decode_sessions,
                                      write_table, same_table);
  if (understood)
    restore(content, *codec::decode_sessions(content), times[mode / 2 % 4]);
  return understood;
}

} // namespace cohort::fuzz::sessions_fuzz
