// A snapshot of the memory engine.
#pragma once

#include "machine/kv/snapshot_format.hpp"
#include "machine/kv/trie_cut.hpp"
#include "machine/state_machine.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

namespace cohort::kv {

/// Writes a cut out in chunks, without the keys that were due.
class memory_snapshot : public machine::snapshot_source {
public:
  memory_snapshot(std::shared_ptr<trie_cut> cut, const snapshot_header& header);

  bool next(std::string& chunk, std::size_t bytes_max) override;

private:
  void write_some(std::string& chunk, std::size_t end);

  std::shared_ptr<trie_cut> cut_;
  snapshot_header header_;
  std::deque<key_trie::entry> queue_; ///< the first is being written
  std::size_t value_at_ = 0;          ///< of its value, what is written
  bool head_written_ = false;         ///< of the first
  bool header_written_ = false;
  std::uint64_t count_ = 0;
};

} // namespace cohort::kv
