// Seeds for the targets of keys and values, and of their clients.
#include "codec/kv_codec.hpp"
#include "fuzz/bytes_source.hpp"
#include "fuzz/kv_checks.hpp"
#include "fuzz/seeds.hpp"
#include "machine/kv/rocksdb_keys.hpp"

namespace cohort::fuzz {

namespace {

using kv::op;

kv::command command_of(op what, std::string_view key, std::string_view value,
                       std::int64_t number = 0, std::uint32_t flags = 0) {
  kv::command x;
  x.what = what;
  x.key = key;
  x.value = value;
  x.number = number;
  x.flags = flags;
  return x;
}

kv::command list_of(op what, std::vector<std::string_view> more) {
  auto x = command_of(what, "", "");
  x.more = std::move(more);
  return x;
}

std::vector<kv::command> string_commands() {
  using namespace kv::flag;
  return {command_of(op::set, "a", "11"),
          command_of(op::set, "b", "text", 500, expiry_relative | return_old),
          command_of(op::get, "a", ""),
          command_of(op::append, "a", "22"),
          command_of(op::incr_by, "a", "", 5),
          command_of(op::incr_by_float, "a", "0.5"),
          command_of(op::setrange, "b", "xx", 3),
          command_of(op::getrange, "b", "", 1),
          command_of(op::strlen, "b", ""),
          list_of(op::mset, {"a", "1", "c", "3"}),
          list_of(op::mget, {"a", "b", "c"}),
          command_of(op::lcs, "a", "b", 1, lcs_matches | lcs_match_length),
          command_of(op::getex, "c", "", 9'000, expiry_absolute),
          command_of(op::getdel, "c", "")};
}

std::vector<kv::command> key_commands() {
  using namespace kv::flag;
  auto walk = command_of(op::scan, "", "*", 0);
  walk.number2 = 10;
  auto all = command_of(op::exec, "", "");
  all.nested = {command_of(op::set, "d", "4"), command_of(op::get, "d", ""),
                command_of(op::literal, "", "+OK\r\n")};
  all.watches = {{"d", 0}};
  return {command_of(op::set, "a", "1"),
          command_of(op::rename, "a", "b", 0, if_absent),
          command_of(op::copy, "b", "c", 0, kv::flag::replace),
          command_of(op::expire, "c", "", 100, expiry_relative | if_later),
          command_of(op::ttl, "c", "", 0, in_seconds),
          command_of(op::persist, "c", ""),
          command_of(op::type, "c", ""),
          list_of(op::exists, {"a", "b", "c"}),
          list_of(op::touch, {"b"}),
          walk,
          command_of(op::randomkey, "", "", 77),
          command_of(op::dbsize, "", ""),
          command_of(op::changed, "b", ""),
          all,
          list_of(op::del, {"b", "x"}),
          command_of(op::flush, "", "")};
}

void add_batch(std::vector<seed>& to, const char* name,
               const std::vector<kv::command>& commands) {
  codec::kv_batch_builder builder;
  for (const auto& x : commands)
    builder.append(x);
  const auto encoded = builder.finish();
  to.push_back({"kv_batch", name, {encoded.data(), encoded.size()}});
}

// -- the machine --------------------------------------------------------------

void describe(std::string& to, const kv::command& x, bool nested) {
  to += static_cast<char>(x.what);
  put_number(to, x.flags);
  put_text(to, x.key);
  put_text(to, x.value);
  put_number(to, static_cast<std::uint64_t>(x.number));
  put_number(to, static_cast<std::uint64_t>(x.number2));
  to += static_cast<char>(x.more.size());
  for (const auto more : x.more)
    put_text(to, more);
  if (x.what != op::exec || nested)
    return;
  to += static_cast<char>(x.nested.size());
  for (const auto& one : x.nested)
    describe(to, one, true);
  to += static_cast<char>(x.watches.size());
  for (const auto& one : x.watches)
    put_number(to, one.changed);
}

/// One command at a time, time passing between them, and now and then what
/// `every` says.
void add_machine(std::vector<seed>& to, const char* name,
                 const std::vector<kv::command>& commands, int every) {
  std::string content;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    content += static_cast<char>(0x60 + (i % 4 == 3 ? every : 0));
    describe(content, commands[i], false);
    if (i % 4 == 3) // a step of several commands
      for (int more = (0x60 + every) % 3; more > 0; --more)
        describe(content, commands[0], false);
  }
  to.push_back({"kv_machine", name, content});
}

void add_snapshots(std::vector<seed>& to) {
  std::string described = "\1";
  put_number(described, 1'000);
  described += '\3';
  for (const auto* key : {"one", "two", "{one}three"}) {
    put_text(described, key);
    put_text(described, "value");
    put_number(described, key[0] == 't' ? 2'000 : 0);
    put_number(described, 8'192);
  }
  described += '\0';
  to.push_back({"kv_snapshot", "described", described});
  const auto machine = make_kv();
  codec::kv_batch_builder builder;
  for (const auto& x : string_commands())
    builder.append(x);
  apply_all(*machine, {index_t{1}, term_t{1}, 1'000},
            to_bytes(builder.finish()), 14);
  to.push_back({"kv_snapshot", "raw",
                std::string(1, '\0') + snapshot_of(*machine, 1'000)});
}

void add_rows(std::vector<seed>& to) {
  using namespace kv::rocks;
  const auto add = [&](const char* name, int kind, const std::string& row) {
    to.push_back({"kv_rows", name, static_cast<char>(kind) + row});
  };
  std::string row;
  make_data_key(row, 3, 77, "key");
  add("data", 0, row);
  make_expiry_key(row, 3, -5, 77, "key");
  add("expiry", 1, row);
  make_item(row, {"value", 1'000, 8'192});
  add("item", 2, row);
  add("format", 3, encode(saved_format{format_version, 42}));
  add("state", 4, encode(saved_state{1, 2, 3, 4, 5}));
  add("attachment", 5,
      encode(saved_attachment{1, {index_t{2}, term_t{3}, "sessions"}}));
}

// -- clients ------------------------------------------------------------------

struct talk {
  const char* name;
  const char* text;
};

constexpr talk talks[] = {
  {"arrays",
   "*1\r\n$4\r\nPING\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2\r\n\r\n\r\n"
   "*2\r\n$3\r\nget\r\n$1\r\na\r\n*0\r\n*-1\r\n"},
  {"lines",
   "SET a \"x\\x00\\n y\" EX 10 NX GET\r\nGET 'it\\'s'\n\r\n"
   "MSET a 1 b 2\nMGET a b\nINCRBY a 5\nAPPEND a x\nDECR b\n"},
  {"strings",
   "SETEX a 10 x\nPSETEX b 9 y\nSETNX a 1\nGETSET a 2\nGETEX a "
   "PERSIST\nGETDEL b\nSETRANGE a 3 zz\nGETRANGE a 0 -1\nSUBSTR a 0 "
   "1\nSTRLEN a\nINCRBYFLOAT f 1.5\nLCS a b IDX MINMATCHLEN 1 "
   "WITHMATCHLEN\nMSETNX c 1\n"},
  {"keys",
   "DEL a b\nUNLINK a\nEXISTS a a\nTOUCH a\nTYPE a\nRENAME a b\n"
   "RENAMENX a b\nCOPY a b REPLACE\nSCAN 0 MATCH a* COUNT 5 TYPE "
   "string\nKEYS *\nRANDOMKEY\nDBSIZE\nFLUSHALL ASYNC\n"},
  {"expiry",
   "EXPIRE a 10 NX\nPEXPIRE a 5 GT\nEXPIREAT a 2000000000 LT\n"
   "PEXPIREAT a 2000000000000 XX\nTTL a\nPTTL a\nEXPIRETIME a\n"
   "PEXPIRETIME a\nPERSIST a\n"},
  {"transactions",
   "WATCH a b\nMULTI\nSET a 1\nGET a\nEXEC\nMULTI\nINCR a\n"
   "DISCARD\nUNWATCH\n"},
  {"connection",
   "HELLO 3 SETNAME me\nCLIENT ID\nCLIENT GETNAME\nCLIENT SETINFO "
   "LIB-NAME x\nCLIENT REPLY SKIP\nPING\nECHO x\nSELECT 0\nRESET\n"
   "CLIENT LIST\nCLIENT INFO\nAUTH x\nQUIT\n"},
  {"server",
   "INFO\nROLE\nTIME\nWAIT 1 10\nCOMMAND DOCS GET\nCOMMAND COUNT\n"
   "CONFIG GET *\nCLUSTER INFO\nREADONLY\nCOHORT.STATUS\n"
   "COHORT.SESSION\nCOHORT.DO 1.1 1 SET a 1\nCOHORT.FORM WITHOUT n2\n"},
};

/// A step of the target `front`: what it is, and for which client.
char front_step(int what, int client) {
  return static_cast<char>(what + 8 * client);
}

void add_talks(std::vector<seed>& to) {
  std::string both;
  for (const auto& x : talks) {
    to.push_back({"requests", x.name, x.text});
    std::string steps;
    steps += front_step(5, 0);
    put_text(steps, x.text);
    steps += front_step(0, 0);
    steps += front_step(1, 0);
    to.push_back({"front", x.name, steps});
    both += front_step(6, both.empty() ? 1 : 2);
    put_text(both, x.text);
    both += front_step(0, 0);
    if (both.size() % 2 == 0) // some of it gets lost, or is late
      both += front_step(3, 16);
    both += front_step(2, 0);
    put_number(both, 40);
  }
  to.push_back({"front", "both", both});
}

} // namespace

void add_kv_seeds(std::vector<seed>& to) {
  add_batch(to, "strings", string_commands());
  add_batch(to, "keys", key_commands());
  add_machine(to, "strings", string_commands(), 1);
  add_machine(to, "keys", key_commands(), 2);
  add_snapshots(to);
  add_rows(to);
  add_talks(to);
}

} // namespace cohort::fuzz
