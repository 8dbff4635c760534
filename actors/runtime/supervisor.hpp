// The actor at the root of a node.
#pragma once

#include "runtime/applier.hpp"
#include "runtime/cluster_report.hpp"
#include "runtime/forming.hpp"
#include "runtime/messages.hpp"
#include "runtime/meta_client.hpp"
#include "runtime/node.hpp"
#include "runtime/shell.hpp"
#include "runtime/start_report.hpp"
#include "runtime/trace.hpp"
#include "storage/node_directory.hpp"
#include "storage/snapshot_store.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cohort::runtime {

/// What a supervisor is started with.
struct supervisor_setup {
  node_options options;
  storage::node_directory directory;
  std::uint64_t boot_nonce = 0;
  cluster_id drawn; ///< what a cluster is called that this node forms
  std::shared_ptr<start_report> report;
};

/// Starts everything else, forms or joins the cluster, opens the log, tells
/// time, answers what people ask of the cluster, and ends everything when a
/// part of it breaks (L4). Writes the node's small files, and so blocks.
class supervisor : public shell {
public:
  supervisor(caf::scheduled_actor* self,
             std::shared_ptr<supervisor_setup> setup);

  caf::behavior behavior() override;

private:
  struct hosted_set {
    std::string name;
    caf::actor replica;
    caf::actor keeper;
    std::optional<replication::role_change> role;
    bool handed_over = false;
  };
  /// A set whose log is as its replica may begin with.
  struct prepared_set {
    set_id id;
    std::string name;
    replication::recovered_state start;
    std::shared_ptr<applier_start> machine;
    bool from_snapshot = false;
  };
  /// A status of this node that waits for the reports of its replicas.
  struct own_status {
    status_reply reply;
    std::string asked_by; ///< a node, or empty: for the cluster's report
  };
  struct gathering {
    caf::actor to;
    cluster_view view;
    std::size_t awaited = 0;
    std::int64_t until_ms = 0;
  };

  // -- lifecycle (supervisor.cpp) ---------------------------------------------
  void start_hub();
  void on_tick();
  void look_at_deadlines();
  void on_exit(const caf::exit_msg& x);
  void watch(const caf::actor& part, std::string name);
  void fail(const std::string& why);
  void begin_stop(std::int64_t patience_ms);
  void consider_stop();
  void end_everything();
  std::int64_t now_ms() const;
  void say(const std::string& text, severity level = severity::info) const;

  // -- the cluster (supervisor_cluster.cpp) -----------------------------------
  void on_node_frame(const node_frame& x);
  void on_refused(const node_refused& x);
  void carry_out_forming();
  result<void> persist(const cluster_identity& x);
  void keep_boots();
  void help_to_join(const std::string& name, const join_request& request);
  void carry_out_meta();
  void note_meta(const meta_state& x);
  void note_role(const role_changed& x);
  void note_regressed(const member_regressed& x);
  void to_node(const std::string& name, const frame& f) const;
  hello own_hello() const;

  // -- sets (supervisor_sets.cpp) ---------------------------------------------
  result<void> enter_cluster();
  result<void> open_log();
  result<void> start_sets();
  result<void> prepare_set(set_id id, const std::string& name,
                           const std::vector<std::string>& members,
                           std::unique_ptr<machine::state_machine> machine,
                           std::optional<std::uint32_t> m);
  result<std::unique_ptr<machine::state_machine>>
  make_user_machine(const set_plan& plan, set_id id) const;
  replication::membership
  first_membership(const std::vector<std::string>& members,
                   std::optional<std::uint32_t> m) const;
  result<replication::recovered_state>
  log_of(set_id id, const replication::membership& first);
  void spawn_set(prepared_set x);
  bool hosts(const std::vector<std::string>& members) const;
  std::vector<node_id> ids_of(const std::vector<std::string>& names) const;

  // -- gateways (supervisor_gateways.cpp) -------------------------------------
  void start_gateway();
  void attach(const attach_gateway& x);
  void tell_ready(const caf::actor& gateway) const;
  void tell_new_voters();
  std::vector<node_id> voters_of_users() const;

  // -- what people ask (supervisor_status.cpp) --------------------------------
  void report_self(const std::string& asked_by, std::uint64_t id);
  void take_report(const replica_report& x);
  void finish_report(const own_status& x);
  void gather(const report_cluster& x);
  void take_status(const std::string& from, const status_reply& reply);
  void finish_gatherings();

  std::shared_ptr<supervisor_setup> setup_;
  const node_options& options_;
  storage::node_directory& directory_;
  forming forming_;
  meta_client meta_;
  meta_state known_meta_;
  codec::node_state state_;
  bool boots_unwritten_ = false; ///< the disk was full
  std::uint64_t boot_ = 0;
  std::int64_t started_ms_ = 0;
  std::uint32_t ticks_ = 0; ///< slow ones

  caf::actor hub_;
  std::map<caf::actor_addr, std::string> parts_; ///< that run
  std::map<std::uint16_t, caf::actor> gateways_;
  std::vector<node_id> told_voters_; ///< to gateways
  bool entered_ = false; ///< the cluster: log and replicas are there
  bool ending_ = false;
  std::optional<std::int64_t> stop_at_ms_;

  storage::opened_log opened_;
  std::shared_ptr<storage::node_log> log_;
  std::shared_ptr<storage::snapshot_store> snapshots_;
  caf::actor log_writer_;
  caf::actor log_reader_;
  /// Held here, too: else it would end with the writer, and be blamed for it.
  caf::actor spare_maker_;
  std::vector<prepared_set> prepared_;
  std::map<set_id, hosted_set> sets_;

  std::map<std::string, hello> met_; ///< nodes with a link
  std::deque<own_status> own_statuses_;
  std::map<std::uint64_t, gathering> gatherings_;
  std::uint64_t last_question_ = 0;
};

/// The set that the plan's only set has.
inline constexpr set_id first_user_set{1};

} // namespace cohort::runtime
