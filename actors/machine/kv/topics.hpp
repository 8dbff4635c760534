// The commands, by topic: each appends its reply.
#pragma once

#include "machine/kv/evaluation.hpp"

#include <cstdint>
#include <string_view>

namespace cohort::kv::topics {

inline constexpr std::string_view value_too_large =
  "ERR string exceeds maximum allowed size (proto-max-bulk-len)";

// -- strings.cpp --------------------------------------------------------------
void get(evaluation& e, const command& x);
void set(evaluation& e, const command& x);
void getdel(evaluation& e, const command& x);
void getex(evaluation& e, const command& x);
void mget(evaluation& e, const command& x);
void mset(evaluation& e, const command& x);

// -- ranges.cpp ---------------------------------------------------------------
void append(evaluation& e, const command& x);
void strlen(evaluation& e, const command& x);
void getrange(evaluation& e, const command& x);
void setrange(evaluation& e, const command& x);

// -- counters.cpp -------------------------------------------------------------
void incr_by(evaluation& e, const command& x);
void incr_by_float(evaluation& e, const command& x);

// -- lcs.cpp ------------------------------------------------------------------
void lcs(evaluation& e, const command& x);

// -- keys.cpp -----------------------------------------------------------------
void del(evaluation& e, const command& x);
void exists(evaluation& e, const command& x); ///< TOUCH too
void type(evaluation& e, const command& x);
void rename(evaluation& e, const command& x);
void copy(evaluation& e, const command& x);
void changed(evaluation& e, const command& x);
void flush(evaluation& e, const command& x);

// -- expiry.cpp ---------------------------------------------------------------
void expire(evaluation& e, const command& x);
void persist(evaluation& e, const command& x);
void ttl(evaluation& e, const command& x);

/// The time that an expiry flag of `x` names, on the clock of log time. False:
/// it is beyond all times.
bool expiry_of(const evaluation& e, const command& x, std::int64_t& to_ms);

// -- scan.cpp -----------------------------------------------------------------
void scan(evaluation& e, const command& x);
void randomkey(evaluation& e, const command& x);
void dbsize(evaluation& e, const command& x);

// -- exec.cpp -----------------------------------------------------------------
void exec(evaluation& e, const command& x);

} // namespace cohort::kv::topics
