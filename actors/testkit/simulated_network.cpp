#include "testkit/simulated_network.hpp"

#include "codec/peer_codec.hpp"
#include "core/crc32c.hpp"

#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>
#include <vector>

namespace cohort::testkit {

using transport::lane;
using transport::lane_count;
using transport::link_id;

namespace {

/// Why a link that was there is not any more.
struct link_end {
  std::string why;
};

using frame_list = std::vector<frame>;

/// Of a client. A refusal of the only attempt is certain (K2), because whoever
/// sends a request once knows that it arrives once at most.
bool is_request(const frame& x) {
  const auto decoded = codec::decode_peer(x);
  return decoded && std::holds_alternative<client_request>(decoded->body);
}

/// From transport to transport; a bare hello dials.
struct sim_packet {
  link_id link;
  std::string from;
  std::variant<hello, handshake, frame_list, link_end> what;
};

} // namespace

} // namespace cohort::testkit

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cohort::testkit::sim_packet)

namespace cohort::testkit {

namespace {

/// How a packet keeps its place among the others of its link.
enum class order : std::uint8_t {
  control,
  data,
  both, ///< after everything before it, and before everything after it
  none,
};

order order_of(lane on) {
  return on == lane::control ? order::control : order::data;
}

bool keeps_place_in(order x, std::size_t on) {
  return x == order::both || static_cast<std::size_t>(x) == on;
}

/// Links without traffic are probed, as TCP does: after so long it is noticed
/// that the other side has gone without a word.
constexpr std::int64_t probes_fail_ns = 4'000'000'000;

void schedule(caf::actor_clock& time, const caf::actor& to,
              std::int64_t delay_ns, sim_packet x) {
  time.schedule_message(
    time.now()
      + std::chrono::duration_cast<caf::actor_clock::duration_type>(
        std::chrono::nanoseconds{delay_ns}),
    caf::actor_cast<caf::strong_actor_ptr>(to),
    caf::make_mailbox_element(nullptr, caf::make_message_id(),
                              caf::mailbox_element::forwarding_stack{},
                              std::move(x)));
}

} // namespace

// -- simulated_network --------------------------------------------------------

std::int64_t simulated_network::now_ns() const {
  return std::chrono::nanoseconds{time_.now().time_since_epoch()}.count();
}

std::int64_t simulated_network::draw_delay_ns(const std::string& from,
                                              const std::string& to) {
  const auto own = delays_.find({from, to});
  const auto& x = own == delays_.end() ? delay_ : own->second;
  const auto spread = static_cast<std::uint64_t>(x.most_us - x.least_us);
  auto us = x.least_us + static_cast<std::int64_t>(random_.below(spread + 1));
  if (x.spike_one_in > 0 && random_.below(x.spike_one_in) == 0) {
    us += x.spike_us;
    ++counts_.late;
  }
  const auto clog = clogs_.find({from, to});
  const auto stuck_ns = clog == clogs_.end() ? 0 : clog->second - now_ns();
  if (stuck_ns > us * 1000)
    ++counts_.clogged;
  return std::max(us * 1000, stuck_ns);
}

bool simulated_network::draws_repeat(const std::vector<frame>& frames) {
  const bool hit = repeat_one_in_ > 0 && random_.below(repeat_one_in_) == 0
                   && std::none_of(frames.begin(), frames.end(), is_request);
  counts_.repeated += hit ? 1 : 0;
  return hit;
}

bool simulated_network::lives(const std::string& name,
                              const caf::actor& owner) const {
  const auto at = endpoints_.find(name);
  return at != endpoints_.end() && at->second.owner == owner;
}

void simulated_network::break_links(const std::string& x,
                                    const std::string& y) {
  for (const auto& [link, state] : links_) {
    if (x == y || !joins(state, x) || !joins(state, y))
      continue;
    ++counts_.links_broken;
    for (const auto& name : {x, y})
      if (const auto owner = endpoints_[name].owner)
        schedule(time_, owner, draw_delay_ns(x, y),
                 {link, "", link_end{"connection reset"}});
  }
}

void simulated_network::vanish(const std::string& name, bool silent) {
  endpoints_[name] = {caf::actor{}, silent};
  for (const auto& [link, state] : links_) {
    if (!joins(state, name))
      continue;
    const auto& other = state.dialed_by == name ? state.accepted_by
                                                : state.dialed_by;
    const auto owner = endpoints_[other].owner;
    if (!owner)
      continue;
    if (silent || cuts_.contains({name, other}))
      fall_silent(link, name, other);
    else
      schedule(time_, owner, draw_delay_ns(name, other),
               {link, name, link_end{"connection reset"}});
  }
}

/// Whether this is a link of `name` that can still break.
bool simulated_network::joins(const link_state& x, const std::string& name) {
  return !x.ended && (x.dialed_by == name || x.accepted_by == name);
}

/// One side of it has ended.
void simulated_network::end_of(link_id link) {
  const auto at = links_.find(link);
  if (at != links_.end() && std::exchange(at->second.ended, true))
    links_.erase(at);
}

/// Nothing tells `other` that a link of `name` is over, even if it never sends
/// anything on it.
void simulated_network::fall_silent(link_id link, const std::string& name,
                                    const std::string& other) {
  if (const auto owner = endpoints_[other].owner)
    schedule(time_, owner, probes_fail_ns, {link, name, link_end{"silence"}});
}

// -- simulated_transport ------------------------------------------------------

class simulated_transport : public transport::transport {
public:
  simulated_transport(simulated_network& network, std::string name,
                      caf::scheduled_actor* owner)
    : network_(network),
      name_(std::move(name)),
      self_(owner),
      owner_(caf::actor_cast<caf::actor>(owner)) {}

  ~simulated_transport() override {
    stop();
  }

  result<std::uint16_t> start() override {
    network_.endpoints_[name_] = {owner_, false};
    return std::uint16_t{0};
  }

  link_id connect(const cohort::transport::peer_address& to,
                  const hello& own) override {
    const link_id link{++network_.last_link_};
    network_.links_[link] = {name_, to.name, {}};
    links_.emplace(link, end{to.name, nobody, false, false, {}});
    greet(own);
    post(link, to.name, order::both, own);
    return link;
  }

  void admit(link_id link, const hello& own) override {
    const auto at = links_.find(link);
    if (at == links_.end())
      return;
    at->second.admitted = true;
    if (!at->second.accepted)
      return;
    greet(own);
    post(link, at->second.peer, order::both, handshake{own});
  }

  void refuse(link_id link, const refusal& why) override {
    const auto at = links_.find(link);
    if (at == links_.end())
      return;
    post(link, at->second.peer, order::both, handshake{why});
    forget(at);
  }

  void close(link_id link) override {
    const auto at = links_.find(link);
    if (at == links_.end())
      return;
    post(link, at->second.peer, order::both,
         link_end{"closed by the other side"});
    if (!at->second.admitted)
      given_up_[at->second.peer] = link;
    forget(at);
  }

  void send(link_id link, lane on, const frame& f) override {
    const auto at = links_.find(link);
    if (at == links_.end() || !at->second.admitted)
      return;
    if (network_.listeners_.sends && network_.lives(name_, owner_))
      network_.listeners_.sends(name_, at->second.who, f);
    at->second.queued[static_cast<std::size_t>(on)].push_back(f);
  }

  void flush() override {
    for (auto& [link, x] : links_)
      for (const auto on : {lane::control, lane::data})
        if (auto& queued = x.queued[static_cast<std::size_t>(on)];
            !queued.empty())
          post(link, x.peer, order_of(on), std::exchange(queued, {}));
  }

  void stop() override {
    while (!links_.empty())
      close(links_.begin()->first);
    if (network_.lives(name_, owner_))
      network_.endpoints_[name_].owner = {};
  }

  caf::message_handler handlers() override {
    return {[this](sim_packet& x) { on_packet(x); }};
  }

private:
  struct end {
    std::string peer;
    node_id who; ///< as it said
    bool accepted;
    bool admitted;
    std::array<frame_list, lane_count> queued;
  };
  using end_at = std::map<link_id, end>::iterator;

  void greet(const hello& own) const {
    if (network_.listeners_.greets && network_.lives(name_, owner_))
      network_.listeners_.greets(name_, own);
  }

  template <class What>
  void post(link_id link, const std::string& to, order place, What what) {
    if (!network_.lives(name_, owner_))
      return;
    if (network_.cuts_.contains({name_, to})) {
      ++network_.counts_.lost;
      if constexpr (std::is_same_v<What, link_end>)
        network_.fall_silent(link, name_, to);
      return;
    }
    const auto& other = network_.endpoints_[to];
    if (other.down)
      return;
    auto delay_ns = network_.draw_delay_ns(name_, to);
    if (!other.owner) // the host is up, and says that nobody is there
      return schedule(network_.time_, owner_, 2 * delay_ns,
                      {link, to, link_end{"nobody listens"}});
    if (const auto at = network_.links_.find(link); at != network_.links_.end())
      delay_ns = in_place(at->second, place, delay_ns);
    if constexpr (std::is_same_v<What, frame_list>)
      if (network_.draws_repeat(what))
        schedule(network_.time_, other.owner,
                 delay_ns + network_.draw_delay_ns(name_, to),
                 {link, name_, what});
    schedule(network_.time_, other.owner, delay_ns,
             {link, name_, std::move(what)});
  }

  /// Not before what was sent before.
  std::int64_t in_place(simulated_network::link_state& x, order place,
                        std::int64_t delay_ns) {
    auto& last_ns = x.last_ns[x.dialed_by == name_ ? 0 : 1];
    auto at_ns = network_.now_ns() + delay_ns;
    for (std::size_t on = 0; on < lane_count; ++on)
      if (keeps_place_in(place, on))
        at_ns = std::max(at_ns, last_ns[on]);
    for (std::size_t on = 0; on < lane_count; ++on)
      if (keeps_place_in(place, on))
        last_ns[on] = at_ns;
    return at_ns - network_.now_ns();
  }

  void on_packet(sim_packet& x) {
    if (!network_.lives(name_, owner_))
      return;
    note(x);
    if (auto* who = std::get_if<hello>(&x.what))
      return on_dialed(x, std::move(*who));
    const auto at = links_.find(x.link);
    if (auto* ended = std::get_if<link_end>(&x.what)) {
      if (at == links_.end())
        return;
      forget(at);
      tell(cohort::transport::link_closed{x.link, ended->why});
    } else if (at == links_.end()) {
      post(x.link, x.from, order::none, link_end{"connection reset"});
      if (auto* answer = std::get_if<handshake>(&x.what))
        on_late_answer(x, *answer);
    } else if (auto* answer = std::get_if<handshake>(&x.what)) {
      on_answer(at, *answer);
    } else {
      tell(cohort::transport::link_frames{
        x.link, std::get<frame_list>(std::move(x.what))});
    }
  }

  /// At once: links may be gone when this returns.
  template <class What>
  void tell(What what) {
    auto told = caf::make_message(std::move(what));
    self_->current_behavior()(told);
  }

  void on_dialed(const sim_packet& x, hello who) {
    links_.emplace(x.link, end{x.from, who.incarnation, true, false, {}});
    tell(cohort::transport::link_hello{x.link, std::move(who)});
  }

  void on_answer(end_at at, handshake& answer) {
    const auto link = at->first;
    if (auto* who = std::get_if<hello>(&answer)) {
      at->second.who = who->incarnation;
      tell(cohort::transport::link_hello{link, std::move(*who)});
      return;
    }
    forget(at);
    tell(cohort::transport::link_refused{link, std::get<refusal>(answer)});
    tell(cohort::transport::link_closed{link, "refused"});
  }

  /// Others tell their owner with a message, which may wait in its mailbox
  /// while it closes the link.
  void on_late_answer(const sim_packet& x, handshake& answer) {
    auto* const who = std::get_if<hello>(&answer);
    const auto at = given_up_.find(x.from);
    if (who && at != given_up_.end() && at->second == x.link
        && network_.random_.below(2) == 0)
      tell(cohort::transport::link_hello{x.link, std::move(*who)});
  }

  void forget(end_at at) {
    network_.end_of(at->first);
    links_.erase(at);
  }

  void note(const sim_packet& x) {
    ++network_.counts_.delivered;
    auto& trace = network_.trace_;
    trace.add(static_cast<std::uint64_t>(network_.now_ns()));
    trace.add(name_);
    trace.add(x.link.value);
    trace.add(x.what.index());
    if (const auto* frames = std::get_if<frame_list>(&x.what))
      for (const auto& f : *frames)
        trace.add(crc32c(f.data(), f.size()));
  }

  simulated_network& network_;
  std::string name_;
  caf::scheduled_actor* self_;
  caf::actor owner_;
  std::map<link_id, end> links_;
  /// By peer, the last that was closed before its answer was here.
  std::map<std::string, link_id> given_up_;
};

std::unique_ptr<transport::transport>
make_simulated_transport(simulated_network& network, std::string name,
                         caf::scheduled_actor* owner) {
  return std::make_unique<simulated_transport>(network, std::move(name), owner);
}

} // namespace cohort::testkit
