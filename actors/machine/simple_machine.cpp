#include "machine/simple_machine.hpp"

#include "codec/meta_codec.hpp"

#include <algorithm>
#include <utility>

namespace cohort::machine {

namespace {

class saved_state : public snapshot_source {
public:
  explicit saved_state(std::string saved) : saved_(std::move(saved)) {}

  bool next(std::string& chunk, std::size_t bytes_max) override {
    const auto count = std::min(bytes_max, saved_.size() - at_);
    chunk.append(saved_, at_, count);
    at_ += count;
    return at_ < saved_.size();
  }

private:
  std::string saved_;
  std::size_t at_ = 0;
};

class loading : public snapshot_sink {
public:
  explicit loading(simple_machine& machine) : machine_(machine) {}

  result<void> write(std::string_view chunk) override {
    saved_ += chunk;
    return {};
  }

  result<void> finish() override {
    return machine_.load(saved_);
  }

private:
  simple_machine& machine_;
  std::string saved_;
};

} // namespace

result<std::uint32_t> simple_machine::check(const bytes& batch) const {
  const auto commands = codec::decode_list(batch);
  if (!commands)
    return commands.err();
  return static_cast<std::uint32_t>(commands->size());
}

void simple_machine::apply(const apply_context& context, const bytes& batch,
                           std::uint32_t first, std::uint32_t last,
                           reply_list& replies) {
  const auto commands = codec::decode_list(batch);
  for (auto i = first; i < last; ++i)
    replies.add(commands && i < commands->size()
                  ? apply(context, (*commands)[i].view())
                  : std::string{});
}

query_outcome simple_machine::query(const bytes& queries, std::uint32_t first,
                                    std::uint32_t last, std::int64_t,
                                    reply_list& replies) {
  const auto questions = codec::decode_list(queries);
  for (auto i = first; i < last; ++i)
    replies.add(questions && i < questions->size()
                  ? query((*questions)[i].view())
                  : std::string{});
  return query_outcome::done;
}

std::unique_ptr<snapshot_source> simple_machine::begin_snapshot() {
  return std::make_unique<saved_state>(save());
}

std::unique_ptr<snapshot_sink> simple_machine::begin_restore() {
  return std::make_unique<loading>(*this);
}

} // namespace cohort::machine
