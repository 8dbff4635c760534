// The search for an order that explains a component. Pure.
#pragma once

#include "testkit/history/configuration_set.hpp"
#include "testkit/history/problem.hpp"

#include <optional>

namespace cohort::history {

/// Wing and Gong's search ("Testing and verifying concurrent objects", 1993) in
/// Lowe's form with memory and just-in-time linearization ("Testing for
/// linearizability", 2017).
///
/// A configuration is the set of operations in flight that have taken effect,
/// and the state after that. The search goes once through the history and keeps
/// all configurations that explain it so far. At each return, those in which
/// the operation has taken effect stay; from the others it lets operations in
/// flight take effect, in all orders, until this one has. So the set becomes
/// empty with the first return that nothing explains.
///
/// What keeps the set small, without changing the answer:
/// - what changes nothing takes effect as soon as the state allows it;
/// - hidden writes (see problem) take effect right before another write of
///   their cell, or as soon as the cell holds a value that nobody looks for;
/// - of open operations that are equal, the older one takes effect first;
/// - a value becomes symbol 0 once all that compare with it have returned.
///
/// Time: for each return, the configurations times the operations in flight.
/// With at most c in flight on a key, unknown outcomes included, and values
/// that are unique there are at most 2^c sets times 2c states.
class search {
public:
  /// Precondition: `what` outlives the search.
  search(const problem& what, std::size_t configurations_max);

  enum class ending : std::uint8_t { explained, stuck, too_many };

  /// Once.
  ending run();

  /// The most configurations that a step held.
  std::size_t most() const {
    return most_;
  }
  /// If stuck: the item whose return nothing explains.
  std::uint32_t stuck_at() const {
    return stuck_at_;
  }
  /// If stuck: what a cell could hold just before that return, at most `limit`
  /// values, without repetition; nothing for a value that nobody looked for.
  std::vector<std::optional<value_t>> possible(std::uint32_t cell,
                                               std::size_t limit) const;

private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  void call(std::uint32_t number);
  ending finish(std::uint32_t number);
  void explore(std::size_t row, std::uint32_t slot);
  bool take(const item& x, std::span<std::uint64_t> row) const;
  void absorb(const item& x);
  bool settle(std::span<std::uint64_t> row) const;
  void forget_values(const item& x);
  void retire(std::uint32_t cell, std::uint64_t symbol);
  void release_open();

  std::uint32_t new_slot();
  void free_slot(std::uint32_t slot);
  std::uint32_t twin_of(std::uint32_t number) const;

  const problem& problem_;
  std::size_t configurations_max_;
  std::size_t mask_words_ = 1; // rows: mask of slots, then cells

  // Operations in flight, by slot, which is their bit in the mask.
  std::vector<std::uint32_t> slot_items_;
  std::vector<std::uint32_t> twins_; // by slot: that one takes effect first
  std::vector<std::uint32_t> free_slots_;
  std::vector<std::uint32_t> changing_; // slots
  std::vector<std::uint32_t> settling_; // slots of quiet and hidden items
  std::size_t open_count_ = 0;
  std::vector<std::uint32_t> item_slots_;
  std::vector<std::uint32_t> mentions_; // by symbol: not returned yet

  configuration_set now_;
  configuration_set next_;
  configuration_set work_; // not yet with the operation that returns
  std::vector<std::uint64_t> scratch_;
  std::size_t most_ = 1;
  std::uint32_t stuck_at_ = 0;
};

} // namespace cohort::history
