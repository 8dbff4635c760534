#include "runtime/meta_client.hpp"

#include <algorithm>
#include <utility>

namespace cohort::runtime {

void meta_client::join(const std::string& from, const join_request& request,
                       node_id current, std::int64_t now_ms) {
  if (request.replaces != current) {
    answers_.push_back({from, {{}, request.nonce, nobody, current}});
    return;
  }
  const bool asked = std::any_of(asking_.begin(), asking_.end(), [&](auto& x) {
    return x.second.from == from && x.second.nonce == request.nonce;
  });
  if (asked)
    return;
  const auto id = submit(mint_command{request.node, request.nonce, current},
                         now_ms);
  asking_[id] = {from, request.nonce};
}

std::uint64_t meta_client::submit(const meta_command& x, std::int64_t now_ms) {
  const auto list = codec::encode_list({codec::encode(x)});
  machine::work_batch work;
  work.count = 1;
  work.commands = list.alias(list.data(), list.size());
  return sender_.submit(std::move(work), false, now_ms);
}

/// Any member knows, or learns, who leads.
void meta_client::tick(std::int64_t now_ms) {
  for (auto& [incarnation, work] : burials_)
    if (!work)
      work = submit(bury_command{incarnation}, now_ms);
  const bool waits = !asking_.empty() || !burials_.empty();
  if (waits && sender_.primary() == nobody && !members_.empty())
    sender_.primary_is(members_[next_member_++ % members_.size()], now_ms);
  sender_.tick(now_ms);
}

/// Whatever the answer is, it stands; without one it is asked again.
bool meta_client::settle_burial(const machine::finished_work& x) {
  const auto at =
    std::find_if(burials_.begin(), burials_.end(),
                 [&](const auto& burial) { return burial.second == x.id; });
  if (at == burials_.end())
    return false;
  if (x.fate == machine::work_fate::done)
    burials_.erase(at);
  else
    at->second.reset();
  return true;
}

std::vector<meta_client::answer> meta_client::take_answers() {
  auto result = std::exchange(answers_, {});
  for (const auto& x : sender_.take_finished()) {
    const auto at = asking_.find(x.id);
    if (settle_burial(x) || at == asking_.end())
      continue;
    const auto who = std::move(at->second);
    asking_.erase(at);
    if (x.fate != machine::work_fate::done || x.reply.replies.size() != 1)
      continue;
    const auto minted = codec::decode_meta_reply(x.reply.replies[0]);
    if (!minted || minted->incarnation == nobody)
      continue;
    join_reply reply;
    reply.nonce = who.nonce;
    reply.incarnation = minted->incarnation;
    reply.replaces = minted->replaces;
    result.push_back({who.from, reply});
  }
  return result;
}

} // namespace cohort::runtime
