// COMMAND: what libraries ask to know the commands. Pure.
#pragma once

#include "resp/reply_writer.hpp"

#include <span>
#include <string_view>

namespace cohort::resp {

/// Answers COMMAND and its subcommands.
void reply_to_command(std::span<const std::string_view> words,
                      reply_writer& reply);

} // namespace cohort::resp
