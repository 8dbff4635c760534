#include "runtime/log_reader.hpp"

#include "core/fault_point.hpp"

#include <stdexcept>
#include <utility>

namespace cohort::runtime {

log_reader::log_reader(caf::scheduled_actor* self,
                       std::shared_ptr<const storage::node_log> log)
  : shell(self),
    log_(std::move(log)) {}

caf::behavior log_reader::behavior() {
  return {[this](const log_read& x) { read(x); }};
}

/// Entries that are gone are no error: whoever wants them needs a snapshot.
void log_reader::read(const log_read& x) const {
  const bool short_read = strikes(fault_point::log_read_is_short);
  auto found = log_->read(x.set, x.request.first, x.request.last,
                          short_read ? 1 : x.request.bytes_max);
  if (!found && found.err().code != errc::not_found)
    throw std::runtime_error{"the log cannot be read: "
                             + to_string(found.err())};
  log_entries answer{x.request, {}};
  if (found)
    answer.entries = std::move(*found);
  send(x.replica, std::move(answer));
}

spare_maker::spare_maker(caf::scheduled_actor* self,
                         std::shared_ptr<storage::node_log> log)
  : shell(self),
    log_(std::move(log)) {}

caf::behavior spare_maker::behavior() {
  return {[this](const make_spares&) {
    if (strikes(fault_point::spare_segments_come_late))
      return;
    while (log_->spare_wanted()) {
      const auto made = log_->prepare_spare();
      if (made)
        continue;
      if (made.err().code == errc::no_space)
        return; // the writer will say so where it matters
      throw std::runtime_error{"no segment can be made: "
                               + to_string(made.err())};
    }
  }};
}

} // namespace cohort::runtime
