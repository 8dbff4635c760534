#include "storage/node_directory.hpp"

#include "core/check.hpp"
#include "storage/sealed_file.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace cohort::storage {

namespace {

constexpr const char* identity_name = "identity";
constexpr const char* state_name = "state";
constexpr const char* log_name = "log";
constexpr const char* snapshots_name = "snapshots";
constexpr const char* engines_name = "engines";

constexpr file_kind identity_kind{"COHORTID", 1};
constexpr file_kind state_kind{"COHORTST", 1};

/// What may be in a directory that a node makes its own: what an interrupted
/// first start left, and what file systems put there.
bool may_be_in_new_directory(const std::string& name) {
  const std::array<std::string, 7> names{staging_name(identity_name),
                                         staging_name(state_name),
                                         state_name,
                                         log_name,
                                         snapshots_name,
                                         engines_name,
                                         "lost+found"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

} // namespace

std::string path_name(set_id set) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx",
                static_cast<unsigned long long>(set.value));
  return digits;
}

node_directory::node_directory(file_system& files, std::string path,
                               std::unique_ptr<directory_lock> lock)
  : files_(&files),
    path_(std::move(path)),
    lock_(std::move(lock)) {
  // nop
}

result<node_directory> node_directory::open(file_system& files,
                                            std::string path) {
  if (auto made = files.make_directory(path); !made)
    return made.err();
  auto lock = files.lock_directory(path);
  if (!lock)
    return lock.err();
  node_directory result{files, std::move(path), std::move(*lock)};
  if (auto read = result.read_identity(); !read)
    return read.err();
  if (!result.identity_)
    if (auto ours = result.look_around(); !ours)
      return ours.err();
  if (auto read = result.read_state(); !read)
    return read.err();
  if (auto made = result.make_subdirectories(); !made)
    return made.err();
  return result;
}

result<void> node_directory::read_identity() {
  auto content = read_sealed(*files_, path_, identity_name, identity_kind);
  if (!content && content.err().code == errc::not_found)
    return {};
  if (!content)
    return content.err();
  auto decoded = codec::decode_identity(*content);
  if (!decoded)
    return {errc::corrupt,
            join(path_, identity_name) + ": " + decoded.err().message};
  identity_ = std::move(*decoded);
  return {};
}

/// Without an identity it means nothing: it was written before one.
result<void> node_directory::read_state() {
  if (!identity_)
    return {};
  auto content = read_sealed(*files_, path_, state_name, state_kind);
  if (!content && content.err().code == errc::not_found)
    return {};
  if (!content)
    return content.err();
  auto decoded = codec::decode_node_state(*content);
  if (!decoded)
    return {errc::corrupt,
            join(path_, state_name) + ": " + decoded.err().message};
  state_ = std::move(*decoded);
  return {};
}

result<void> node_directory::write_state(const codec::node_state& state) {
  auto written = write_sealed(*files_, path_, state_name, state_kind,
                              encode(state));
  if (written)
    state_ = state;
  return written;
}

/// Without an identity the directory must be new: somebody else's files are not
/// touched, and a log without its name is not guessed at.
result<void> node_directory::look_around() {
  auto names = files_->list(path_);
  if (!names)
    return names.err();
  for (const auto& name : *names)
    if (!may_be_in_new_directory(name))
      return {errc::refused,
              path_ + ": holds " + name
                + ", which is no node's; give the node a directory of its own"};
  auto log = files_->list(log_path());
  if (log && !log->empty())
    return {errc::corrupt,
            join(path_, identity_name)
              + ": is gone, but there is a log. Restore the file, or empty the "
                "directory so that the node joins anew"};
  return {};
}

result<void> node_directory::make_subdirectories() {
  for (const auto* name : {log_name, snapshots_name, engines_name})
    if (auto made = files_->make_directory(join(path_, name)); !made)
      return made;
  return files_->sync_directory(path_);
}

result<void> node_directory::write_identity(const codec::node_identity& x) {
  auto written = write_sealed(*files_, path_, identity_name, identity_kind,
                              encode(x));
  if (written)
    identity_ = x;
  return written;
}

result<void> node_directory::write_owner(const codec::log_owner& owner) {
  if (!owner.cluster.formed() || owner.node.empty()
      || owner.incarnation == nobody)
    return {errc::invalid,
            "identity: a node needs a cluster, a name and an "
            "incarnation"};
  codec::node_identity next{owner, false};
  if (identity_) {
    const auto& now = identity_->owner;
    if (owner.cluster != now.cluster || owner.node != now.node
        || owner.incarnation < now.incarnation)
      return {errc::invalid, path_ + ": belongs to node " + now.node
                               + " of cluster " + to_string(now.cluster)
                               + " in incarnation "
                               + to_string(now.incarnation)};
    next.log_created = identity_->log_created;
  }
  return write_identity(next);
}

result<opened_log> node_directory::open_log(const log_options& options,
                                            recovery_mode mode) {
  COHORT_CHECK(identity_.has_value());
  auto opened = node_log::open(*files_, {.directory = log_path(),
                                         .owner = identity_->owner,
                                         .options = options,
                                         .mode = mode,
                                         .must_exist = identity_->log_created});
  if (!opened || identity_->log_created)
    return opened;
  auto next = *identity_;
  next.log_created = true;
  if (auto written = write_identity(next); !written)
    return written.err();
  return opened;
}

std::string node_directory::log_path() const {
  return join(path_, log_name);
}

std::string node_directory::snapshots_path() const {
  return join(path_, snapshots_name);
}

std::string node_directory::engine_path(set_id set) const {
  return join(join(path_, engines_name), path_name(set));
}

} // namespace cohort::storage
