// CLIENT.
#include "resp/front.hpp"

#include <utility>

namespace cohort::resp {

std::string front::client_line(const client& c) const {
  return "id=" + std::to_string(c.id) + " addr=" + c.address + " name=" + c.name
         + " age=" + std::to_string((now_ms_ - c.connected_ms) / 1000)
         + " flags=" + (c.multi ? "x" : "N") + " db=0 sub=0 psub=0 multi="
         + std::to_string(
           c.multi ? static_cast<std::int64_t>(c.multi->queued.size()) : -1)
         + " user=default resp=" + (c.spoken == protocol::resp3 ? "3" : "2")
         + " lib-name=" + c.library + " lib-ver=" + c.library_version + "\n";
}

void front::client_reply_mode(client& c, args words, std::string& out) {
  reply_writer reply{out, protocol::resp3};
  if (words.size() != 3)
    return reply.error("ERR syntax error");
  if (same_word(words[2], "on")) {
    c.mute = false;
    c.silent = false;
    reply.simple("OK");
  } else if (same_word(words[2], "off")) {
    c.mute = true;
    c.silent = true;
  } else if (same_word(words[2], "skip")) {
    c.skip_next = !c.mute;
    c.silent = true;
  } else {
    reply.error("ERR syntax error");
  }
}

/// CLIENT SETINFO LIB-NAME name | LIB-VER version
void front::client_set_info(client& c, args words, std::string& out) {
  reply_writer reply{out, protocol::resp3};
  const bool version = same_word(words[2], "lib-ver");
  if (!version && !same_word(words[2], "lib-name"))
    return reply.error("ERR Unrecognized option '" + std::string{words[2]}
                       + "'");
  if (!is_name(words[3]))
    return reply.error(std::string{version ? "ERR lib-ver" : "ERR lib-name"}
                       + " cannot contain spaces, newlines or special "
                         "characters.");
  (version ? c.library_version : c.library) = std::string{words[3]};
  reply.simple("OK");
}

/// What is not about the connection that asks.
void front::client_admin(args words, reply_writer& reply) {
  const auto is = [&](std::string_view name, std::size_t count) {
    return same_word(words[1], name) && words.size() == count;
  };
  if (same_word(words[1], "list")) {
    std::string lines;
    for (const auto& [id, x] : clients_)
      lines += client_line(*x);
    reply.verbatim(lines);
  } else if (is("no-evict", 3) || is("no-touch", 3) || is("unpause", 2)) {
    reply.simple("OK"); // nothing is evicted, touched or paused
  } else if (is("getredir", 2)) {
    reply.integer(-1);
  } else {
    reply.error("ERR unknown subcommand or wrong number of arguments for '"
                + std::string{words[1]} + "'. Try CLIENT HELP.");
  }
}

void front::client_command(client& c, args words, std::string& out) {
  reply_writer reply{out, protocol::resp3};
  const auto is = [&](std::string_view name, std::size_t count) {
    return same_word(words[1], name) && words.size() == count;
  };
  if (is("id", 2)) {
    reply.integer(static_cast<std::int64_t>(c.id));
  } else if (is("getname", 2)) {
    if (c.name.empty())
      reply.null();
    else
      reply.bulk(c.name);
  } else if (is("setname", 3)) {
    if (!is_name(words[2]))
      return reply.error(wrong_name_error);
    c.name = std::string{words[2]};
    reply.simple("OK");
  } else if (is("info", 2)) {
    reply.verbatim(client_line(c));
  } else if (is("setinfo", 4)) {
    client_set_info(c, words, out);
  } else if (same_word(words[1], "reply")) {
    client_reply_mode(c, words, out);
  } else {
    client_admin(words, reply);
  }
}

} // namespace cohort::resp
