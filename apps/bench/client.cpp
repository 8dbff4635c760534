#include "bench/client.hpp"

#include "bench/protocols.hpp"
#include "core/check.hpp"

#include <sys/epoll.h>

#include <utility>

namespace cohort::bench {

client::client(std::size_t id, const environment& shared)
  : id_(id),
    shared_(shared),
    endpoint_(shared.opts.spread ? id % shared.opts.endpoints.size() : 0),
    slots_(shared.opts.slots()) {}

void client::connect(std::int64_t now_ns) {
  const auto& opts = shared_.opts;
  ++connection_;
  protocol_ = make_protocol(opts);
  out_.clear();
  out_sent_ = 0;
  auto opened = socket::connect(opts.endpoints[endpoint_]);
  if (!opened)
    return lose(opened.err(), now_ns);
  socket_ = std::move(opened).value();
  connecting_ = true;
  watching_for_room_ = true;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT;
  event.data.u64 = id_;
  COHORT_CHECK(
    epoll_ctl(shared_.epoll, EPOLL_CTL_ADD, socket_.descriptor(), &event) == 0);
}

void client::on_ready(std::uint32_t events, std::int64_t now_ns) {
  result<void> outcome;
  if (connecting_) {
    outcome = socket_.connected();
    if (outcome) {
      connecting_ = false;
      protocol_->start(out_);
      for (std::size_t i = 0; i < slots_.size(); ++i)
        issue(i, now_ns);
    }
  } else if ((events & ~std::uint32_t{EPOLLOUT}) != 0) {
    outcome = receive(now_ns);
  }
  if (outcome)
    outcome = flush();
  if (!outcome)
    lose(outcome.err(), now_ns);
}

void client::on_reminder(const reminder& what, std::int64_t now_ns) {
  if (what.connection != connection_)
    return;
  if (!what.slot)
    return connect(now_ns);
  issue(*what.slot, now_ns);
  if (auto outcome = flush(); !outcome)
    lose(outcome.err(), now_ns);
}

void client::issue(std::size_t at, std::int64_t now_ns) {
  auto& x = slots_[at];
  COHORT_CHECK(!x.in_flight);
  if (x.batch.empty()) {
    x.began_ns = now_ns;
    while (x.batch.size() < shared_.opts.batch()) {
      const auto op = shared_.work.next();
      if (!op)
        break;
      x.batch.push_back(*op);
    }
  }
  if (x.batch.empty())
    return;
  protocol_->submit(at, x.batch, out_);
  x.in_flight = true;
}

void client::end(const completion& what, std::int64_t now_ns) {
  auto& x = slots_[what.slot];
  COHORT_CHECK(x.in_flight);
  x.in_flight = false;
  if (what.error.empty()) {
    shared_.results.completed(x.began_ns, now_ns, x.batch.size());
    x.batch.clear();
    issue(what.slot, now_ns);
  } else {
    shared_.results.failed(what.error);
    shared_.later.add(now_ns + retry_delay_ns, {id_, connection_, what.slot});
  }
}

result<void> client::receive(std::int64_t now_ns) {
  const auto input = socket_.receive(shared_.buffer);
  if (!input)
    return input.err();
  auto outcome = protocol_->receive(*input, out_, done_);
  for (const auto& x : done_)
    end(x, now_ns);
  done_.clear();
  return outcome;
}

result<void> client::flush() {
  const auto rest = std::string_view{out_}.substr(out_sent_);
  if (!rest.empty()) {
    const auto sent = socket_.send(rest);
    if (!sent)
      return sent.err();
    out_sent_ += *sent;
  }
  if (out_sent_ == out_.size()) {
    out_.clear();
    out_sent_ = 0;
  }
  watch(!out_.empty());
  return {};
}

void client::watch(bool for_room) {
  if (watching_for_room_ == for_room)
    return;
  watching_for_room_ = for_room;
  epoll_event event{};
  event.events = for_room ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.u64 = id_;
  COHORT_CHECK(
    epoll_ctl(shared_.epoll, EPOLL_CTL_MOD, socket_.descriptor(), &event) == 0);
}

void client::lose(const error& why, std::int64_t now_ns) {
  bool counted = false;
  for (auto& x : slots_)
    if (std::exchange(x.in_flight, false)) {
      shared_.results.failed(to_string(why.code));
      counted = true;
    }
  if (!counted)
    shared_.results.failed(to_string(why.code));
  socket_.close(); // which also takes it out of epoll
  endpoint_ = (endpoint_ + 1) % shared_.opts.endpoints.size();
  shared_.later.add(now_ns + reconnect_delay_ns, {id_, connection_, {}});
}

} // namespace cohort::bench
