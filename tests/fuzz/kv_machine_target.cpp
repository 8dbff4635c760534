// The machine of keys and values under any commands, and its snapshots.
#include "fuzz/bytes_source.hpp"
#include "fuzz/fuzz_target.hpp"
#include "fuzz/kv_checks.hpp"

#include <algorithm>
#include <limits>

namespace cohort::fuzz::kv_machine_fuzz {

namespace {

/// So many of an input are carried out, and of values so much: longer ones
/// show nothing new, and take time.
constexpr int steps_max = 64;
constexpr std::int64_t offset_max = 5'000;
constexpr auto time_max = std::numeric_limits<std::int64_t>::max();

kv::op op_of(std::uint8_t x) {
  return static_cast<kv::op>(x % (static_cast<unsigned>(kv::op::exec) + 1));
}

/// A command whose text is the input's.
kv::command read_command(bytes_source& from, bool nested) {
  kv::command x;
  x.what = op_of(from.byte());
  if (nested && x.what == kv::op::exec)
    x.what = kv::op::get;
  x.flags = static_cast<std::uint32_t>(from.number());
  x.flags &= (kv::flag::lcs_match_length << 1) - 1;
  x.key = from.text();
  x.value = from.text();
  x.number = static_cast<std::int64_t>(from.number());
  x.number2 = static_cast<std::int64_t>(from.number());
  if (x.what == kv::op::setrange)
    x.number %= offset_max;
  for (auto n = from.byte() % 8; n > 0; --n)
    x.more.push_back(from.text());
  if (x.what == kv::op::exec) {
    for (auto n = from.byte() % 8; n > 0; --n)
      x.nested.push_back(read_command(from, true));
    if (from.byte() % 2 == 1)
      x.watches.push_back({x.key, from.number()});
  }
  // Inside an exec only, and then it is a reply.
  if (x.what == kv::op::literal && !is_reply(x.value))
    x.value = "+literal\r\n";
  return x;
}

/// A machine, and one that is to be the same.
class twins {
public:
  bool run(bytes_source& from) {
    bool any = false;
    for (int i = 0; i < steps_max && !from.empty(); ++i)
      any = step(from) || any;
    expect(snapshot_of(*first_, 100) == snapshot_of(*second_, 1 << 20),
           "equal states give equal bytes");
    return any;
  }

private:
  bool step(bytes_source& from) {
    const auto what = from.byte();
    if (what % 16 == 1)
      restore();
    if (what % 16 == 2)
      while (first_->work()) { // the other has not time for it
      }
    if (what % 16 == 3) // whatever a primary's clock says
      log_time_ms_ = std::max(log_time_ms_,
                              static_cast<std::int64_t>(from.number()));
    else if (log_time_ms_ < time_max - what)
      log_time_ms_ += what / 16;
    codec::kv_batch_builder builder;
    for (auto n = 1 + what % 3; n > 0; --n)
      if (const auto x = read_command(from, false); !kv::flaw_of(x))
        builder.append(x);
    if (builder.empty())
      return false;
    const bool reads = builder.read_only();
    const auto batch = to_bytes(builder.finish());
    const auto count = first_->check(batch);
    if (!count) // of what is nested only the reader knows
      return false;
    apply(batch, *count);
    if (reads)
      query(batch, *count);
    return true;
  }

  void apply(const bytes& batch, std::uint32_t count) {
    const machine::apply_context context{++index_, term_t{1}, log_time_ms_};
    const auto replies = apply_all(*first_, context, batch, count);
    expect(replies.data() == apply_all(*second_, context, batch, count).data(),
           "equal states give equal replies");
    expect_replies(replies);
  }

  void query(const bytes& batch, std::uint32_t count) {
    machine::reply_list replies;
    auto outcome = machine::query_outcome::work_must_be_done;
    for (int i = 0; outcome == machine::query_outcome::work_must_be_done; ++i) {
      expect(i < 1'000, "work has an end");
      replies.clear();
      outcome = first_->query(batch, 0, count, log_time_ms_, replies);
      if (outcome == machine::query_outcome::work_must_be_done)
        first_->work();
    }
    expect(outcome == machine::query_outcome::done,
           "at log time, a read has an answer");
    expect(replies.size() == count, "each read has a reply");
  }

  /// The second goes on from what the first says it is.
  void restore() {
    const auto saved = snapshot_of(*first_, 1'000);
    second_ = make_kv();
    const auto sink = second_->begin_restore();
    expect(sink->write(saved).ok() && sink->finish().ok(),
           "a snapshot can be restored");
  }

  std::unique_ptr<machine::state_machine> first_ = make_kv();
  std::unique_ptr<machine::state_machine> second_ = make_kv();
  index_t index_;
  std::int64_t log_time_ms_ = 1'000;
};

} // namespace

COHORT_FUZZ_TARGET(kv_machine) {
  bytes_source from{input};
  return twins{}.run(from);
}

} // namespace cohort::fuzz::kv_machine_fuzz
