#include "resp/command_reply.hpp"

#include "resp/command_table.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace cohort::resp {

namespace {

struct flag_name {
  std::uint8_t flag;
  std::string_view name;
};

constexpr std::array flag_names{
  flag_name{command_flag::write, "write"},
  flag_name{command_flag::readonly, "readonly"},
  flag_name{command_flag::denyoom, "denyoom"},
  flag_name{command_flag::fast, "fast"},
  flag_name{command_flag::admin, "admin"},
  flag_name{command_flag::blocking, "blocking"},
};

void write_flags(const command_info& info, reply_writer& reply) {
  const auto has = [&](const flag_name& x) {
    return (info.flags & x.flag) != 0;
  };
  reply.set(static_cast<std::size_t>(
    std::count_if(flag_names.begin(), flag_names.end(), has)));
  for (const auto& x : flag_names)
    if (has(x))
      reply.simple(x.name);
}

/// Ten fields, as Redis 7 has them; the last four (categories, tips, key
/// specifications, subcommands) are empty.
void write_info(const command_info& info, reply_writer& reply) {
  reply.array(10);
  reply.bulk(info.name);
  reply.integer(info.arity);
  write_flags(info, reply);
  reply.integer(info.first_key);
  reply.integer(info.last_key);
  reply.integer(info.key_step);
  reply.set(0);
  reply.array(0);
  reply.array(0);
  reply.array(0);
}

void write_infos(std::span<const std::string_view> names, reply_writer& reply) {
  if (names.empty()) {
    reply.array(all_commands().size());
    for (const auto& x : all_commands())
      write_info(x, reply);
    return;
  }
  reply.array(names.size());
  for (const auto& x : names)
    if (const auto* info = find_command(x))
      write_info(*info, reply);
    else
      reply.null();
}

void write_keys(std::span<const std::string_view> words, reply_writer& reply) {
  const auto* info = find_command(words[0]);
  if (!info)
    return reply.error("ERR Invalid command specified");
  if (info->first_key == 0)
    return reply.error("ERR The command has no key arguments");
  if (!info->takes(words.size()))
    return reply.error("ERR Invalid number of arguments specified for command");
  std::vector<std::string_view> keys;
  for_each_key(*info, words,
               [&](std::string_view key) { keys.push_back(key); });
  reply.array(keys.size());
  for (const auto& x : keys)
    reply.bulk(x);
}

} // namespace

void reply_to_command(std::span<const std::string_view> words,
                      reply_writer& reply) {
  const auto is = [&](std::string_view name) {
    return same_word(words[1], name);
  };
  if (words.size() == 1)
    return write_infos({}, reply);
  if (is("count") && words.size() == 2)
    return reply.integer(static_cast<std::int64_t>(all_commands().size()));
  if (is("info"))
    return write_infos(words.subspan(2), reply);
  if (is("docs"))
    return reply.map(0);
  if (is("getkeys") && words.size() > 2)
    return write_keys(words.subspan(2), reply);
  if (is("list") && words.size() == 2) {
    reply.array(all_commands().size());
    for (const auto& x : all_commands())
      reply.bulk(x.name);
    return;
  }
  reply.error("ERR unknown subcommand or wrong number of arguments for '"
              + std::string{words[1]} + "'. Try COMMAND HELP.");
}

} // namespace cohort::resp
