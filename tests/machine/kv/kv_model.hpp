// Redis strings as a map: what the machine is compared with.
#pragma once

#include "codec/kv_commands.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace cohort::kv::tests {

/// Carries commands out in the most naive way, for the commands that the
/// property test draws.
class kv_model {
public:
  explicit kv_model(std::int64_t now_ms) : now_ms_(now_ms) {}

  /// Removes what is due.
  void advance(std::int64_t to_ms);

  /// The reply.
  std::string run(const command& x);

  bool has(std::string_view key) const {
    return keys_.contains(std::string{key});
  }

private:
  struct kept {
    std::string value;
    std::int64_t expires_ms = 0; ///< 0: never
  };

  kept* find(std::string_view key);
  std::string value_of(std::string_view key);
  std::int64_t expiry_of(const command& x) const;
  void put(std::string_view key, std::string value, std::int64_t expires_ms);

  std::string set(const command& x);
  std::string getex(const command& x);
  std::string mset(const command& x);
  std::string incr_by(const command& x);
  std::string getrange(const command& x);
  std::string setrange(const command& x);
  std::string move(const command& x);
  std::string expire(const command& x);
  std::string read(const command& x);

  std::int64_t now_ms_;
  std::map<std::string, kept> keys_;
};

} // namespace cohort::kv::tests
