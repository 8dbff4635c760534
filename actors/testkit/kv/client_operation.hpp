// What a simulated client asks for, and what it learns. Pure.
#pragma once

#include "core/rng.hpp"
#include "testkit/history/operation.hpp"
#include "testkit/kv/client_items.hpp"
#include "testkit/kv/redis_reply.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cohort::testkit {

/// What a server told about an operation.
enum class told : std::uint8_t {
  done,     ///< it took effect
  not_met,  ///< it did not: a condition did not hold at that moment
  nothing,  ///< it did not, and never will
  in_doubt, ///< it may have, or may still
  wrong,    ///< what no server must say
};

/// Commands that are sent at once and take effect together.
struct client_operation {
  client_item_ptr item;
  std::vector<std::vector<std::string>> commands;
  /// In the order in which they take effect; results as soon as it is done.
  std::vector<history::access> accesses;
  /// Takes results from replies none of which is an error; `wrong` if they
  /// cannot be.
  std::function<told(const std::vector<redis_reply>&, client_operation&)> take;
  /// It watches the key of its first access, so that compare_and_set() may
  /// follow.
  bool watches = false;

  /// Whether it matters what became of it without an answer.
  bool changes() const;

  /// What became of it, when all commands were answered.
  told outcome(const std::vector<redis_reply>& replies);
};

/// Draws operations. Each value that they write is new.
class operation_writer {
public:
  /// `padding_max`: bytes of a value beside its number.
  operation_writer(std::uint64_t seed, std::size_t padding_max)
    : random_(seed),
      padding_max_(padding_max) {}

  client_operation draw(const client_item_ptr& item);

  /// The second half of a compare-and-set: changes a value unless somebody did
  /// since `watched` was done.
  client_operation compare_and_set(const client_operation& watched);

  /// One key, on behalf of nobody.
  client_operation read_key(history::key_id key) const;

private:
  using maker = client_operation (operation_writer::*)(const client_item&);

  std::string text_of(history::value_t value) const;
  std::optional<history::value_t> value_in(const redis_reply& x) const;
  told take_values(std::span<const redis_reply> replies,
                   client_operation& into) const;
  history::key_id draw_key(const client_item& x);
  history::value_t draw_amount();

  client_operation get(const client_item& x);
  client_operation set(const client_item& x);
  client_operation set_and_get(const client_item& x);
  client_operation set_if_absent(const client_item& x);
  client_operation take_away(const client_item& x);
  client_operation remove(const client_item& x);
  client_operation swap(const client_item& x);
  client_operation watch(const client_item& x);
  client_operation add(const client_item& x);
  client_operation get_both(const client_item& x);
  client_operation set_both(const client_item& x);
  client_operation set_both_if_absent(const client_item& x);
  client_operation transfer(const client_item& x);

  rng random_;
  std::size_t padding_max_;
  history::value_t last_value_ = 0;
};

} // namespace cohort::testkit
