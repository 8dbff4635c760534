// etcd's v3 API: gRPC over HTTP/2 in clear text.
#pragma once

#include "bench/protocol.hpp"

#include <memory>

namespace cohort::bench {

/// One HTTP/2 stream per operation; replies may come in any order. Framing and
/// header compression are libnghttp2's. Every batch has one operation.
class etcd_protocol : public protocol {
public:
  /// A reply holds at most one value.
  static constexpr std::size_t reply_bytes_max = (std::size_t{16} << 20) + 1024;

  etcd_protocol();
  ~etcd_protocol() override;

  void start(std::string& out) override;
  void submit(std::size_t slot, std::span<const operation> batch,
              std::string& out) override;
  result<void> receive(std::string_view input, std::string& out,
                       std::vector<completion>& done) override;

private:
  class connection; // keeps nghttp2's header out of ours

  std::unique_ptr<connection> connection_;
};

} // namespace cohort::bench
