// A consistent cut of the memory engine.
#pragma once

#include "machine/kv/memory_generation.hpp"
#include "machine/kv/snapshot_format.hpp"
#include "machine/state_machine.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::kv {

/// What a cut has to know while the generation it is of goes on changing.
///
/// Invariant: at positions >= walked(), the state of the cut is that of the
/// generation, but for the keys in `before_`.
class memory_cut : public garbage {
public:
  memory_cut(std::shared_ptr<const generation> of,
             const snapshot_header& header)
    : of_(std::move(of)),
      header_(header) {}

  /// Call before or after each change of `of`: `old` was under the key.
  void changed(const generation& of, std::uint64_t position,
               std::string_view key, const record_ref& old);

  const snapshot_header& header() const {
    return header_;
  }

  /// Appends the keys of the next position that are not due. False: there is no
  /// further position.
  bool take_next(std::deque<record_ref>& to);

  bool free_some() override;

private:
  using place = std::pair<std::uint64_t, std::string>;

  void take_changed(std::uint64_t position, std::vector<record_ref>& found);

  std::shared_ptr<const generation> of_;
  snapshot_header header_;
  std::uint64_t walked_ = 0; ///< all positions below were taken
  /// As of the cut, what was changed since; empty: the key was not there.
  std::map<place, record_ref> before_;
};

/// Writes a cut out in chunks.
class memory_snapshot : public machine::snapshot_source {
public:
  explicit memory_snapshot(std::shared_ptr<memory_cut> cut);

  bool next(std::string& chunk, std::size_t bytes_max) override;

private:
  void write_some(std::string& chunk, std::size_t end);

  std::shared_ptr<memory_cut> cut_;
  std::deque<record_ref> queue_; ///< the first is being written
  std::size_t value_at_ = 0;     ///< of its value, what is written
  bool head_written_ = false;    ///< of the first
  bool header_written_ = false;
  std::uint64_t count_ = 0;
};

} // namespace cohort::kv
