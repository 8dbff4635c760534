#include "runtime/forming.hpp"

#include "core/rng.hpp"

#include <boost/test/unit_test.hpp>

#include <deque>
#include <memory>
#include <set>

using namespace cohort;
using namespace cohort::runtime;

namespace {

/// Nodes that form a cluster, or try to, on a network that loses messages.
class world {
public:
  world(std::size_t count, std::uint64_t seed) : random_(seed) {
    for (std::size_t i = 1; i <= count; ++i)
      names_.push_back("n" + std::to_string(i));
    for (const auto& name : names_)
      start(name);
  }

  void start(const std::string& name) {
    auto& x = nodes_[name];
    forming_options options;
    options.own_name = name;
    options.names = names_;
    options.topology = topologies_.contains(name) ? 8 : 7;
    options.drawn = {random_.next(), random_.next()};
    options.nonce = random_.next();
    x.core = std::make_unique<forming>(options, x.on_disk);
    carry_out(name);
  }

  void stop(const std::string& name) {
    nodes_.at(name).core.reset();
    nodes_.at(name).writing.reset();
    for (auto& [other, x] : nodes_)
      if (x.core)
        x.core->lost(name);
  }

  void wipe(const std::string& name) {
    stop(name);
    nodes_.at(name).on_disk.reset();
  }

  void sync(const std::string& name) {
    auto& x = nodes_.at(name);
    if (!x.core || !x.writing)
      return;
    x.on_disk = *std::exchange(x.writing, std::nullopt);
    x.core->stored();
    carry_out(name);
  }

  /// Two nodes say hello to each other.
  void meet(const std::string& a, const std::string& b) {
    if (a == b || !nodes_.at(a).core || !nodes_.at(b).core)
      return;
    nodes_.at(a).core->met(hello_of(b));
    nodes_.at(b).core->met(hello_of(a));
    carry_out(a);
    carry_out(b);
  }

  void tick(const std::string& name) {
    if (!nodes_.at(name).core)
      return;
    nodes_.at(name).core->tick();
    carry_out(name);
  }

  void deliver() {
    if (network_.empty())
      return;
    const auto at = random_.below(network_.size());
    auto [from, msg] = network_[at];
    network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(at));
    auto& x = nodes_.at(msg.to);
    if (!x.core)
      return;
    if (const auto* offer = std::get_if<form_offer>(&msg.body))
      x.core->offered(from, *offer);
    else if (const auto* answer = std::get_if<form_answer>(&msg.body))
      x.core->answered(from, *answer);
    else
      answer_join(msg.to, from, std::get<join_request>(msg.body));
    carry_out(msg.to);
  }

  void lose() {
    if (!network_.empty())
      network_.pop_front();
  }

  /// Everything that can happen happens, for a while.
  void settle() {
    for (int i = 0; i < 60; ++i) {
      for (const auto& a : names_)
        for (const auto& b : names_)
          meet(a, b);
      for (const auto& name : names_) {
        tick(name);
        sync(name);
      }
      while (!network_.empty()) {
        deliver();
        for (const auto& name : names_)
          sync(name);
      }
    }
  }

  void random_step() {
    const auto any = [&] { return names_[random_.below(names_.size())]; };
    const auto draw = random_.below(60);
    if (draw == 0)
      return stop(any());
    if (draw < 6) {
      const auto name = any();
      if (!nodes_.at(name).core)
        start(name);
    } else if (draw < 16) {
      sync(any());
    } else if (draw < 28) {
      meet(any(), any());
    } else if (draw < 32) {
      lose();
    } else if (draw < 40) {
      tick(any());
    } else {
      deliver();
    }
  }

  const forming& at(const std::string& name) const {
    return *nodes_.at(name).core;
  }
  bool up(const std::string& name) const {
    return nodes_.at(name).core != nullptr;
  }
  forming& operator[](const std::string& name) {
    return *nodes_.at(name).core;
  }
  void carry_out(const std::string& name) {
    auto& x = nodes_.at(name);
    auto out = x.core->drain();
    if (out.store)
      x.writing = out.store;
    for (auto& msg : out.send)
      network_.emplace_back(name, std::move(msg));
    check();
  }
  const std::vector<std::string>& names() const {
    return names_;
  }
  /// The cluster's own answer to who lost its disk; off: no majority there.
  bool meta_answers = false;
  std::set<std::string> topologies_; ///< nodes with another topology file

  std::set<cluster_id> clusters() const {
    return formed_;
  }

private:
  struct machine {
    std::unique_ptr<forming> core;
    std::optional<cluster_identity> on_disk;
    std::optional<cluster_identity> writing;
  };

  hello hello_of(const std::string& name) {
    const auto& core = *nodes_.at(name).core;
    hello result;
    result.node = name;
    result.topology = topologies_.contains(name) ? 8 : 7;
    if (core.identity()) {
      result.cluster = core.identity()->cluster;
      result.incarnation = core.identity()->incarnation;
    }
    result.formed = core.formed();
    return result;
  }

  void answer_join(const std::string& by, const std::string& to,
                   const join_request& request) {
    if (!meta_answers || !nodes_.at(by).core->formed())
      return;
    const node_id replaced{1};
    join_reply reply{nodes_.at(by).core->identity()->cluster, request.nonce,
                     nobody, replaced};
    if (request.replaces == replaced)
      reply.incarnation =
        minted_.emplace(request.nonce, node_id{100 + minted_.size()})
          .first->second;
    if (nodes_.at(to).core) {
      nodes_.at(to).core->joined(by, reply);
      carry_out(to);
    }
  }

  /// One cluster, and no incarnation twice.
  void check() {
    std::map<node_id, std::string> holders;
    for (const auto& [name, x] : nodes_) {
      if (!x.on_disk || !x.on_disk->complete)
        continue;
      formed_.insert(x.on_disk->cluster);
      const auto [at, added] = holders.emplace(x.on_disk->incarnation, name);
      BOOST_REQUIRE(added);
    }
    BOOST_REQUIRE(formed_.size() <= 1);
  }

  rng random_;
  std::vector<std::string> names_;
  std::map<std::string, machine> nodes_;
  std::deque<std::pair<std::string, forming_message>> network_;
  std::map<std::uint64_t, node_id> minted_;
  std::set<cluster_id> formed_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(forming_suite)

BOOST_AUTO_TEST_CASE(C2_empty_nodes_form_one_cluster) {
  world w{3, 1};
  w.settle();
  for (const auto& name : w.names()) {
    BOOST_TEST(w.at(name).formed());
    BOOST_TEST(w.at(name).waiting_for().empty());
  }
  BOOST_TEST((w.at("n1").identity()->incarnation == node_id{1}));
  BOOST_TEST((w.at("n3").identity()->incarnation == node_id{3}));
  BOOST_TEST(w.clusters().size() == 1u);
}

BOOST_AUTO_TEST_CASE(C3_one_node_is_a_cluster) {
  world w{1, 1};
  w.sync("n1");
  BOOST_TEST(w.at("n1").formed());
}

BOOST_AUTO_TEST_CASE(C2_nobody_forms_while_one_is_missing) {
  world w{3, 1};
  w.stop("n3");
  w.settle();
  BOOST_TEST(!w.at("n1").identity().has_value());
  BOOST_TEST(w.at("n1").waiting_for().find("n3") != std::string::npos);
  w.start("n3");
  w.settle();
  BOOST_TEST(w.at("n1").formed());
}

BOOST_AUTO_TEST_CASE(C2_two_wiped_nodes_never_form_a_second_cluster) {
  world w{3, 1};
  w.settle();
  w.wipe("n1");
  w.wipe("n2");
  w.stop("n3");
  w.start("n1");
  w.start("n2");
  w.settle();
  BOOST_TEST(!w.at("n1").identity().has_value()); // n3 did not answer
  w.start("n3");
  w.settle();
  BOOST_TEST(!w.at("n1").identity().has_value()); // nobody can mint
  BOOST_TEST(w.at("n1").waiting_for().find("empty") != std::string::npos);
  BOOST_TEST(w.clusters().size() == 1u);
}

BOOST_AUTO_TEST_CASE(C2_a_wiped_node_gets_a_new_incarnation) {
  world w{3, 1};
  w.settle();
  w.meta_answers = true;
  w.wipe("n2");
  w.start("n2");
  w.settle();
  BOOST_REQUIRE(w.at("n2").formed());
  BOOST_TEST((w.at("n2").identity()->incarnation == node_id{100}));
  BOOST_TEST((w.at("n2").identity()->replaces == node_id{1}));
}

BOOST_AUTO_TEST_CASE(C2_an_operator_forms_without_a_node_that_is_not_there) {
  world w{3, 1};
  w.stop("n1");
  w.settle();
  BOOST_TEST(!w.at("n2").identity().has_value());
  w["n2"].form_without({"n1"});
  w.carry_out("n2");
  w.settle();
  BOOST_TEST(w.at("n2").formed());
  BOOST_TEST(w.at("n3").formed());
  // The one that was left out comes as a new member.
  w.start("n1");
  w.settle();
  BOOST_TEST(!w.at("n1").identity().has_value());
  w.meta_answers = true;
  w.settle();
  BOOST_TEST(w.at("n1").formed());
}

BOOST_AUTO_TEST_CASE(C2_different_topologies_do_not_form) {
  world w{3, 1};
  w.stop("n2");
  w.topologies_.insert("n2");
  w.start("n2");
  w.settle();
  for (const auto& name : w.names())
    BOOST_TEST(!w.at(name).identity().has_value());
}

BOOST_AUTO_TEST_CASE(
  C2_however_messages_and_crashes_fall_there_is_one_cluster) {
  std::size_t formed = 0;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      world w{3, seed};
      for (int i = 0; i < 150; ++i)
        w.random_step();
      formed += w.clusters().size();
      for (const auto& name : w.names())
        if (!w.up(name))
          w.start(name);
      w.settle();
      for (const auto& name : w.names())
        BOOST_REQUIRE_MESSAGE(w.at(name).formed(),
                              name << " waits for "
                                   << w.at(name).waiting_for());
    }
  }
  BOOST_TEST(formed > 300u); // some of them in the midst of it
}

BOOST_AUTO_TEST_SUITE_END()
