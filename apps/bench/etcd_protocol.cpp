#include "bench/etcd_protocol.hpp"

#include "bench/grpc_codec.hpp"
#include "core/check.hpp"

#include <nghttp2/nghttp2.h>

#include <sys/types.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <iterator>

namespace cohort::bench {

namespace {

/// How much a server may send before it is told to go on: several of the
/// largest values that the benchmark reads.
constexpr std::int32_t window_bytes = 1 << 20;

/// A header that refers to literals and to text that outlives the session.
nghttp2_nv header(std::string_view name, std::string_view value) {
  const auto bytes_of = [](std::string_view text) {
    // The library takes pointers to mutable bytes, but does not write.
    return const_cast<std::uint8_t*>(
      reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  return {bytes_of(name), bytes_of(value), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

std::string_view path_of(operation_kind kind) {
  return kind == operation_kind::set ? "/etcdserverpb.KV/Put"
                                     : "/etcdserverpb.KV/Range";
}

/// A request in its slot.
struct stream {
  std::size_t slot = 0;
  operation_kind kind = operation_kind::set;
  std::string request;
  std::size_t request_sent = 0;
  std::string reply;
  std::string http_status;
  std::string grpc_status;
  bool in_flight = false;
};

/// What errors of a stream that the server closed are counted by.
std::string error_of(const stream& x, std::uint32_t http2_error) {
  if (http2_error != NGHTTP2_NO_ERROR)
    return "http2 " + std::to_string(http2_error);
  if (x.http_status != "200")
    return "http " + x.http_status;
  if (x.grpc_status != "0")
    return "grpc " + x.grpc_status;
  if (x.kind == operation_kind::set)
    return {};
  const auto message = grpc::unframe(x.reply);
  if (!message)
    return to_string(message.err().code);
  const auto found = grpc::has_field(*message, grpc::range_response_kvs);
  if (!found)
    return to_string(found.err().code);
  return *found ? "" : "missing";
}

} // namespace

class etcd_protocol::connection {
public:
  connection();
  ~connection() {
    nghttp2_session_del(session_);
  }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  void submit(std::size_t slot, const operation& op);
  result<void> receive(std::string_view input);
  /// Appends the bytes that HTTP/2 wants to send.
  void flush(std::string& out);

  std::vector<completion> done;

private:
  // Called by the library from within receive() and flush().
  static ssize_t on_request_body(nghttp2_session*, std::int32_t,
                                 std::uint8_t* out, std::size_t size,
                                 std::uint32_t* flags,
                                 nghttp2_data_source* source, void*);
  static int on_header(nghttp2_session* session, const nghttp2_frame* frame,
                       const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void*);
  static int on_reply_body(nghttp2_session* session, std::uint8_t,
                           std::int32_t id, const std::uint8_t* data,
                           std::size_t size, void*);
  static int on_close(nghttp2_session* session, std::int32_t id,
                      std::uint32_t http2_error, void* self);

  static stream* stream_of(nghttp2_session* session, std::int32_t id) {
    return static_cast<stream*>(
      nghttp2_session_get_stream_user_data(session, id));
  }

  nghttp2_session* session_ = nullptr;
  std::deque<stream> streams_; ///< by slot; the library keeps addresses
};

etcd_protocol::connection::connection() {
  nghttp2_session_callbacks* callbacks = nullptr;
  COHORT_CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks,
                                                            on_reply_body);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
  COHORT_CHECK(nghttp2_session_client_new(&session_, callbacks, this) == 0);
  nghttp2_session_callbacks_del(callbacks);
  const std::array settings{
    nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
    nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window_bytes}};
  COHORT_CHECK(nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE,
                                       settings.data(), settings.size())
               == 0);
  COHORT_CHECK(nghttp2_session_set_local_window_size(
                 session_, NGHTTP2_FLAG_NONE, 0, window_bytes)
               == 0);
}

void etcd_protocol::connection::submit(std::size_t slot, const operation& op) {
  while (streams_.size() <= slot)
    streams_.emplace_back();
  auto& x = streams_[slot];
  COHORT_CHECK(!x.in_flight);
  x = stream{};
  x.slot = slot;
  x.kind = op.kind;
  x.request = op.kind == operation_kind::set
                ? grpc::put_request(op.key_view(), op.value)
                : grpc::range_request(op.key_view());
  const std::array headers{header(":method", "POST"),
                           header(":scheme", "http"),
                           header(":path", path_of(op.kind)),
                           header(":authority", "localhost"),
                           header("content-type", "application/grpc"),
                           header("te", "trailers")};
  nghttp2_data_provider body{};
  body.source.ptr = &x;
  body.read_callback = on_request_body;
  const auto id = nghttp2_submit_request(session_, nullptr, headers.data(),
                                         headers.size(), &body, &x);
  // It fails without memory, or after 2^30 requests on one connection.
  COHORT_CHECK(id >= 0);
  x.in_flight = true;
}

result<void> etcd_protocol::connection::receive(std::string_view input) {
  const auto taken = nghttp2_session_mem_recv(
    session_, reinterpret_cast<const std::uint8_t*>(input.data()),
    input.size());
  if (taken < 0)
    return {errc::malformed, nghttp2_strerror(static_cast<int>(taken))};
  // After a GOAWAY no request can begin: only a new connection helps.
  if (nghttp2_session_check_request_allowed(session_) == 0)
    return {errc::closed, "the server ends the HTTP/2 connection"};
  return {};
}

void etcd_protocol::connection::flush(std::string& out) {
  const std::uint8_t* data = nullptr;
  for (;;) {
    const auto size = nghttp2_session_mem_send(session_, &data);
    COHORT_CHECK(size >= 0);
    if (size == 0)
      return;
    out.append(reinterpret_cast<const char*>(data),
               static_cast<std::size_t>(size));
  }
}

ssize_t
etcd_protocol::connection::on_request_body(nghttp2_session*, std::int32_t,
                                           std::uint8_t* out, std::size_t size,
                                           std::uint32_t* flags,
                                           nghttp2_data_source* source, void*) {
  auto& x = *static_cast<stream*>(source->ptr);
  const auto count = std::min(size, x.request.size() - x.request_sent);
  std::memcpy(out, x.request.data() + x.request_sent, count);
  x.request_sent += count;
  if (x.request_sent == x.request.size())
    *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(count);
}

int etcd_protocol::connection::on_header(
  nghttp2_session* session, const nghttp2_frame* frame,
  const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
  std::size_t value_size, std::uint8_t, void*) {
  auto* x = stream_of(session, frame->hd.stream_id);
  if (x == nullptr)
    return 0;
  const auto text = [](const std::uint8_t* data, std::size_t size) {
    return std::string_view{reinterpret_cast<const char*>(data), size};
  };
  if (text(name, name_size) == ":status")
    x->http_status = text(value, value_size);
  else if (text(name, name_size) == "grpc-status")
    x->grpc_status = text(value, value_size);
  return 0;
}

int etcd_protocol::connection::on_reply_body(nghttp2_session* session,
                                             std::uint8_t, std::int32_t id,
                                             const std::uint8_t* data,
                                             std::size_t size, void*) {
  auto* x = stream_of(session, id);
  if (x == nullptr)
    return 0;
  if (x->reply.size() + size > reply_bytes_max)
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  x->reply.append(reinterpret_cast<const char*>(data), size);
  return 0;
}

int etcd_protocol::connection::on_close(nghttp2_session* session,
                                        std::int32_t id,
                                        std::uint32_t http2_error, void* self) {
  auto* x = stream_of(session, id);
  if (x == nullptr)
    return 0;
  x->in_flight = false;
  static_cast<connection*>(self)->done.push_back(
    {x->slot, error_of(*x, http2_error)});
  return 0;
}

etcd_protocol::etcd_protocol() : connection_(std::make_unique<connection>()) {}

etcd_protocol::~etcd_protocol() = default;

void etcd_protocol::start(std::string& out) {
  connection_->flush(out);
}

void etcd_protocol::submit(std::size_t slot, std::span<const operation> batch,
                           std::string& out) {
  COHORT_CHECK(batch.size() == 1);
  connection_->submit(slot, batch.front());
  connection_->flush(out);
}

result<void> etcd_protocol::receive(std::string_view input, std::string& out,
                                    std::vector<completion>& done) {
  auto outcome = connection_->receive(input);
  if (outcome)
    connection_->flush(out);
  done.insert(done.end(), std::make_move_iterator(connection_->done.begin()),
              std::make_move_iterator(connection_->done.end()));
  connection_->done.clear();
  return outcome;
}

} // namespace cohort::bench
