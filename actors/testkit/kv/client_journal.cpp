#include "testkit/kv/client_journal.hpp"

namespace cohort::testkit {

namespace {

history::outcome outcome_of(told what) {
  switch (what) {
    case told::done:
      return history::outcome::completed;
    case told::not_met:
      return history::outcome::refused;
    case told::in_doubt:
      return history::outcome::unknown;
    case told::nothing:
    case told::wrong:
      break;
  }
  return history::outcome::failed;
}

} // namespace

/// Who watches a key does nothing else meanwhile.
std::vector<client_operation> client_journal::draw(rng& random,
                                                   std::size_t many) {
  std::vector<client_operation> result;
  for (const auto& item : items_.draw(random, many)) {
    auto made = writer_.draw(item);
    if (made.watches && !result.empty())
      continue;
    result.push_back(std::move(made));
    if (result.back().watches)
      break;
  }
  return result;
}

std::vector<client_operation> client_journal::draw_own(std::uint64_t client,
                                                       std::size_t many) {
  std::vector<client_operation> result;
  const auto item = items_.own_of(client);
  for (; many > 0 && item->has_room(result.size()); --many)
    result.push_back(writer_.draw(item));
  return result;
}

history::time_point client_journal::begin(const client_operation& x) {
  if (x.item)
    ++x.item->open;
  return now();
}

void client_journal::end(std::uint64_t client, const std::string& node,
                         const client_operation& x, history::time_point called,
                         told what) {
  const bool in_doubt = what == told::in_doubt && x.changes();
  if (x.item)
    items_.end(x.item, in_doubt);
  const bool completed = what == told::done || what == told::not_met;
  counts_.completed += completed ? 1 : 0;
  counts_.unknown += in_doubt ? 1 : 0;
  counts_.refused += what == told::nothing ? 1 : 0;
  if (completed)
    ++completed_at_[node];
  else if (!x.changes())
    return; // it says nothing
  operations_.push_back({client, called, now(), outcome_of(what), x.accesses});
}

std::uint64_t client_journal::completed_at(const std::string& node) const {
  const auto at = completed_at_.find(node);
  return at == completed_at_.end() ? 0 : at->second;
}

} // namespace cohort::testkit
