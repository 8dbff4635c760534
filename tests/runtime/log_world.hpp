// What the tests of the log's actors share: a small log on a disk that fails.
#pragma once

#include "runtime/actor_world.hpp"
#include "storage/log_model.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cohort::runtime::tests {

using storage::tests::command;
using storage::tests::voted;

struct log_world : actor_world {
  std::unique_ptr<testkit::faulty_file_system> disk =
    storage::tests::make_disk();
  storage::open_request request = storage::tests::small_request();
  std::shared_ptr<storage::node_log> log =
    storage::tests::must_open(*disk, request).log;

  /// Segments that there is room for in all.
  void limit_disk(std::uint64_t segments) {
    disk->set_disk_bytes(segments * request.options.segment_bytes);
  }

  /// What a restart after a loss of power would find.
  storage::opened_log after_power_loss() {
    image_ = disk->crash_losing_all();
    return storage::tests::must_open(*image_, request);
  }

  ~log_world() {
    end_all();
  }

private:
  std::unique_ptr<testkit::faulty_file_system> image_;
};

/// What a replica asks for, entry by entry.
inline replication::write_request
request_of(std::uint64_t ticket, std::vector<replication::entry> entries) {
  replication::write_request result;
  result.ticket = ticket_t{ticket};
  result.entries = std::move(entries);
  return result;
}

} // namespace cohort::runtime::tests
