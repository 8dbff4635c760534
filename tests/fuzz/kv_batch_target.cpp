// Batches of commands as they are on the wire and in the log.
#include "codec/kv_codec.hpp"
#include "fuzz/bytes_source.hpp"
#include "fuzz/fuzz_target.hpp"
#include "fuzz/kv_checks.hpp"
#include "fuzz/round_trip.hpp"

namespace cohort::fuzz::kv_batch_fuzz {

namespace {

/// Commands take more than their bytes, up to a bound on their number. One is
/// read at a time.
constexpr std::size_t command_memory_max =
  2 * kv::commands_max * (sizeof(kv::command) + sizeof(kv::watch));

/// Writes again what can be read of a batch; empty if something cannot.
std::string rewrite(const bytes& batch) {
  memory_watch watch;
  const auto reader = codec::kv_batch_reader::open(batch);
  if (!reader) {
    expect_refusal(reader.err());
    return {};
  }
  expect(reader->size() > 0 && reader->size() <= kv::commands_max,
         "a batch has commands, and not too many");
  kv::command x;
  for (std::uint32_t i = 0; i < reader->size(); ++i)
    if (const auto read = reader->at(i, x); !read) {
      expect_refusal(read.err());
      return {};
    }
  expect(watch.peak() <= decoded_bytes_max(batch.size()) + command_memory_max,
         "reading takes no more memory than the bounds allow");
  codec::kv_batch_builder builder;
  for (std::uint32_t i = 0; i < reader->size(); ++i) {
    expect(reader->at(i, x).ok(), "what was read is read again");
    expect(!kv::flaw_of(x), "what is read has no flaw");
    builder.append(x);
  }
  return content_of(builder.finish());
}

void check_same(const bytes& a, const bytes& b) {
  const auto x = codec::kv_batch_reader::open(a);
  const auto y = codec::kv_batch_reader::open(b);
  expect(x.ok() && y.ok() && x->size() == y->size(), "batches are as long");
  kv::command from_x;
  kv::command from_y;
  for (std::uint32_t i = 0; i < x->size(); ++i)
    expect(x->at(i, from_x).ok() && y->at(i, from_y).ok()
             && same_command(from_x, from_y),
           "what is written again is the same");
}

bool has_literal(const bytes& batch) {
  const auto reader = codec::kv_batch_reader::open(batch);
  kv::command x;
  const auto is_literal = [](const kv::command& one) {
    return one.what == kv::op::literal;
  };
  for (std::uint32_t i = 0; i < reader->size(); ++i)
    if (reader->at(i, x).ok()
        && (is_literal(x)
            || std::any_of(x.nested.begin(), x.nested.end(), is_literal)))
      return true;
  return false;
}

} // namespace

COHORT_FUZZ_TARGET(kv_batch) {
  const auto batch = to_bytes(frame_of(input));
  const auto written = rewrite(batch);
  const auto machine = make_kv();
  const auto count = machine->check(batch);
  expect(count.ok() == !written.empty(),
         "a machine takes just what can be read");
  machine::reply_list replies;
  if (!count) { // a replica that did not check does not fall either
    machine->apply({index_t{1}, term_t{1}, 1}, batch, 0, 2, replies);
    static_cast<void>(machine->query(batch, 0, 2, 0, replies));
    return false;
  }
  const auto again = bytes::of(written);
  check_same(batch, again);
  expect(rewrite(again) == written, "the same is written the same");
  const auto other = make_kv();
  const machine::apply_context context{index_t{1}, term_t{1}, 1};
  const auto first = apply_all(*machine, context, batch, *count);
  const auto second = apply_all(*other, context, again, *count);
  expect(first.data() == second.data() && first.ends() == second.ends(),
         "the same commands have the same replies");
  if (!has_literal(again)) // which may be anything
    expect_replies(first);
  return true;
}

} // namespace cohort::fuzz::kv_batch_fuzz
