#include "testkit/kv/watched_kv_machine.hpp"

#include "codec/kv_codec.hpp"
#include "resp/kv_node.hpp"
#include "testkit/kv/client_items.hpp"
#include "testkit/trace_hash.hpp"

#include <memory>
#include <optional>

namespace cohort::testkit {

using machine::apply_context;
using machine::query_outcome;
using machine::reply_list;

namespace {

/// Says when it is over.
class watched_sink final : public machine::snapshot_sink {
public:
  watched_sink(std::unique_ptr<machine::snapshot_sink> inner, bool& restoring)
    : inner_(std::move(inner)),
      restoring_(restoring) {
    restoring_ = true;
  }
  ~watched_sink() override {
    restoring_ = false;
  }

  result<void> write(std::string_view chunk) override {
    return inner_->write(chunk);
  }
  result<void> finish() override {
    return inner_->finish();
  }

private:
  std::unique_ptr<machine::snapshot_sink> inner_;
  bool& restoring_;
};

bytes state_questions(const std::vector<history::key_id>& keys) {
  codec::kv_batch_builder builder;
  for (const auto key : keys)
    for (const auto what : {kv::op::get, kv::op::changed}) {
      const auto name = name_of(key);
      kv::command x;
      x.what = what;
      x.key = name;
      builder.append(x);
    }
  const auto made = builder.finish();
  return made.alias(made.data(), made.size());
}

} // namespace

class watched_kv_machine final : public machine::state_machine {
public:
  watched_kv_machine(std::unique_ptr<machine::state_machine> inner,
                     kv_witness& witness, std::string node)
    : inner_(std::move(inner)),
      witness_(witness),
      node_(std::move(node)) {}

  ~watched_kv_machine() override {
    witness_.ended(*this, node_);
  }

  std::uint32_t version() const override {
    return inner_->version();
  }
  result<std::uint32_t> check(const bytes& batch) const override {
    return inner_->check(batch);
  }

  void apply(const apply_context& context, const bytes& batch,
             std::uint32_t first, std::uint32_t last,
             reply_list& replies) override {
    const auto before = replies.size();
    inner_->apply(context, batch, first, last, replies);
    for (auto i = first; i < last; ++i)
      witness_.applied(*this, node_, context, i, replies[before + (i - first)]);
  }
  void advance_time(const apply_context& context) override {
    inner_->advance_time(context);
  }
  query_outcome query(const bytes& queries, std::uint32_t first,
                      std::uint32_t last, std::int64_t now_ms,
                      reply_list& replies) override {
    return inner_->query(queries, first, last, now_ms, replies);
  }
  result<void> failed() const override {
    return inner_->failed();
  }
  bool time_is_due(std::int64_t now_ms) const override {
    return inner_->time_is_due(now_ms);
  }
  std::unique_ptr<machine::snapshot_source> begin_snapshot() override {
    return inner_->begin_snapshot();
  }
  std::unique_ptr<machine::snapshot_sink> begin_restore() override {
    return std::make_unique<watched_sink>(inner_->begin_restore(), restoring_);
  }
  std::size_t approximate_bytes() const override {
    return inner_->approximate_bytes();
  }
  bool work() override {
    return inner_->work();
  }

  /// None while it takes over another state.
  std::optional<std::string>
  answers_to(const std::vector<history::key_id>& keys) {
    if (restoring_)
      return std::nullopt;
    reply_list replies;
    inner_->query(state_questions(keys), 0,
                  static_cast<std::uint32_t>(2 * keys.size()), 0, replies);
    return replies.data();
  }

private:
  std::unique_ptr<machine::state_machine> inner_;
  kv_witness& witness_;
  std::string node_;
  bool restoring_ = false;
};

// -- kv_witness ---------------------------------------------------------------

runtime::machine_factory kv_witness::machine_of(const std::string& node) {
  return [this, node](const runtime::machine_request& request)
           -> result<std::unique_ptr<machine::state_machine>> {
    auto inner = resp::kv_machines()(request);
    if (!inner)
      return inner.err();
    auto made = std::make_unique<watched_kv_machine>(std::move(*inner), *this,
                                                     node);
    machines_[node] = made.get();
    return std::unique_ptr<machine::state_machine>{std::move(made)};
  };
}

void kv_witness::ended(const watched_kv_machine& x, const std::string& node) {
  const auto at = machines_.find(node);
  if (at != machines_.end() && at->second == &x)
    machines_.erase(at);
}

void kv_witness::applied(const watched_kv_machine& by, const std::string& node,
                         const apply_context& at, std::uint32_t command,
                         std::string_view reply) {
  const auto lives = machines_.find(node);
  if (lives == machines_.end() || lives->second != &by)
    return;
  applies_(node, at.index, at.term);
  trace_hash hash;
  hash.add(at.term.value);
  hash.add(reply);
  const auto [known, fresh] = hashes_.try_emplace({at.index, command},
                                                  hash.value());
  if (!fresh && known->second != hash.value())
    broken_(node + " differs from the others at index " + to_string(at.index));
}

bool kv_witness::same(const std::string& one, const std::string& other,
                      const std::vector<history::key_id>& keys) const {
  const auto left = machines_.find(one);
  const auto right = machines_.find(other);
  if (left == machines_.end() || right == machines_.end())
    return false;
  const auto wanted = right->second->answers_to(keys);
  return wanted && left->second->answers_to(keys) == wanted;
}

} // namespace cohort::testkit
