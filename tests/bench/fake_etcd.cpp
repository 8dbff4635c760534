#include "bench/fake_etcd.hpp"

#include "core/check.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace cohort::bench {

namespace {

nghttp2_nv header(std::string_view name, std::string_view value) {
  const auto bytes_of = [](std::string_view text) {
    return const_cast<std::uint8_t*>(
      reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  return {bytes_of(name), bytes_of(value), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

} // namespace

fake_etcd::fake_etcd() {
  nghttp2_session_callbacks* callbacks = nullptr;
  COHORT_CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_body);
  COHORT_CHECK(nghttp2_session_server_new(&session_, callbacks, this) == 0);
  nghttp2_session_callbacks_del(callbacks);
  COHORT_CHECK(nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0)
               == 0);
}

fake_etcd::~fake_etcd() {
  nghttp2_session_del(session_);
}

std::string fake_etcd::framed(std::string_view message) {
  COHORT_CHECK(message.size() < 256);
  std::string result(4, '\0');
  result += static_cast<char>(message.size());
  return result + std::string{message};
}

std::string fake_etcd::exchange(std::string_view input) {
  const auto taken = nghttp2_session_mem_recv(
    session_, reinterpret_cast<const std::uint8_t*>(input.data()),
    input.size());
  COHORT_CHECK(taken == static_cast<ssize_t>(input.size()));
  std::string out;
  const std::uint8_t* data = nullptr;
  while (const auto size = nghttp2_session_mem_send(session_, &data)) {
    COHORT_CHECK(size > 0);
    out.append(reinterpret_cast<const char*>(data),
               static_cast<std::size_t>(size));
  }
  return out;
}

void fake_etcd::reply(std::size_t at, std::string body, std::string status) {
  auto& x = requests.at(at);
  x.reply = std::move(body);
  x.status = std::move(status);
  if (x.reply.empty()) {
    const std::array headers{header(":status", "200"),
                             header("grpc-status", x.status)};
    COHORT_CHECK(nghttp2_submit_response(session_, x.stream, headers.data(),
                                         headers.size(), nullptr)
                 == 0);
    return;
  }
  const std::array headers{header(":status", "200")};
  nghttp2_data_provider provider{};
  provider.source.ptr = &x;
  provider.read_callback = on_reply;
  COHORT_CHECK(nghttp2_submit_response(session_, x.stream, headers.data(),
                                       headers.size(), &provider)
               == 0);
}

void fake_etcd::reset(std::size_t at) {
  COHORT_CHECK(nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE,
                                         requests.at(at).stream,
                                         NGHTTP2_INTERNAL_ERROR)
               == 0);
}

void fake_etcd::go_away() {
  COHORT_CHECK(nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, 0,
                                     NGHTTP2_NO_ERROR, nullptr, 0)
               == 0);
}

fake_etcd::request* fake_etcd::find(std::int32_t stream) {
  const auto at =
    std::find_if(requests.begin(), requests.end(),
                 [stream](const auto& x) { return x.stream == stream; });
  return at == requests.end() ? nullptr : &*at;
}

int fake_etcd::on_header(nghttp2_session*, const nghttp2_frame* frame,
                         const std::uint8_t* name, std::size_t name_size,
                         const std::uint8_t* value, std::size_t value_size,
                         std::uint8_t, void* self) {
  auto& server = *static_cast<fake_etcd*>(self);
  auto* x = server.find(frame->hd.stream_id);
  if (x == nullptr) {
    x = &server.requests.emplace_back();
    x->stream = frame->hd.stream_id;
  }
  const std::string_view which{reinterpret_cast<const char*>(name), name_size};
  const std::string_view text{reinterpret_cast<const char*>(value), value_size};
  if (which == ":path")
    x->path = text;
  else if (which == "content-type")
    x->content_type = text;
  return 0;
}

int fake_etcd::on_body(nghttp2_session*, std::uint8_t, std::int32_t stream,
                       const std::uint8_t* data, std::size_t size, void* self) {
  auto* x = static_cast<fake_etcd*>(self)->find(stream);
  COHORT_CHECK(x != nullptr);
  x->body.append(reinterpret_cast<const char*>(data), size);
  return 0;
}

ssize_t fake_etcd::on_reply(nghttp2_session* session, std::int32_t stream,
                            std::uint8_t* out, std::size_t size,
                            std::uint32_t* flags, nghttp2_data_source* source,
                            void*) {
  auto& x = *static_cast<request*>(source->ptr);
  COHORT_CHECK(x.reply.size() <= size);
  std::memcpy(out, x.reply.data(), x.reply.size());
  *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
  const auto trailer = header("grpc-status", x.status);
  COHORT_CHECK(nghttp2_submit_trailer(session, stream, &trailer, 1) == 0);
  return static_cast<ssize_t>(x.reply.size());
}

} // namespace cohort::bench
