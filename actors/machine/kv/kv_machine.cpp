#include "machine/kv/kv_machine.hpp"

#include "codec/kv_codec.hpp"
#include "machine/kv/evaluation.hpp"
#include "machine/kv/reply.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace cohort::kv {

namespace {

using machine::apply_context;
using machine::query_outcome;
using machine::reply_list;

/// Keys that are due and removed by one work(), and by each apply() on top of
/// what its commands may add.
constexpr std::size_t due_per_slice = 200;
constexpr std::size_t due_per_apply = 64;

/// Queries that came without commands are asked again at little cost: once they
/// have replies of so much, the others must wait, so that nobody who passes
/// replies on has to stop for long.
constexpr std::size_t lone_replies_bytes_max = std::size_t{2} << 20;

/// The place of a command in its batch, in the name of a change.
constexpr unsigned place_bits = std::bit_width(commands_max - 1);

class kv_machine : public machine::state_machine {
public:
  explicit kv_machine(std::unique_ptr<kv_store> store)
    : store_(std::move(store)) {}

  std::uint32_t version() const override {
    return 1;
  }

  result<std::uint32_t> check(const bytes& batch) const override;
  void apply(const apply_context& context, const bytes& batch,
             std::uint32_t first, std::uint32_t last,
             reply_list& replies) override;
  void advance_time(const apply_context& context) override;
  query_outcome query(const bytes& queries, std::uint32_t first,
                      std::uint32_t last, std::int64_t now_ms,
                      reply_list& replies) override;
  bool time_is_due(std::int64_t now_ms) const override;
  bool work() override;

  // -- the engine's -----------------------------------------------------------

  result<void> failed() const override {
    return store_->failed();
  }
  std::unique_ptr<machine::snapshot_source> begin_snapshot() override {
    return store_->begin_snapshot();
  }
  std::unique_ptr<machine::snapshot_sink> begin_restore() override {
    return store_->begin_restore();
  }
  bool persistent() const override {
    return store_->persistent();
  }
  machine::durable_state recovered() const override {
    return store_->recovered();
  }
  void begin_flush(index_t applied, term_t term, std::string attachment,
                   std::function<void(result<void>)> done) override {
    store_->begin_flush(applied, term, std::move(attachment), std::move(done));
  }
  std::size_t unflushed_bytes() const override {
    return store_->unflushed_bytes();
  }
  std::size_t approximate_bytes() const override {
    return store_->approximate_bytes();
  }

private:
  bool expires_by(std::int64_t at_ms) const;
  void open_batch(std::int64_t log_time_ms, std::size_t due_max);
  void remove_all_due();
  void run(const command& x, std::uint64_t change, std::string& out);
  query_outcome answer(const codec::kv_batch_reader& queries,
                       std::uint32_t first, std::uint32_t last,
                       std::int64_t now_ms, reply_list& replies);
  query_outcome read(const command& x, std::int64_t now_ms, std::string& out);

  std::unique_ptr<kv_store> store_;
  command command_;    ///< keeps its memory from one to the next
  reply_list answers_; ///< of a query that may not be done
};

// -- time ---------------------------------------------------------------------

bool kv_machine::expires_by(std::int64_t at_ms) const {
  const auto soonest = store_->soonest_expiry();
  return soonest && *soonest <= at_ms;
}

void kv_machine::open_batch(std::int64_t log_time_ms, std::size_t due_max) {
  store_->begin_batch(std::max(log_time_ms, store_->log_time_ms()));
  store_->erase_due(store_->log_time_ms(), due_max);
}

/// Precondition: a batch is open.
void kv_machine::remove_all_due() {
  while (store_->erase_due(store_->log_time_ms(), due_per_slice)
         == due_per_slice) {
  }
}

void kv_machine::advance_time(const apply_context& context) {
  open_batch(context.log_time_ms, due_per_apply);
  store_->end_batch();
}

bool kv_machine::time_is_due(std::int64_t now_ms) const {
  return now_ms > store_->log_time_ms() && expires_by(now_ms);
}

bool kv_machine::work() {
  const auto now_ms = store_->log_time_ms();
  if (!expires_by(now_ms))
    return store_->work();
  open_batch(now_ms, due_per_slice);
  store_->end_batch();
  return true;
}

// -- commands -----------------------------------------------------------------

result<std::uint32_t> kv_machine::check(const bytes& batch) const {
  const auto commands = codec::kv_batch_reader::open(batch);
  if (!commands)
    return commands.err();
  command one;
  for (std::uint32_t i = 0; i < commands->size(); ++i)
    if (const auto done = commands->at(i, one); !done)
      return done.err();
  return commands->size();
}

void kv_machine::run(const command& x, std::uint64_t change, std::string& out) {
  if (concerns_all_keys(x))
    remove_all_due();
  const auto now_ms = store_->log_time_ms();
  evaluation{*store_, {now_ms, now_ms, change}, out}.run(x);
}

/// Nothing is proposed that check() refuses. What cannot be read in spite of it
/// is answered with an error, the same on every replica.
void kv_machine::apply(const apply_context& context, const bytes& batch,
                       std::uint32_t first, std::uint32_t last,
                       reply_list& replies) {
  open_batch(context.log_time_ms, due_per_apply + 2 * (last - first));
  const auto commands = codec::kv_batch_reader::open(batch);
  for (auto i = first; i < last; ++i) {
    auto& out = replies.out();
    if (!commands)
      reply::error(out, "ERR the batch cannot be read");
    else if (i >= commands->size() || !commands->at(i, command_))
      reply::error(out, "ERR the command cannot be read");
    else
      run(command_, context.index.value << place_bits | i, out);
    replies.finish();
  }
  store_->end_batch();
}

// -- queries ------------------------------------------------------------------

query_outcome kv_machine::query(const bytes& queries, std::uint32_t first,
                                std::uint32_t last, std::int64_t now_ms,
                                reply_list& replies) {
  const auto commands = codec::kv_batch_reader::open(queries);
  if (!commands) {
    for (auto i = first; i < last; ++i)
      replies.add("-ERR the queries cannot be read\r\n");
    return query_outcome::done;
  }
  if (now_ms == 0 || !expires_by(std::max(now_ms, store_->log_time_ms())))
    return answer(*commands, first, last, now_ms, replies);
  answers_.clear();
  const auto outcome = answer(*commands, first, last, now_ms, answers_);
  if (outcome == query_outcome::done)
    for (std::size_t i = 0; i < answers_.size(); ++i)
      replies.add(answers_[i]);
  return outcome;
}

/// Adds replies even if the outcome is not done, which takes a key that expires
/// by `now_ms` and is excluded where `now_ms` is 0.
query_outcome kv_machine::answer(const codec::kv_batch_reader& queries,
                                 std::uint32_t first, std::uint32_t last,
                                 std::int64_t now_ms, reply_list& replies) {
  for (auto i = first; i < last; ++i) {
    auto& out = replies.out();
    auto outcome = query_outcome::done;
    if (now_ms != 0 && out.size() > lone_replies_bytes_max)
      out += no_room_reply;
    else if (i >= queries.size() || !queries.at(i, command_))
      reply::error(out, "ERR the query cannot be read");
    else if (!reads_only(command_))
      reply::error(out, "ERR a query must not write");
    else
      outcome = read(command_, now_ms, out);
    if (outcome != query_outcome::done)
      return outcome;
    replies.finish();
  }
  return query_outcome::done;
}

query_outcome kv_machine::read(const command& x, std::int64_t now_ms,
                               std::string& out) {
  const auto log_time_ms = store_->log_time_ms();
  const auto ahead_ms = std::max(log_time_ms, now_ms);
  if (concerns_all_keys(x) && expires_by(ahead_ms)) {
    if (now_ms > log_time_ms)
      return query_outcome::time_must_advance;
    if (now_ms != 0)
      return query_outcome::work_must_be_done;
    open_batch(log_time_ms, 0);
    remove_all_due();
    store_->end_batch();
  }
  evaluation one{*store_, {log_time_ms, ahead_ms, 0}, out};
  one.run(x);
  return one.met_due_key() ? query_outcome::time_must_advance
                           : query_outcome::done;
}

} // namespace

std::unique_ptr<machine::state_machine>
make_kv_machine(std::unique_ptr<kv_store> store) {
  return std::make_unique<kv_machine>(std::move(store));
}

} // namespace cohort::kv
