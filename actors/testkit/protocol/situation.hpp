// A whole group at one moment, cheap to copy and to know again.
#pragma once

#include "testkit/protocol/member.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cohort::testkit::protocol {

/// How much may happen on one way from the start. Together with these, whatever
/// happens is explored in every order.
struct exploration_bounds {
  std::size_t nodes = 3;
  /// Nobody campaigns for a term beyond.
  std::uint64_t terms = 2;
  /// Commands that are given to whoever leads; each term adds an empty entry.
  std::uint64_t commands = 1;
  /// Crashes of a node, which starts again at once.
  std::uint64_t crashes = 1;
  /// Campaigns of anybody.
  std::uint64_t campaigns = 2;
  /// Ticks of a primary: it tells the commit index, and asks where logs match.
  std::uint64_t heartbeats = 0;
  /// Messages that arrive and stay on their way. Those that are equal are one:
  /// without repeats, no two of them arrive that were on their way together.
  std::uint64_t repeats = 0;
  /// A crash loses what the disk called durable, too: nothing stands that, and
  /// an exploration must find out.
  bool disks_lie = false;
  /// As on a link: what arrives in a lane was sent after all that arrived there
  /// before, and nothing reaches a process that was on its way to the one
  /// before it. Otherwise each message may overtake every other. Without
  /// repeats.
  bool in_order = false;
};

/// What may happen next.
struct choice {
  enum class kind : std::uint8_t {
    deliver,
    repeat, ///< it arrives, and will arrive once more
    sync,
    campaign,
    heartbeat,
    propose,
    crash,
  };

  kind what;
  node_id node;           ///< where it happens
  std::size_t packet = 0; ///< of `deliver` and `repeat`
};

/// Members share what they have with the situation that they were copied from:
/// a step costs a copy of the one it happens at.
///
/// What is left out, and why nothing that could break is missed:
///
/// - There are no losses. A message that is lost is one that never arrives, or
///   that a later one of its lane overtakes, and every situation on the way is
///   judged: any number of losses is covered.
/// - A node that crashes starts at once. While a node is down it does nothing,
///   as one to which nothing is delivered. A crash loses all that is not
///   durable: to lose less, some of it becomes durable before.
/// - Entries are applied at once. A replica asks what is applied for snapshots
///   and for the bound on unapplied bytes only, and here is neither.
/// - Time is a choice: an election timeout runs out whenever it likes. Nobody
///   refuses a vote because it hears a primary: that is one whose timeout is
///   nearly over.
/// - Pre-votes are given without asking. They promise nothing and change
///   nothing at who gives them, so this is more than any replica may do. With
///   them goes the only rule in which one node is not like another (E1):
///   situations that differ in the names of nodes only are the same.
/// - Answers that nobody waits for any more are dropped: to a candidacy that is
///   over, or to somebody who does not lead in that term. Neither comes back.
///   So are requests of an old term if their answer could say nothing but the
///   term to one who knows the last.
class situation : private surroundings {
public:
  explicit situation(const exploration_bounds& bounds);

  /// Everything that may happen now.
  std::vector<choice> choices() const;

  /// It happens. Throws invariant_broken.
  void happen(const choice& x);

  /// Of all that decides what may happen from here on, and of all facts that it
  /// is judged by.
  std::uint64_t digest() const;

  const judge& facts() const {
    return surroundings::facts;
  }
  std::string describe() const;
  std::string describe(const choice& x) const;

private:
  static constexpr std::size_t namings_max = 6;

  /// Something with its digests under the namings, computed when asked for.
  template <class T>
  struct known {
    T value;
    /// Under a naming that is the same for all nodes but this one.
    std::uint64_t nameless = 0;
    mutable std::array<std::uint64_t, namings_max> digests{};
  };
  using known_member = known<member>;
  using known_packet = known<packet>;

  /// Acts on a member that nobody else has.
  template <class Act>
  void change(node_id node, Act act);

  const member* find(node_id node) const override;
  void post(packet x) override;
  void post(snapshot_packet x) override;

  const member& of(node_id node) const {
    return members_[node.value - 1]->value;
  }
  void act(const choice& x, member& who);
  void campaign(member& who);
  packet take(std::size_t i, bool keep);
  void restart(member& who);
  bool is_of_no_use(const packet& x) const;
  void add_packet_choices(std::vector<choice>& to) const;
  void add_node_choices(std::vector<choice>& to, const member& who) const;

  std::uint64_t digest(std::size_t naming) const;
  std::uint64_t digest_of_packets(std::size_t naming) const;

  exploration_bounds left_; ///< of each number but nodes and terms
  std::vector<std::shared_ptr<const known_member>> members_;
  std::vector<std::shared_ptr<const known_packet>> packets_; ///< as sent
};

} // namespace cohort::testkit::protocol
