// The content of a snapshot of keys: one format for every engine.
//
//   header  magic "CKV1" u32, version u32, seed u64, log_time_ms i64
//   record  key size u32, value size u32, expires_ms i64, changed u64,
//           key bytes, value bytes
//   end     0xffffffff u32, 0 u32, count of records u64
//
// Numbers are little-endian. Records lie in the order of keys (key_order.hpp);
// keys that are due at log_time_ms are left out. So equal states give equal
// bytes. Damage is found by whoever stores or sends snapshots, not here; what
// is read is still checked, since a wrong record would diverge replicas.
#pragma once

#include "core/result.hpp"
#include "machine/kv/kv_store.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::kv {

struct snapshot_header {
  std::uint64_t seed = 0;
  std::int64_t log_time_ms = 0;
};

/// These append to `to`.
void write_header(std::string& to, const snapshot_header& x);
/// All of a record but the bytes of its value, which follow in as many pieces
/// as the writer likes.
void write_record_head(std::string& to, std::string_view key, const item& x);
void write_end(std::string& to, std::uint64_t count);

/// Reads a snapshot that comes in chunks, cut anywhere.
class snapshot_reader {
public:
  /// Given each record, in order; its views live during the call only.
  using receiver = std::function<void(const kv_store::placed&)>;

  /// Expects a snapshot of `seed`.
  snapshot_reader(std::uint64_t seed, receiver receive);

  result<void> write(std::string_view chunk);

  /// Whether the end came, and everything with it.
  result<void> finish() const;

  /// Precondition: finish() succeeded.
  std::int64_t log_time_ms() const {
    return header_->log_time_ms;
  }

private:
  result<bool> read_one();
  result<bool> read_header();
  result<bool> read_end();
  result<void> read_record(std::string_view key, const item& x);

  std::uint64_t seed_;
  receiver receive_;
  std::optional<snapshot_header> header_;
  std::string pending_;    ///< bytes that were not read yet
  std::size_t at_ = 0;     ///< in pending_
  std::size_t needed_ = 0; ///< of pending_ before the next try
  std::uint64_t last_position_ = 0;
  std::string last_key_;
  std::uint64_t count_ = 0;
  bool ended_ = false;
};

} // namespace cohort::kv
