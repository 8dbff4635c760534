// Why a component of a history is impossible, for people. Pure.
#pragma once

#include "testkit/history/linearizability.hpp"
#include "testkit/history/search.hpp"

namespace cohort::history {

struct component_view {
  std::span<const operation> operations;
  std::span<const std::uint32_t> members;
  const check_options& options;
};

/// Finds the shortest impossible prefix. The prefix up to a time has the
/// operations that were called until then; those that return later have no
/// answer yet, so their outcomes are unknown in it.
///
/// Precondition: the component is impossible, and its search, which knows all
/// answers in advance, got stuck at a return at the time `from`. The prefix
/// ends there or later.
contradiction explain(const component_view& what, time_point from);

} // namespace cohort::history
