#include "transport/resolver.hpp"

#include "transport/socket_address.hpp"

#include <caf/event_based_actor.hpp>

#include <netdb.h>

#include <memory>
#include <utility>

namespace cohort::transport {

namespace {

result<std::string> ask(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const auto code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (code != 0)
    return error{errc::not_found, host + ": " + ::gai_strerror(code)};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> guard{
    found, &::freeaddrinfo};
  char text[NI_MAXHOST];
  if (::getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof text,
                    nullptr, 0, NI_NUMERICHOST)
      != 0)
    return error{errc::not_found, host + ": no address in numbers"};
  return std::string{text};
}

} // namespace

void resolve(caf::actor_system& system, const std::string& host,
             std::function<void(const result<std::string>&)> done) {
  if (parse_address(host, 0))
    return done(host);
  system.spawn<caf::detached>([host, done = std::move(done)](
                                caf::event_based_actor*) { done(ask(host)); });
}

} // namespace cohort::transport
