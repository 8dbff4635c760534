#include "testkit/kv/client_operation.hpp"

#include <array>
#include <charconv>
#include <span>
#include <utility>

namespace cohort::testkit {

namespace {

using history::access;
using history::action;
using history::key_id;
using history::value_t;
using accesses = std::vector<access>;
using replies = std::vector<redis_reply>;

constexpr std::array<value_t, 5> amounts{-3, -1, 1, 2, 5};

bool is_word(const redis_reply& x, std::string_view word) {
  return x.is(redis_reply::kind::simple) && x.text == word;
}

/// The reply is a word, and there is nothing to learn from it.
told take_ok(const replies& got, client_operation&) {
  return is_word(got[0], "OK") ? told::done : told::wrong;
}

/// Of SET with NX, MSETNX.
told take_condition(const replies& got, client_operation& learned) {
  const auto& x = got[0];
  const bool is_number = x.is(redis_reply::kind::integer);
  if (x.is(redis_reply::kind::null) || (is_number && x.number == 0))
    return told::not_met;
  return is_number && x.number == 1 ? told::done : take_ok(got, learned);
}

/// DEL says whether there was a key.
told take_removed(const replies& got, client_operation& learned) {
  if (!got[0].is(redis_reply::kind::integer))
    return told::wrong;
  if (got[0].number == 0)
    learned.accesses = {history::read(learned.accesses[0].key, 0)};
  return got[0].number < 2 ? told::done : told::wrong;
}

/// What the commands in a transaction answered. A watched key that was changed
/// since says nothing of the moment of EXEC: `nothing`.
told take_exec(const replies& got, replies& inner) {
  const auto& last = got.back();
  if (!is_word(got[0], "OK"))
    return told::wrong;
  for (std::size_t i = 1; i + 1 < got.size(); ++i)
    if (!is_word(got[i], "QUEUED"))
      return told::wrong;
  if (last.is(redis_reply::kind::null))
    return told::nothing;
  inner = last.elements;
  return last.is(redis_reply::kind::array) && inner.size() == got.size() - 2
           ? told::done
           : told::wrong;
}

client_operation of_one(std::vector<std::string> command, accesses parts) {
  client_operation result;
  result.commands.push_back(std::move(command));
  result.accesses = std::move(parts);
  return result;
}

client_operation transaction_of(std::vector<std::vector<std::string>> inside,
                                accesses parts) {
  client_operation result;
  result.commands = std::move(inside);
  result.commands.insert(result.commands.begin(), {"MULTI"});
  result.commands.push_back({"EXEC"});
  result.accesses = std::move(parts);
  return result;
}

} // namespace

// -- values -------------------------------------------------------------------

/// What follows the number is told by the number: a value that was torn or
/// mixed with another is none.
std::string operation_writer::text_of(value_t value) const {
  rng drawn{static_cast<std::uint64_t>(value)};
  const bool long_one = drawn.below(4) == 0;
  const auto size = drawn.below((long_one ? padding_max_ : 20) + 1);
  const auto letter = static_cast<char>('a' + drawn.below(26));
  return std::to_string(value) + ':' + std::string(size, letter);
}

/// 0: there is no key.
std::optional<value_t> operation_writer::value_in(const redis_reply& x) const {
  if (x.is(redis_reply::kind::null))
    return 0;
  if (x.is(redis_reply::kind::integer))
    return x.number;
  if (!x.is(redis_reply::kind::bulk))
    return std::nullopt;
  value_t value = 0;
  const auto* const end = x.text.data() + x.text.size();
  const auto read = std::from_chars(x.text.data(), end, value);
  if (read.ec != std::errc{} || (read.ptr != end && x.text != text_of(value)))
    return std::nullopt;
  return value;
}

/// One reply for each read and each addition.
told operation_writer::take_values(std::span<const redis_reply> got,
                                   client_operation& learned) const {
  std::size_t next = 0;
  for (auto& x : learned.accesses) {
    if (x.what != action::read && x.what != action::add)
      continue;
    if (next == got.size())
      return told::wrong;
    const auto value = value_in(got[next++]);
    if (!value)
      return told::wrong;
    x.result = *value;
  }
  return next == got.size() ? told::done : told::wrong;
}

key_id operation_writer::draw_key(const client_item& x) {
  return x.keys[random_.below(x.keys.size())];
}

value_t operation_writer::draw_amount() {
  return amounts[random_.below(amounts.size())];
}

// -- one key ------------------------------------------------------------------

client_operation operation_writer::draw(const client_item_ptr& item) {
  using self = operation_writer;
  static constexpr std::array texts{
    &self::get,       &self::get,    &self::set,  &self::set_and_get,
    &self::take_away, &self::remove, &self::swap, &self::set_if_absent,
    &self::watch,     &self::watch,
  };
  static constexpr std::array counter{&self::get, &self::add, &self::add};
  static constexpr std::array pair{&self::get, &self::set, &self::get_both,
                                   &self::set_both, &self::set_both_if_absent};
  static constexpr std::array accounts{&self::get, &self::add, &self::get_both,
                                       &self::transfer, &self::transfer};
  static constexpr std::array own{
    &self::get,       &self::get,    &self::set,  &self::set_and_get,
    &self::take_away, &self::remove, &self::swap, &self::set_if_absent,
  };
  static constexpr std::array<std::span<const maker>, item_kinds> all{
    std::span<const maker>{texts}, std::span<const maker>{counter},
    std::span<const maker>{pair}, std::span<const maker>{accounts},
    std::span<const maker>{own}};
  const auto makers = all[static_cast<std::size_t>(item->kind)];
  auto made = (this->*makers[random_.below(makers.size())])(*item);
  made.item = item;
  return made;
}

client_operation operation_writer::read_key(key_id key) const {
  auto made = of_one({"GET", name_of(key)}, {history::read(key, 0)});
  made.take = [this](const replies& got, client_operation& learned) {
    return take_values(got, learned);
  };
  return made;
}

client_operation operation_writer::get(const client_item& x) {
  return read_key(draw_key(x));
}

client_operation operation_writer::set(const client_item& x) {
  const auto key = draw_key(x);
  const auto value = ++last_value_;
  auto made = of_one({"SET", name_of(key), text_of(value)},
                     {history::write(key, value)});
  made.take = take_ok;
  return made;
}

/// The old value is the reply.
client_operation operation_writer::set_and_get(const client_item& x) {
  const auto key = draw_key(x);
  const auto value = ++last_value_;
  auto made = read_key(key);
  made.accesses.push_back(history::write(key, value));
  if (random_.below(2) == 0)
    made.commands = {{"GETSET", name_of(key), text_of(value)}};
  else
    made.commands = {{"SET", name_of(key), text_of(value), "GET"}};
  return made;
}

client_operation operation_writer::set_if_absent(const client_item& x) {
  const auto key = draw_key(x);
  const auto value = ++last_value_;
  auto made = of_one({"SET", name_of(key), text_of(value), "NX"},
                     {history::expect(key, 0), history::write(key, value)});
  made.take = take_condition;
  return made;
}

/// The value is the reply, and is gone.
client_operation operation_writer::take_away(const client_item& x) {
  auto made = read_key(draw_key(x));
  made.commands[0][0] = "GETDEL";
  made.accesses.push_back(history::write(made.accesses[0].key, 0));
  return made;
}

client_operation operation_writer::remove(const client_item& x) {
  const auto key = draw_key(x);
  auto made = of_one({"DEL", name_of(key)}, {history::write(key, 0)});
  made.take = take_removed;
  return made;
}

/// A transaction on one key.
client_operation operation_writer::swap(const client_item& x) {
  const auto key = draw_key(x);
  const auto value = ++last_value_;
  auto made = transaction_of(
    {{"GET", name_of(key)}, {"SET", name_of(key), text_of(value)}},
    {history::read(key, 0), history::write(key, value)});
  made.take = [this](const replies& got, client_operation& learned) {
    replies inner;
    const auto ran = take_exec(got, inner);
    if (ran != told::done)
      return ran;
    if (!is_word(inner[1], "OK"))
      return told::wrong;
    inner.pop_back();
    return take_values(inner, learned);
  };
  return made;
}

client_operation operation_writer::add(const client_item& x) {
  const auto key = draw_key(x);
  const auto amount = draw_amount();
  auto made = read_key(key);
  made.commands = {{"INCRBY", name_of(key), std::to_string(amount)}};
  made.accesses = {history::add(key, amount, 0)};
  return made;
}

/// The first half of a compare-and-set. A key that is absent when it is watched
/// and at EXEC passes for unchanged, whatever was in between (K5); so the value
/// must have been the same before it was watched: no value is written twice.
client_operation operation_writer::watch(const client_item& x) {
  auto made = read_key(draw_key(x));
  const auto get = made.commands[0];
  made.commands = {get, {"WATCH", get[1]}, get};
  made.watches = true;
  made.take = [this](const replies& got, client_operation& learned) {
    if (!is_word(got[1], "OK"))
      return told::wrong;
    learned.watches = value_in(got[0]) == value_in(got[2]);
    return take_values(std::span{got}.subspan(2), learned);
  };
  return made;
}

client_operation
operation_writer::compare_and_set(const client_operation& watched) {
  const auto& seen = watched.accesses[0];
  const auto value = ++last_value_;
  auto made = transaction_of(
    {{"SET", name_of(seen.key), text_of(value)}},
    {history::expect(seen.key, seen.result), history::write(seen.key, value)});
  made.item = watched.item;
  made.take = [](const replies& got, client_operation& learned) {
    replies inner;
    const auto ran = take_exec(got, inner);
    return ran == told::done ? take_ok(inner, learned) : ran;
  };
  return made;
}

// -- two keys -----------------------------------------------------------------

client_operation operation_writer::get_both(const client_item& x) {
  auto made =
    of_one({"MGET", name_of(x.keys[0]), name_of(x.keys[1])},
           {history::read(x.keys[0], 0), history::read(x.keys[1], 0)});
  made.take = [this](const replies& got, client_operation& learned) {
    return take_values(got[0].elements, learned);
  };
  return made;
}

client_operation operation_writer::set_both(const client_item& x) {
  client_operation made = of_one({"MSET"}, {});
  for (const auto key : x.keys) {
    const auto value = ++last_value_;
    made.commands[0].push_back(name_of(key));
    made.commands[0].push_back(text_of(value));
    made.accesses.push_back(history::write(key, value));
  }
  made.take = take_ok;
  return made;
}

client_operation operation_writer::set_both_if_absent(const client_item& x) {
  auto made = set_both(x);
  made.commands[0][0] = "MSETNX";
  for (const auto key : x.keys)
    made.accesses.insert(made.accesses.begin(), history::expect(key, 0));
  made.take = take_condition;
  return made;
}

/// Between two counters, whose sum stays.
client_operation operation_writer::transfer(const client_item& x) {
  const auto amount = draw_amount();
  auto made = transaction_of(
    {{"INCRBY", name_of(x.keys[0]), std::to_string(-amount)},
     {"INCRBY", name_of(x.keys[1]), std::to_string(amount)}},
    {history::add(x.keys[0], -amount, 0), history::add(x.keys[1], amount, 0)});
  made.take = [this](const replies& got, client_operation& learned) {
    replies inner;
    const auto ran = take_exec(got, inner);
    return ran == told::done ? take_values(inner, learned) : ran;
  };
  return made;
}

} // namespace cohort::testkit
