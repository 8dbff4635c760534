#include "bench/resp_protocol.hpp"

#include "core/check.hpp"

namespace cohort::bench {

namespace {

using resp::reply_kind;

/// What a reply to an operation means; nothing: it does not answer it.
std::optional<std::string_view> error_of(operation_kind kind,
                                         const resp::reply& reply) {
  if (reply.kind == reply_kind::error)
    return resp::error_kind(reply.text);
  if (kind == operation_kind::set && reply.kind == reply_kind::status)
    return "";
  if (kind == operation_kind::get && reply.kind == reply_kind::bulk)
    return "";
  if (kind == operation_kind::get && reply.kind == reply_kind::nil)
    return "missing";
  return std::nullopt;
}

/// The same of a reply to WAIT.
std::optional<std::string_view> error_of_wait(unsigned wanted,
                                              const resp::reply& reply) {
  if (reply.kind == reply_kind::error)
    return resp::error_kind(reply.text);
  if (reply.kind != reply_kind::integer)
    return std::nullopt;
  return reply.integer < std::int64_t{wanted} ? "too few replicas" : "";
}

} // namespace

void resp_protocol::start(std::string&) {
  // A RESP connection begins with the first command.
}

void resp_protocol::submit(std::size_t slot, std::span<const operation> batch,
                           std::string& out) {
  COHORT_CHECK(!batch.empty());
  for (const auto& op : batch)
    resp::append(out, op);
  const auto kind = batch.front().kind;
  const bool wait = wait_replicas_ > 0 && kind == operation_kind::set;
  if (wait)
    resp::append_wait(out, wait_replicas_, wait_timeout_ms);
  in_flight_.push_back({{slot, {}}, kind, batch.size(), wait});
}

result<void> resp_protocol::receive(std::string_view input, std::string&,
                                    std::vector<completion>& done) {
  // Most of the time a read ends with a reply, and nothing is copied.
  std::string joined;
  if (!partial_.empty()) {
    joined = std::move(partial_);
    joined += input;
    input = joined;
    partial_.clear();
  }
  while (!input.empty()) {
    const auto parsed = resp::parse(input);
    if (!parsed)
      return parsed.err();
    if (!*parsed)
      break;
    const auto& reply = **parsed;
    if (in_flight_.empty() || !accept(reply))
      return {errc::malformed, "a reply that answers nothing"};
    input.remove_prefix(reply.size);
    auto& oldest = in_flight_.front();
    if (oldest.operations_left == 0 && !oldest.wait_left) {
      done.push_back(std::move(oldest.outcome));
      in_flight_.pop_front();
    }
  }
  partial_ = input;
  return {};
}

bool resp_protocol::accept(const resp::reply& reply) {
  auto& oldest = in_flight_.front();
  const bool operation = oldest.operations_left > 0;
  const auto problem = operation ? error_of(oldest.kind, reply)
                                 : error_of_wait(wait_replicas_, reply);
  if (!problem)
    return false;
  // The first thing that went wrong names the failure of the whole batch.
  if (oldest.outcome.error.empty())
    oldest.outcome.error = *problem;
  if (operation)
    --oldest.operations_left;
  else
    oldest.wait_left = false;
  return true;
}

} // namespace cohort::bench
