#include "testkit/protocol/log_book.hpp"

#include "core/check.hpp"
#include "testkit/protocol/mix.hpp"

namespace cohort::testkit::protocol {

using namespace replication;

namespace {

/// Most are the same object, handed on.
bool same_content(const entry& x, const entry& y) {
  const bool same_bytes = x.payload.data() == y.payload.data()
                          && x.payload.size() == y.payload.size();
  const bool same_members = x.members == y.members
                            || (x.members && y.members
                                && *x.members == *y.members);
  return x.kind == y.kind && x.log_time_ms == y.log_time_ms && same_members
         && (same_bytes || x.payload == y.payload);
}

} // namespace

void log_book::note(const entry& x, term_t previous, bool by_its_primary) {
  if (x.term.value >= terms_.size())
    terms_.resize(x.term.value + 1);
  auto& of_term = terms_[x.term.value];
  auto& entries = of_term.entries;
  if (entries.empty()) {
    of_term.first = x.index;
    of_term.before = previous;
  }
  COHORT_CHECK(x.index >= of_term.first);
  const auto at = x.index - of_term.first;
  COHORT_CHECK(at <= entries.size());
  COHORT_CHECK(previous == (at == 0 ? of_term.before : x.term));
  if (at < entries.size()) {
    COHORT_CHECK(same_content(x, entries[at])); // log matching
    return;
  }
  COHORT_CHECK(by_its_primary);
  const auto* earlier = before(x, previous);
  COHORT_CHECK(!earlier || earlier->log_time_ms <= x.log_time_ms);
  digest_ += mixed(previous.value, protocol::digest(x));
  entries.push_back(x);
}

const entry* log_book::before(const entry& x, term_t previous) const {
  return x.index == index_t{1} ? nullptr : &at({previous, x.index.prev()});
}

const entry& log_book::at(log_position position) const {
  COHORT_CHECK(position.term.value < terms_.size());
  const auto& of_term = terms_[position.term.value];
  COHORT_CHECK(position.index >= of_term.first
               && position.index - of_term.first < of_term.entries.size());
  return of_term.entries[position.index - of_term.first];
}

} // namespace cohort::testkit::protocol
