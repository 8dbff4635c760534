// What is freed in slices.
#pragma once

namespace cohort::kv {

/// What is no longer needed and too large to be freed at once.
class garbage {
public:
  virtual ~garbage() = default;

  /// Frees a slice of it, at most 200 us. False: nothing is left.
  virtual bool free_some() = 0;
};

} // namespace cohort::kv
