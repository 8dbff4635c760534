#include "transport/local_transport.hpp"

#include <caf/send.hpp>

#include <utility>

namespace cohort::transport {

// -- local_network ------------------------------------------------------------

void local_network::cut(const std::string& from, const std::string& to) {
  const std::lock_guard guard{mutex_};
  cuts_.emplace(from, to);
}

void local_network::heal(const std::string& from, const std::string& to) {
  const std::lock_guard guard{mutex_};
  cuts_.erase({from, to});
}

void local_network::heal_all() {
  const std::lock_guard guard{mutex_};
  cuts_.clear();
}

bool local_network::reaches(const std::string& from,
                            const std::string& to) const {
  const std::lock_guard guard{mutex_};
  return !cuts_.contains({from, to});
}

void local_network::join(const std::string& name, caf::actor owner) {
  const std::lock_guard guard{mutex_};
  owners_[name] = std::move(owner);
}

void local_network::leave(const std::string& name, const caf::actor& owner) {
  const std::lock_guard guard{mutex_};
  const auto at = owners_.find(name);
  if (at != owners_.end() && at->second == owner)
    owners_.erase(at);
}

caf::actor local_network::find(const std::string& name) const {
  const std::lock_guard guard{mutex_};
  const auto at = owners_.find(name);
  return at == owners_.end() ? caf::actor{} : at->second;
}

link_id local_network::next_link() {
  const std::lock_guard guard{mutex_};
  return link_id{++last_link_};
}

// -- local_transport ----------------------------------------------------------

namespace {

/// What the other end said or did; from transport to transport.
struct local_knock {
  link_id link;
  std::string from;
  hello who;
};

struct local_answer {
  link_id link;
  handshake what;
};

struct local_frames {
  link_id link;
  std::vector<frame> frames;
};

struct local_close {
  link_id link;
};

} // namespace

} // namespace cohort::transport

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cohort::transport::local_knock)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cohort::transport::local_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cohort::transport::local_frames)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cohort::transport::local_close)

namespace cohort::transport {

class local_transport : public transport {
public:
  local_transport(local_network_ptr network, std::string name, caf::actor owner)
    : network_(std::move(network)),
      name_(std::move(name)),
      owner_(std::move(owner)) {}

  ~local_transport() override {
    stop();
  }

  result<std::uint16_t> start() override {
    network_->join(name_, owner_);
    return std::uint16_t{0};
  }

  link_id connect(const peer_address& to, const hello& own) override {
    const auto link = network_->next_link();
    auto other = network_->find(to.name);
    if (!other || !network_->reaches(name_, to.name)) {
      caf::anon_send(owner_, link_closed{link, "nobody answers"});
      return link;
    }
    links_.emplace(link, end{to.name, other, false, {}});
    caf::anon_send(other, local_knock{link, name_, own});
    return link;
  }

  void admit(link_id link, const hello& own) override {
    const auto at = links_.find(link);
    if (at == links_.end())
      return;
    at->second.admitted = true;
    if (at->second.accepted)
      tell(at->second, local_answer{link, own});
  }

  void refuse(link_id link, const refusal& why) override {
    const auto at = links_.find(link);
    if (at == links_.end())
      return;
    tell(at->second, local_answer{link, why});
    links_.erase(at);
  }

  void close(link_id link) override {
    const auto at = links_.find(link);
    if (at == links_.end())
      return;
    tell(at->second, local_close{link});
    links_.erase(at);
  }

  void send(link_id link, lane, const frame& f) override {
    const auto at = links_.find(link);
    if (at != links_.end())
      at->second.queued.push_back(f);
  }

  void flush() override {
    for (auto& [link, x] : links_)
      if (!x.queued.empty())
        tell(x, local_frames{link, std::exchange(x.queued, {})});
  }

  void stop() override {
    network_->leave(name_, owner_);
    for (auto& [link, x] : links_)
      caf::anon_send(x.other, local_close{link});
    links_.clear();
  }

  caf::message_handler handlers() override {
    return {
      [this](local_knock& x) { on_knock(x); },
      [this](local_answer& x) { on_answer(x); },
      [this](local_frames& x) { on_frames(x); },
      [this](const local_close& x) { on_close(x.link); },
    };
  }

private:
  struct end {
    std::string peer;
    caf::actor other;
    bool accepted;
    std::vector<frame> queued;
    bool admitted = false;
  };

  template <class Message>
  void tell(const end& x, Message msg) {
    if (network_->reaches(name_, x.peer))
      caf::anon_send(x.other, std::move(msg));
  }

  void on_knock(local_knock& x) {
    auto other = network_->find(x.from);
    if (!other)
      return;
    links_.emplace(x.link, end{x.from, std::move(other), true, {}});
    caf::anon_send(owner_, link_hello{x.link, std::move(x.who)});
  }

  void on_answer(local_answer& x) {
    if (!links_.contains(x.link))
      return;
    if (auto* who = std::get_if<hello>(&x.what)) {
      caf::anon_send(owner_, link_hello{x.link, std::move(*who)});
    } else {
      links_.erase(x.link);
      caf::anon_send(owner_, link_refused{x.link, std::get<refusal>(x.what)});
      caf::anon_send(owner_, link_closed{x.link, "refused"});
    }
  }

  void on_frames(local_frames& x) {
    if (links_.contains(x.link))
      caf::anon_send(owner_, link_frames{x.link, std::move(x.frames)});
  }

  void on_close(link_id link) {
    if (links_.erase(link) > 0)
      caf::anon_send(owner_, link_closed{link, "closed by the other side"});
  }

  local_network_ptr network_;
  std::string name_;
  caf::actor owner_;
  std::map<link_id, end> links_;
};

std::unique_ptr<transport> make_local_transport(local_network_ptr network,
                                                std::string name,
                                                caf::actor owner) {
  return std::make_unique<local_transport>(std::move(network), std::move(name),
                                           std::move(owner));
}

} // namespace cohort::transport
