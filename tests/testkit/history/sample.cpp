#include "sample.hpp"

#include <algorithm>
#include <utility>

namespace cohort::history {

namespace {

class generator {
public:
  generator(rng& random, const sample_options& options)
    : random_(random),
      options_(options),
      clients_(options.clients),
      timed_out_(options.keys) {}

  sample run() {
    while (made_.operations.size() < options_.operations)
      step(true);
    while (std::any_of(clients_.begin(), clients_.end(),
                       [](const client& x) { return !!x.in_flight; }))
      step(false);
    return std::move(made_);
  }

private:
  struct client {
    std::optional<std::size_t> in_flight;
    operation asked;
    bool took_effect = false;
  };

  void step(bool calls) {
    now_ += random_.below(3);
    late();
    auto& who = clients_[random_.below(clients_.size())];
    if (!who.in_flight) {
      if (calls)
        call(who);
      return;
    }
    if (!who.took_effect)
      progress(who);
    else if (random_.below(2) == 0)
      give_back(who);
  }

  void call(client& who) {
    who.asked = {};
    who.asked.client = static_cast<std::uint64_t>(&who - clients_.data());
    who.asked.called = now_;
    who.asked.accesses = choose();
    who.took_effect = false;
    who.in_flight = made_.operations.size();
    made_.operations.push_back(who.asked);
    made_.operations.back().ended = outcome::unknown;
    made_.places.emplace_back();
  }

  void progress(client& who) {
    auto& timed_out = timed_out_[who.asked.accesses.front().key];
    if (timed_out < options_.open_max && random_.below(6) == 0) {
      ++timed_out;
      late_.emplace_back(*who.in_flight, who.asked);
      who.in_flight.reset();
      return;
    }
    take_effect(*who.in_flight, who.asked);
    who.took_effect = true;
  }

  void take_effect(std::size_t number, operation& asked) {
    model_.execute(asked);
    made_.places[number] = log_place{++index_};
  }

  void give_back(client& who) {
    who.asked.returned = now_;
    made_.operations[*who.in_flight] = who.asked;
    who.in_flight.reset();
  }

  /// What timed out takes effect after all, or not.
  void late() {
    if (late_.empty() || random_.below(20) != 0)
      return;
    if (random_.below(2) == 0)
      take_effect(late_.back().first, late_.back().second);
    late_.pop_back();
  }

  value_t new_value() {
    return options_.values == 0
             ? ++value_
             : static_cast<value_t>(random_.below(options_.values));
  }

  std::vector<access> choose() {
    const key_id key = random_.below(options_.keys);
    const auto dice = random_.below(3);
    switch (options_.kind) {
      case workload::registers:
        break;
      case workload::counters:
        if (dice != 0)
          return {add(key, 1 + static_cast<value_t>(random_.below(2)), 0)};
        break;
      case workload::compare_and_set:
        if (dice == 0)
          return compare_and_set(key);
        break;
      case workload::transactions:
        return transaction(dice);
      case workload::mixed:
        return anything();
    }
    if (dice == 1)
      return {write(key, new_value())};
    return {read(key, 0)};
  }

  std::vector<access> compare_and_set(key_id key) {
    const auto guess = random_.below(4) == 0 ? value_ / 2 : model_.holds(key);
    return {expect(key, guess), write(key, new_value())};
  }

  std::vector<access> transaction(std::uint64_t dice) {
    const key_id from = random_.below(options_.keys);
    const key_id to = random_.below(options_.keys);
    const auto amount = static_cast<value_t>(random_.between(1, 5));
    if (dice == 0)
      return {expect(from, model_.holds(from)), add(from, -amount, 0),
              add(to, amount, 0)};
    if (dice == 1)
      return {add(from, -amount, 0), add(to, amount, 0)};
    std::vector<access> all;
    for (key_id key = 0; key < options_.keys; ++key)
      all.push_back(read(key, 0));
    return all;
  }

  std::vector<access> anything() {
    std::vector<access> all;
    for (auto count = random_.between(1, 3); count > 0; --count) {
      const key_id key = random_.below(options_.keys);
      const auto dice = random_.below(4);
      all.push_back(dice == 0   ? read(key, 0)
                    : dice == 1 ? write(key, new_value())
                    : dice == 2 ? add(key, new_value(), 0)
                                : expect(key, model_.holds(key)));
    }
    return all;
  }

  rng& random_;
  sample_options options_;
  std::vector<client> clients_;
  std::vector<std::uint32_t> timed_out_; // by key
  std::vector<std::pair<std::size_t, operation>> late_;
  sequential_model model_;
  time_point now_ = 0;
  std::uint64_t index_ = 0;
  value_t value_ = 0;
  sample made_;
};

} // namespace

sample make_sample(rng& random, const sample_options& options) {
  return generator{random, options}.run();
}

} // namespace cohort::history
