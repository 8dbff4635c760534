#include "testkit/protocol/written_log.hpp"

#include "core/check.hpp"
#include "testkit/protocol/mix.hpp"

#include <algorithm>
#include <cstddef>

namespace cohort::testkit::protocol {

using namespace replication;

written_log::written_log(const disk& x)
  : base_(x.base().index),
    terms_{x.base().term},
    members_{{base_, std::make_shared<const membership>(x.base().members)}} {
  for (const auto& e : x.entries()) {
    terms_.push_back(e.term);
    if (e.members)
      members_.emplace_back(e.index, e.members);
  }
}

void written_log::move_base(const log_base& base, bool keep_tail) {
  COHORT_CHECK(base.index >= base_);
  if (keep_tail)
    terms_.erase(terms_.begin(),
                 terms_.begin()
                   + static_cast<std::ptrdiff_t>(base.index - base_));
  else
    terms_.assign(1, base.term);
  std::erase_if(members_, [&](const auto& x) {
    return x.first <= base.index || !keep_tail;
  });
  members_.emplace(members_.begin(), base.index,
                   std::make_shared<const membership>(base.members));
  base_ = base.index;
}

void written_log::write(const write_request& x) {
  if (x.base)
    move_base(*x.base, x.keep_tail);
  if (x.entries.empty())
    return;
  const auto first = x.entries.front().index;
  terms_.resize(first - base_);
  while (members_.size() > 1 && members_.back().first >= first)
    members_.pop_back();
  for (const auto& e : x.entries) {
    terms_.push_back(e.term);
    if (e.members)
      members_.emplace_back(e.index, e.members);
  }
}

std::uint64_t written_log::digest() const {
  auto hash = base_.value;
  for (const auto term : terms_)
    hash = mixed(hash, term);
  return hash;
}

} // namespace cohort::testkit::protocol
