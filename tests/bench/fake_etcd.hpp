// The server's side of HTTP/2, for tests.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace cohort::bench {

/// Collects requests, and answers them when it is told to. No sockets: bytes
/// in, bytes out.
class fake_etcd {
public:
  struct request {
    std::int32_t stream = 0;
    std::string path;
    std::string content_type;
    std::string body;
    std::string reply;
    std::string status;
  };

  fake_etcd();
  ~fake_etcd();
  fake_etcd(const fake_etcd&) = delete;
  fake_etcd& operator=(const fake_etcd&) = delete;

  /// A gRPC frame around a message.
  static std::string framed(std::string_view message);

  /// Takes bytes of the client, returns those for it.
  std::string exchange(std::string_view input);

  /// Answers the request that came as number `at`: a body and a gRPC status in
  /// the trailers; with no body, a status alone.
  void reply(std::size_t at, std::string body, std::string status);

  void reset(std::size_t at);
  void go_away();

  std::deque<request> requests; ///< in the order they came

private:
  request* find(std::int32_t stream);

  static int on_header(nghttp2_session*, const nghttp2_frame* frame,
                       const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* self);
  static int on_body(nghttp2_session*, std::uint8_t, std::int32_t stream,
                     const std::uint8_t* data, std::size_t size, void* self);
  static ssize_t on_reply(nghttp2_session* session, std::int32_t stream,
                          std::uint8_t* out, std::size_t size,
                          std::uint32_t* flags, nghttp2_data_source* source,
                          void*);

  nghttp2_session* session_ = nullptr;
};

} // namespace cohort::bench
