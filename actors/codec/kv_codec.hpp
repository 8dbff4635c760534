// Batches of commands for the kv machine, and of reads of it.
#pragma once

#include "codec/kv_commands.hpp"
#include "core/bytes.hpp"
#include "core/frame.hpp"
#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace cohort::codec {

/// Collects commands, copying their text, and encodes them into one frame.
/// Reused from batch to batch it does not allocate per command.
class kv_batch_builder {
public:
  kv_batch_builder();
  ~kv_batch_builder();
  kv_batch_builder(kv_batch_builder&&) noexcept;
  kv_batch_builder& operator=(kv_batch_builder&&) noexcept;

  void append(const kv::command& x);

  /// One exec command with everything in `queued`, which keeps it.
  void append_exec(const kv_batch_builder& queued,
                   std::span<const kv::watch> watches);

  std::size_t size() const;
  bool empty() const {
    return size() == 0;
  }

  /// No command in it changes the state.
  bool read_only() const;

  /// An upper bound on the size of the frame.
  std::size_t frame_bytes() const;

  /// Encodes what was collected and starts anew. Precondition: !empty().
  frame finish();

private:
  struct state;

  std::unique_ptr<state> state_;
};

/// Reads a batch in place. What it gives out lives as long as the batch.
/// Malformed bytes are an error, of open() or of at(); never anything worse.
class kv_batch_reader {
public:
  static result<kv_batch_reader> open(const bytes& batch);

  ~kv_batch_reader();
  kv_batch_reader(kv_batch_reader&&) noexcept;
  kv_batch_reader& operator=(kv_batch_reader&&) noexcept;

  std::uint32_t size() const;

  /// Replaces `to` by command `i`; its vectors keep their memory.
  /// Precondition: i < size().
  result<void> at(std::uint32_t i, kv::command& to) const;

private:
  struct state;

  explicit kv_batch_reader(std::unique_ptr<state> opened);

  std::unique_ptr<state> state_;
};

} // namespace cohort::codec
