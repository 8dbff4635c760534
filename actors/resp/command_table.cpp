#include "resp/command_table.hpp"

#include <algorithm>
#include <array>

namespace cohort::resp {

namespace {

using namespace command_flag;

constexpr std::uint8_t grows = write | denyoom;
constexpr std::uint8_t reads = readonly;

using id = command_id;

/// Ordered by name.
constexpr std::array commands{
  command_info{id::append, "append", 3, grows | fast, 1, 1, 1},
  command_info{id::auth, "auth", -2, local | fast, 0, 0, 0},
  command_info{id::client, "client", -2, local, 0, 0, 0},
  command_info{id::cluster, "cluster", -2, local, 0, 0, 0},
  command_info{id::cohort_do, "cohort.do", -4, local | blocking, 0, 0, 0},
  command_info{id::cohort_form, "cohort.form", -3, local | admin, 0, 0, 0},
  command_info{id::cohort_session, "cohort.session", -2, local | blocking, 0, 0,
               0},
  command_info{id::cohort_status, "cohort.status", 1, local | admin, 0, 0, 0},
  command_info{id::command, "command", -1, local, 0, 0, 0},
  command_info{id::config, "config", -2, local | admin, 0, 0, 0},
  command_info{id::copy, "copy", -3, grows, 1, 2, 1},
  command_info{id::dbsize, "dbsize", 1, reads | fast, 0, 0, 0},
  command_info{id::decr, "decr", 2, grows | fast, 1, 1, 1},
  command_info{id::decrby, "decrby", 3, grows | fast, 1, 1, 1},
  command_info{id::del, "del", -2, write, 1, -1, 1},
  command_info{id::discard, "discard", 1, local | fast, 0, 0, 0},
  command_info{id::echo, "echo", 2, local | fast, 0, 0, 0},
  command_info{id::exec, "exec", 1, local, 0, 0, 0},
  command_info{id::exists, "exists", -2, reads | fast, 1, -1, 1},
  command_info{id::expire, "expire", -3, write | fast, 1, 1, 1},
  command_info{id::expireat, "expireat", -3, write | fast, 1, 1, 1},
  command_info{id::expiretime, "expiretime", 2, reads | fast, 1, 1, 1},
  command_info{id::flushall, "flushall", -1, write, 0, 0, 0},
  command_info{id::flushdb, "flushdb", -1, write, 0, 0, 0},
  command_info{id::get, "get", 2, reads | fast, 1, 1, 1},
  command_info{id::getdel, "getdel", 2, write | fast, 1, 1, 1},
  command_info{id::getex, "getex", -2, write | fast, 1, 1, 1},
  command_info{id::getrange, "getrange", 4, reads, 1, 1, 1},
  command_info{id::getset, "getset", 3, grows | fast, 1, 1, 1},
  command_info{id::hello, "hello", -1, local | fast, 0, 0, 0},
  command_info{id::incr, "incr", 2, grows | fast, 1, 1, 1},
  command_info{id::incrby, "incrby", 3, grows | fast, 1, 1, 1},
  command_info{id::incrbyfloat, "incrbyfloat", 3, grows | fast, 1, 1, 1},
  command_info{id::info, "info", -1, local, 0, 0, 0},
  command_info{id::keys, "keys", 2, reads, 0, 0, 0},
  command_info{id::lcs, "lcs", -3, reads, 1, 2, 1},
  command_info{id::mget, "mget", -2, reads | fast, 1, -1, 1},
  command_info{id::mset, "mset", -3, grows, 1, -1, 2},
  command_info{id::msetnx, "msetnx", -3, grows, 1, -1, 2},
  command_info{id::multi, "multi", 1, local | fast, 0, 0, 0},
  command_info{id::persist, "persist", 2, write | fast, 1, 1, 1},
  command_info{id::pexpire, "pexpire", -3, write | fast, 1, 1, 1},
  command_info{id::pexpireat, "pexpireat", -3, write | fast, 1, 1, 1},
  command_info{id::pexpiretime, "pexpiretime", 2, reads | fast, 1, 1, 1},
  command_info{id::ping, "ping", -1, local | fast, 0, 0, 0},
  command_info{id::psetex, "psetex", 4, grows, 1, 1, 1},
  command_info{id::pttl, "pttl", 2, reads | fast, 1, 1, 1},
  command_info{id::quit, "quit", -1, local | fast, 0, 0, 0},
  command_info{id::randomkey, "randomkey", 1, reads, 0, 0, 0},
  command_info{id::readonly_mode, "readonly", 1, local | fast, 0, 0, 0},
  command_info{id::readwrite_mode, "readwrite", 1, local | fast, 0, 0, 0},
  command_info{id::rename, "rename", 3, write, 1, 2, 1},
  command_info{id::renamenx, "renamenx", 3, write | fast, 1, 2, 1},
  command_info{id::reset, "reset", 1, local | fast, 0, 0, 0},
  command_info{id::role, "role", 1, local | fast, 0, 0, 0},
  command_info{id::scan, "scan", -2, reads, 0, 0, 0},
  command_info{id::select, "select", 2, local | fast, 0, 0, 0},
  command_info{id::set, "set", -3, grows, 1, 1, 1},
  command_info{id::setex, "setex", 4, grows, 1, 1, 1},
  command_info{id::setnx, "setnx", 3, grows | fast, 1, 1, 1},
  command_info{id::setrange, "setrange", 4, grows, 1, 1, 1},
  command_info{id::strlen, "strlen", 2, reads | fast, 1, 1, 1},
  command_info{id::substr, "substr", 4, reads, 1, 1, 1},
  command_info{id::time, "time", 1, local | fast, 0, 0, 0},
  command_info{id::touch, "touch", -2, reads | fast, 1, -1, 1},
  command_info{id::ttl, "ttl", 2, reads | fast, 1, 1, 1},
  command_info{id::type, "type", 2, reads | fast, 1, 1, 1},
  command_info{id::unlink, "unlink", -2, write | fast, 1, -1, 1},
  command_info{id::unwatch, "unwatch", 1, local | fast, 0, 0, 0},
  command_info{id::wait, "wait", 3, local | blocking, 0, 0, 0},
  command_info{id::watch, "watch", -2, local | fast, 1, -1, 1},
};

static_assert(std::is_sorted(commands.begin(), commands.end(),
                             [](const command_info& x, const command_info& y) {
                               return x.name < y.name;
                             }));

constexpr char lower(char x) {
  return x >= 'A' && x <= 'Z' ? static_cast<char>(x + ('a' - 'A')) : x;
}

// -- looking up ---------------------------------------------------------------

constexpr std::size_t slot_count = 256;
constexpr std::uint8_t no_command = 0xff;
static_assert(commands.size() < no_command);

constexpr std::size_t name_bytes_max =
  std::max_element(commands.begin(), commands.end(),
                   [](const command_info& x, const command_info& y) {
                     return x.name.size() < y.name.size();
                   })
    ->name.size();

/// FNV-1a of the name in lower case.
constexpr std::size_t slot_of(std::string_view name) {
  std::uint32_t hash = 2166136261u;
  for (const char x : name)
    hash = (hash ^ static_cast<std::uint8_t>(lower(x))) * 16777619u;
  return (hash ^ (hash >> 16)) % slot_count;
}

/// Where commands stand in the table; a taken slot goes to the next.
constexpr auto slots = [] {
  std::array<std::uint8_t, slot_count> result{};
  result.fill(no_command);
  for (std::size_t i = 0; i < commands.size(); ++i) {
    auto at = slot_of(commands[i].name);
    while (result[at] != no_command)
      at = (at + 1) % slot_count;
    result[at] = static_cast<std::uint8_t>(i);
  }
  return result;
}();

} // namespace

bool same_word(std::string_view a, std::string_view b) {
  if (a.size() != b.size())
    return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i]))
      return false;
  return true;
}

const command_info* find_command(std::string_view name) {
  if (name.size() > name_bytes_max)
    return nullptr;
  for (auto at = slot_of(name); slots[at] != no_command;
       at = (at + 1) % slot_count)
    if (const auto& found = commands[slots[at]]; same_word(found.name, name))
      return &found;
  return nullptr;
}

std::span<const command_info> all_commands() {
  return commands;
}

} // namespace cohort::resp
