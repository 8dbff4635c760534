// The easy way to write a state machine.
#pragma once

#include "machine/state_machine.hpp"

#include <string>
#include <string_view>

namespace cohort::machine {

/// A machine that takes commands one by one and fits into memory. Derive from
/// it and be deterministic: no clock, no randomness, nothing but the command
/// and the state decides.
class simple_machine : public state_machine {
public:
  // -- to be implemented ------------------------------------------------------

  /// Changes the state; returns the reply.
  virtual std::string apply(const apply_context& context,
                            std::string_view command) = 0;

  /// Reads the state.
  virtual std::string query(std::string_view question) const = 0;

  /// The whole state, and back.
  virtual std::string save() const = 0;
  virtual result<void> load(std::string_view saved) = 0;

  // -- state_machine ----------------------------------------------------------
  std::uint32_t version() const override {
    return 1;
  }
  result<std::uint32_t> check(const bytes& batch) const override;
  void apply(const apply_context& context, const bytes& batch,
             std::uint32_t first, std::uint32_t last,
             reply_list& replies) override;
  void advance_time(const apply_context&) override {}
  query_outcome query(const bytes& queries, std::uint32_t first,
                      std::uint32_t last, std::int64_t now_ms,
                      reply_list& replies) override;
  bool time_is_due(std::int64_t) const override {
    return false;
  }
  std::unique_ptr<snapshot_source> begin_snapshot() override;
  std::unique_ptr<snapshot_sink> begin_restore() override;
  std::size_t approximate_bytes() const override {
    return 0;
  }
};

} // namespace cohort::machine
