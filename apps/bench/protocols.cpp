#include "bench/protocols.hpp"

#include "bench/resp_protocol.hpp"
#include "core/check.hpp"

#ifdef COHORT_BENCH_ETCD
#  include "bench/etcd_protocol.hpp"
#endif

namespace cohort::bench {

result<void> supported(protocol_kind kind) {
#ifndef COHORT_BENCH_ETCD
  if (kind == protocol_kind::etcd)
    return {errc::unsupported, "cohort-load was built without libnghttp2"};
#endif
  static_cast<void>(kind);
  return {};
}

std::unique_ptr<protocol> make_protocol(const options& opts) {
  COHORT_CHECK(supported(opts.protocol));
#ifdef COHORT_BENCH_ETCD
  if (opts.protocol == protocol_kind::etcd)
    return std::make_unique<etcd_protocol>();
#endif
  return std::make_unique<resp_protocol>(opts.wait_replicas);
}

} // namespace cohort::bench
