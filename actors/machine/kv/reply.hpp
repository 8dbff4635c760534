// Replies of the kv machine: RESP3, as Redis 7 writes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// All of these append to `to`.
namespace cohort::kv::reply {

void integer(std::string& to, std::int64_t x);
void bulk(std::string& to, std::string_view x);
void null(std::string& to);
void ok(std::string& to);
void simple(std::string& to, std::string_view x);
/// `x` begins with a code, such as ERR, and has no line break.
void error(std::string& to, std::string_view x);
/// `count` replies follow.
void array(std::string& to, std::size_t count);
/// `count` pairs of replies follow.
void map(std::string& to, std::size_t count);

} // namespace cohort::kv::reply
