// What reads a node's log and makes its segments, beside its writer.
#pragma once

#include "runtime/messages.hpp"
#include "runtime/shell.hpp"
#include "storage/node_log.hpp"

#include <memory>

namespace cohort::runtime {

/// Reads entries back for peers that are behind. Blocks on the disk.
class log_reader : public shell {
public:
  log_reader(caf::scheduled_actor* self,
             std::shared_ptr<const storage::node_log> log);

  caf::behavior behavior() override;

private:
  void read(const log_read& x) const;

  std::shared_ptr<const storage::node_log> log_;
};

/// Fills segments with zeros before they are needed (D2). Blocks on the disk
/// for long.
class spare_maker : public shell {
public:
  spare_maker(caf::scheduled_actor* self,
              std::shared_ptr<storage::node_log> log);

  caf::behavior behavior() override;

private:
  std::shared_ptr<storage::node_log> log_;
};

} // namespace cohort::runtime
