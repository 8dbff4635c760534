#include "ctl/connection.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

namespace cohort::ctl {

namespace {

/// Of one answer: more is no answer of a node.
constexpr std::size_t answer_bytes_max = std::size_t{16} << 20;
constexpr std::size_t line_bytes_max = std::size_t{64} << 10;

using time_point = connection::time_point;

struct free_addresses {
  void operator()(addrinfo* x) const {
    ::freeaddrinfo(x);
  }
};

std::string reason(int code) {
  return std::strerror(code);
}

/// Waits until the socket is ready.
result<void> await(int socket, short events, time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0)
      return {errc::timed_out, "no answer in time"};
    pollfd x{socket, events, 0};
    const auto ready = ::poll(&x, 1, static_cast<int>(left.count()));
    if (ready > 0)
      return {};
    if (ready < 0 && errno != EINTR)
      return {errc::io_failed, reason(errno)};
  }
}

result<void> finish_connecting(int socket, const addrinfo& to,
                               time_point deadline) {
  if (::connect(socket, to.ai_addr, to.ai_addrlen) == 0)
    return {};
  if (errno != EINPROGRESS)
    return {errc::closed, reason(errno)};
  if (auto ready = await(socket, POLLOUT, deadline); !ready)
    return ready;
  int code = 0;
  socklen_t size = sizeof code;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size) != 0)
    code = errno;
  if (code != 0)
    return {errc::closed, reason(code)};
  return {};
}

std::string encode(const std::vector<std::string>& words) {
  auto result = "*" + std::to_string(words.size()) + "\r\n";
  for (const auto& word : words)
    result += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  return result;
}

std::optional<std::size_t> length_in(const std::string& text) {
  std::size_t result = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, result);
  if (code != std::errc{} || stop != end || result > answer_bytes_max)
    return std::nullopt;
  return result;
}

error no_answer(const std::string& line) {
  return {errc::malformed, "does not speak the Redis protocol, or no Cohort: \""
                             + line.substr(0, 40) + "\""};
}

} // namespace

result<connection> connection::open(const runtime::endpoint& to,
                                    time_point deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* raw = nullptr;
  const auto port = std::to_string(to.port);
  const auto code = ::getaddrinfo(to.host.c_str(), port.c_str(), &hints, &raw);
  if (code != 0)
    return {errc::not_found, ::gai_strerror(code)};
  const std::unique_ptr<addrinfo, free_addresses> addresses{raw};
  error last{errc::not_found, "has no address"};
  for (const auto* x = addresses.get(); x != nullptr; x = x->ai_next) {
    const auto socket = ::socket(x->ai_family,
                                 SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket < 0)
      return {errc::io_failed, reason(errno)};
    connection result{socket};
    auto connected = finish_connecting(socket, *x, deadline);
    if (connected)
      return result;
    last = connected.err();
  }
  return last;
}

connection::connection(connection&& other) noexcept
  : socket_(std::exchange(other.socket_, -1)),
    input_(std::move(other.input_)) {
  // nop
}

connection::~connection() {
  if (socket_ >= 0)
    ::close(socket_);
}

result<void> connection::send_all(const std::string& bytes,
                                  time_point deadline) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const auto n = ::send(socket_, bytes.data() + sent, bytes.size() - sent,
                          MSG_NOSIGNAL);
    if (n >= 0)
      sent += static_cast<std::size_t>(n);
    else if (errno != EAGAIN && errno != EINTR)
      return {errc::closed, reason(errno)};
    else if (auto ready = await(socket_, POLLOUT, deadline); !ready)
      return ready;
  }
  return {};
}

result<void> connection::receive_some(time_point deadline) {
  char buffer[4096];
  for (;;) {
    const auto n = ::recv(socket_, buffer, sizeof buffer, 0);
    if (n > 0) {
      input_.append(buffer, static_cast<std::size_t>(n));
      return {};
    }
    if (n == 0)
      return {errc::closed, "closed the connection"};
    if (errno != EAGAIN && errno != EINTR)
      return {errc::closed, reason(errno)};
    if (auto ready = await(socket_, POLLIN, deadline); !ready)
      return ready;
  }
}

result<std::string> connection::read_line(time_point deadline) {
  for (;;) {
    const auto end = input_.find("\r\n");
    if (end != std::string::npos) {
      auto line = input_.substr(0, end);
      input_.erase(0, end + 2);
      return line;
    }
    if (input_.size() > line_bytes_max)
      return no_answer(input_);
    if (auto more = receive_some(deadline); !more)
      return more.err();
  }
}

result<std::string> connection::read_exactly(std::size_t n,
                                             time_point deadline) {
  while (input_.size() < n)
    if (auto more = receive_some(deadline); !more)
      return more.err();
  auto bytes = input_.substr(0, n);
  input_.erase(0, n);
  return bytes;
}

result<answer> connection::ask(const std::vector<std::string>& words,
                               time_point deadline) {
  if (auto sent = send_all(encode(words), deadline); !sent)
    return sent.err();
  auto line = read_line(deadline);
  if (!line)
    return line.err();
  const auto kind = line->empty() ? '\0' : line->front();
  const auto rest = line->substr(line->empty() ? 0 : 1);
  switch (kind) {
    case '+':
    case ':':
      return answer{false, rest};
    case '-':
      return answer{true, rest};
    case '$':
    case '=':
      break;
    default:
      return no_answer(*line);
  }
  const auto length = length_in(rest);
  if (!length)
    return no_answer(*line);
  auto text = read_exactly(*length + 2, deadline);
  if (!text)
    return text.err();
  text->resize(*length);
  // A verbatim text begins with its kind: "txt:".
  return answer{false, kind == '=' && *length >= 4 ? text->substr(4) : *text};
}

} // namespace cohort::ctl
