// Rare but right things that the simulator makes happen in the code itself.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// Each name says what happens there.
#define COHORT_EACH_FAULT_POINT(X) \
  X(applier_falls_behind) \
  X(client_sends_again) \
  X(frame_leaves_alone) \
  X(link_is_given_up) \
  X(log_read_is_short) \
  X(log_write_is_alone) \
  X(log_write_waits) \
  X(primary_hands_over) \
  X(snapshot_chunk_is_dropped) \
  X(snapshot_is_made_early) \
  X(snapshot_is_refused) \
  X(spare_segments_come_late) \
  X(turn_is_put_off)

namespace cohort {

/// A place at which the code may go either of two right ways, and hardly ever
/// goes one of them: a batch of one, a queue that is full early, a write that
/// waits. A seed of the simulator draws which points strike and how often.
///
/// Only where COHORT_FAULT_POINTS is set (preset sim); else no point strikes
/// and the compiler drops the rare way.
enum class fault_point : std::uint8_t {
#define COHORT_NAME_OF(name) name,
  COHORT_EACH_FAULT_POINT(COHORT_NAME_OF)
#undef COHORT_NAME_OF
};

inline constexpr std::array fault_point_names{
#define COHORT_NAME_OF(name) std::string_view{#name},
  COHORT_EACH_FAULT_POINT(COHORT_NAME_OF)
#undef COHORT_NAME_OF
    std::string_view{},
};

inline constexpr std::size_t fault_point_count = fault_point_names.size() - 1;

#ifdef COHORT_FAULT_POINTS

/// Decides for all points that its thread reaches.
class fault_dice {
public:
  virtual ~fault_dice() = default;
  virtual bool strikes(fault_point at) = 0;
};

/// For this thread from now on; null: no point strikes, as at the start.
/// Returns the one before.
fault_dice* throw_dice(fault_dice* by);

bool strikes(fault_point at);

#else

constexpr bool strikes(fault_point) {
  return false;
}

#endif

} // namespace cohort
