// What carrying out a command needs: the engine, the time, the reply.
#pragma once

#include "codec/kv_commands.hpp"
#include "machine/kv/kv_store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::kv {

/// Carries out one command, or one exec with all that is in it. Hides keys that
/// are due at log time, whether the engine still has them or not (K4).
class evaluation {
public:
  struct options {
    std::int64_t log_time_ms = 0;
    /// Of reads: the time now, if log time is behind it.
    std::int64_t now_ms = 0;
    /// Names the changes made; 0: there must be none.
    std::uint64_t change = 0;
  };

  evaluation(kv_store& store, const options& opts, std::string& out)
    : store_(store),
      options_(opts),
      out_(out) {}

  /// Appends the reply. What `out` holds then stays below replies_bytes_max,
  /// but for small replies.
  void run(const command& x);

  /// A read met a key that is due by now, but not at log time: the reply says
  /// it is still there.
  bool met_due_key() const {
    return met_due_key_;
  }

  // -- for the commands -------------------------------------------------------

  std::string& out() {
    return out_;
  }
  std::int64_t log_time_ms() const {
    return options_.log_time_ms;
  }
  std::int64_t now_ms() const {
    return options_.now_ms;
  }
  kv_store& store() {
    return store_;
  }

  /// Valid until the next call.
  std::optional<item> find(std::string_view key);

  /// Whether what find() would return is there, for keys met in walks.
  bool visible(const item& x);

  /// Keeps the value until `expires_ms`.
  void put(std::string_view key, std::string_view value,
           std::int64_t expires_ms);

  /// Whether it was there and not due.
  bool erase(std::string_view key);

  /// No more can be answered: run() will replace this reply by an error.
  bool reply_is_too_large() const {
    return out_.size() > replies_bytes_max;
  }

private:
  void dispatch(const command& x);

  kv_store& store_;
  options options_;
  std::string& out_;
  bool met_due_key_ = false;
  bool had_no_room_ = false;
};

/// Whether the reply depends on all keys, so that those that are due must be
/// removed before.
bool concerns_all_keys(const command& x);

} // namespace cohort::kv
