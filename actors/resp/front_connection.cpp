// Commands about the connection itself.
#include "resp/front.hpp"

#include "resp/command_reply.hpp"
#include "resp/translations.hpp"

#include <utility>

namespace cohort::resp {

using translations::to_integer;

namespace {

constexpr std::string_view no_password =
  "ERR AUTH <password> called without any password configured for the default "
  "user. Are you sure your configuration is correct?";

constexpr std::string_view wrong_password =
  "WRONGPASS invalid username-password pair or user is disabled.";

/// There is one user, and it has no password: any will do.
bool is_user(std::string_view name) {
  return name == "default";
}

void ping(std::span<const std::string_view> words, reply_writer& reply) {
  if (words.size() > 2)
    reply.error("ERR wrong number of arguments for 'ping' command");
  else if (words.size() == 2)
    reply.bulk(words[1]);
  else
    reply.simple("PONG");
}

void select(std::string_view database, reply_writer& reply) {
  const auto number = to_integer(database);
  if (!number)
    reply.error("ERR value is not an integer or out of range");
  else if (*number != 0)
    reply.error("ERR DB index is out of range");
  else
    reply.simple("OK");
}

void tell_time(std::int64_t wall_ms, reply_writer& reply) {
  reply.array(2);
  reply.bulk(std::to_string(wall_ms / 1000));
  reply.bulk(std::to_string(wall_ms % 1000 * 1000));
}

} // namespace

/// Commands that this node answers alone. Some end a transaction, some wait for
/// somebody, and the others have a reply at once, also inside a transaction.
void front::handle_local(client& c, const command_info& info, args words) {
  switch (info.id) {
    case command_id::multi:
      return multi(c);
    case command_id::exec:
      return exec(c);
    case command_id::discard:
      return discard(c);
    case command_id::quit:
      answer(c, "+OK\r\n");
      c.closing = true;
      return touch(c);
    case command_id::reset:
      return reset(c);
    case command_id::watch:
      if (c.multi)
        return answer_error(c, "ERR WATCH inside MULTI is not allowed");
      return watch(c, words);
    default:
      return handle_plain(c, info, words);
  }
}

void front::handle_plain(client& c, const command_info& info, args words) {
  std::string reply;
  const bool at_once = local_reply(c, info, words, reply);
  if (c.multi) {
    if (!at_once) {
      spoil(c);
      return answer_error(c, "ERR Command not allowed inside a transaction");
    }
    return queue_reply(c, reply);
  }
  if (at_once)
    return answer(c, reply);
  switch (info.id) {
    case command_id::hello:
      return hello(c, words);
    case command_id::wait:
      return wait(c, words);
    case command_id::cohort_session:
      return cohort_session(c, words);
    case command_id::cohort_do:
      return cohort_do(c, words);
    case command_id::cohort_form:
      return cohort_form(c, words);
    default:
      return await_report(c, info.id, words);
  }
}

/// False: the command has no reply that could be given at once.
bool front::local_reply(client& c, const command_info& info, args words,
                        std::string& out) {
  reply_writer reply{out, protocol::resp3};
  switch (info.id) {
    case command_id::ping:
      ping(words, reply);
      return true;
    case command_id::echo:
      reply.bulk(words[1]);
      return true;
    case command_id::time:
      tell_time(wall_ms_, reply);
      return true;
    case command_id::select:
      select(words[1], reply);
      return true;
    case command_id::auth:
      auth(words, out);
      return true;
    case command_id::unwatch:
      if (!c.multi) // inside, EXEC still looks at what was watched
        c.watched.clear();
      reply.simple("OK");
      return true;
    case command_id::command:
      reply_to_command(words, reply);
      return true;
    case command_id::config:
      config(words, out);
      return true;
    case command_id::client:
      if (c.multi) // what it changes would change too early
        return false;
      client_command(c, words, out);
      return true;
    case command_id::cluster:
    case command_id::readonly_mode:
    case command_id::readwrite_mode:
      reply.error("ERR This instance has cluster support disabled");
      return true;
    default:
      return false;
  }
}

/// AUTH [user] password
void front::auth(args words, std::string& out) {
  reply_writer reply{out, protocol::resp3};
  if (words.size() > 3)
    reply.error("ERR syntax error");
  else if (words.size() == 2)
    reply.error(no_password);
  else if (!is_user(words[1]))
    reply.error(wrong_password);
  else
    reply.simple("OK");
}

void front::reset(client& c) {
  c.multi.reset();
  c.watched.clear();
  c.name.clear();
  c.spoken = protocol::resp2;
  c.mute = false;
  c.skip_next = false;
  c.silent = false;
  answer(c, "+RESET\r\n");
}

/// HELLO [version [AUTH user password] [SETNAME name]]
void front::hello(client& c, args words) {
  auto spoken = c.spoken;
  if (words.size() > 1) {
    const auto version = to_integer(words[1]);
    if (!version)
      return answer_error(
        c, "ERR Protocol version is not an integer or out of range");
    if (*version != 2 && *version != 3)
      return answer_error(c, "NOPROTO unsupported protocol version");
    spoken = *version == 3 ? protocol::resp3 : protocol::resp2;
  }
  std::string_view name = c.name;
  for (std::size_t i = 2; i < words.size(); ++i) {
    if (same_word(words[i], "auth") && i + 2 < words.size()) {
      if (!is_user(words[i + 1]))
        return answer_error(c, wrong_password);
      i += 2;
      continue;
    }
    if (!same_word(words[i], "setname") || i + 1 >= words.size())
      return answer_error(c, "ERR Syntax error in HELLO option '"
                               + std::string{words[i]} + "'");
    name = words[++i];
    if (!is_name(name))
      return answer_error(c, wrong_name_error);
  }
  c.name = std::string{name};
  c.spoken = spoken;
  hello_reply(c);
}

void front::hello_reply(client& c) {
  std::string out;
  reply_writer reply{out, protocol::resp3};
  reply.map(7);
  reply.bulk("server");
  reply.bulk("redis"); // what libraries look for
  reply.bulk("version");
  reply.bulk(spoken_version);
  reply.bulk("proto");
  reply.integer(c.spoken == protocol::resp3 ? 3 : 2);
  reply.bulk("id");
  reply.integer(static_cast<std::int64_t>(c.id));
  reply.bulk("mode");
  reply.bulk("standalone");
  reply.bulk("role");
  reply.bulk("master"); // any node takes writes
  reply.bulk("modules");
  reply.array(0);
  answer(c, out);
}

} // namespace cohort::resp
