#include "testkit/kv/client_items.hpp"

#include <algorithm>
#include <utility>

namespace cohort::testkit {

namespace {

constexpr unsigned open_max = 7;
constexpr unsigned unknown_max = 3;

std::size_t keys_of(item_kind kind) {
  return kind == item_kind::pair || kind == item_kind::accounts ? 2 : 1;
}

} // namespace

bool client_item::has_room(std::size_t others) const {
  return open + others < open_max;
}

client_items::client_items(std::size_t of_kind) {
  for (const auto kind : {item_kind::texts, item_kind::counter, item_kind::pair,
                          item_kind::accounts})
    for (std::size_t i = 0; i < of_kind; ++i)
      in_use_.push_back(make(kind));
}

client_item_ptr client_items::make(item_kind kind) {
  auto x = std::make_shared<client_item>();
  x->kind = kind;
  for (std::size_t i = 0; i < keys_of(kind); ++i) {
    x->keys.push_back(keys_.size() + 1);
    keys_.push_back(x->keys.back());
  }
  return x;
}

std::vector<client_item_ptr> client_items::draw(rng& random,
                                                std::size_t many) const {
  auto found = in_use_;
  for (auto i = found.size(); i > 1; --i)
    std::swap(found[i - 1], found[random.below(i)]);
  std::erase_if(found, [](const auto& x) { return !x->has_room(); });
  found.resize(std::min(found.size(), many));
  return found;
}

client_item_ptr client_items::own_of(std::uint64_t client) {
  auto& x = own_[client];
  if (!x || x->unknown >= unknown_max)
    x = make(item_kind::own);
  return x;
}

void client_items::end(const client_item_ptr& x, bool in_doubt) {
  if (!in_doubt) {
    --x->open;
    return;
  }
  if (++x->unknown < unknown_max)
    return;
  const auto at = std::find(in_use_.begin(), in_use_.end(), x);
  if (at != in_use_.end())
    *at = make(x->kind);
}

std::string name_of(history::key_id key) {
  return "k" + std::to_string(key);
}

} // namespace cohort::testkit
