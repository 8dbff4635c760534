#include "fuzz/seeds.hpp"

namespace cohort::fuzz {

namespace {

constexpr const char* plain_topology = R"([cluster]
name = "main"
[[nodes]]
name = "n1"
peer = "127.0.0.1:7401"
client = "[::1]:6401"
data = "/d/n1"
[[nodes]]
name = "n2"
peer = "127.0.0.1:7402"
data = "n2"
[[sets]]
name = "kv"
mode = "primary_backup"
engine = "memory"
members = ["n1", "n2"]
m = 1
)";

constexpr const char* local_topology = R"([cluster]
name = "main"
transport = "local"
insecure = true
[[nodes]]
name = "n1"
data = "n1"
[[sets]]
name = "kv"
engine = "rocksdb"
[limits]
clients_max = 1
client_output_bytes_max = "1 MiB"
pending_bytes_max = "2 MiB"
segment_bytes = "4 MiB"
log_bytes_max = "64 MiB"
log_bytes_limit = "128 MiB"
snapshot_log_bytes = "8 MiB"
disk_reserve_bytes = 9
[timers]
tick_ms = 20
heartbeat_ticks = 3
election_ticks = 30
request_patience_ms = 7000
)";

void add_text_seeds(std::vector<seed>& to) {
  to.push_back({"topology", "tcp", plain_topology});
  to.push_back({"topology", "local", local_topology});
  const std::string kinds[] = {std::string(1, '\0'), "\1", "\2", "\3"};
  to.push_back({"value_text", "endpoint", kinds[0] + "host.example:7401"});
  to.push_back({"value_text", "endpoint-v6", kinds[0] + "[fe80::1]:1"});
  to.push_back({"value_text", "size", kinds[1] + "64 MiB"});
  to.push_back({"value_text", "nearest", kinds[2] + "\4nams\4name\4mode"});
  to.push_back({"value_text", "address", kinds[3] + "127.0.0.1"});
  to.push_back({"value_text", "address-v6", kinds[3] + "::ffff:1.2.3.4"});
}

} // namespace

std::vector<seed> all_seeds() {
  std::vector<seed> result;
  add_message_seeds(result);
  add_kv_seeds(result);
  add_storage_seeds(result);
  add_text_seeds(result);
  return result;
}

} // namespace cohort::fuzz
