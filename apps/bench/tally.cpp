#include "bench/tally.hpp"

#include "core/check.hpp"

namespace cohort::bench {

void tally::open(std::int64_t now_ns) {
  COHORT_CHECK(!opened_ns_);
  opened_ns_ = now_ns;
  last_completed_ns_ = now_ns;
}

void tally::close(std::int64_t now_ns) {
  COHORT_CHECK(is_open());
  end_of_gap(now_ns);
  closed_ns_ = now_ns;
}

void tally::completed(std::int64_t began_ns, std::int64_t now_ns,
                      std::size_t operations) {
  COHORT_CHECK(began_ns <= now_ns);
  operations_ever_ += operations;
  if (!is_open())
    return;
  latencies_.add(static_cast<std::uint64_t>(now_ns - began_ns), operations);
  end_of_gap(now_ns);
}

void tally::failed(std::string_view kind) {
  auto at = errors_.find(kind);
  if (at == errors_.end() && errors_.size() >= error_kinds_max - 1)
    kind = "other";
  if (at == errors_.end())
    at = errors_.try_emplace(std::string{kind}).first;
  ++at->second;
}

void tally::end_of_gap(std::int64_t now_ns) {
  const auto length_ns = now_ns - last_completed_ns_;
  if (length_ns > longest_gap_.length_ns)
    longest_gap_ = {length_ns, last_completed_ns_ - *opened_ns_};
  last_completed_ns_ = now_ns;
}

} // namespace cohort::bench
