// Whether two runs were the same.
#pragma once

#include <cstdint>
#include <string_view>

namespace cohort::testkit {

/// FNV-1a over everything that happened, in order.
class trace_hash {
public:
  void add(std::uint64_t x) {
    for (int i = 0; i < 8; ++i)
      add_byte(static_cast<unsigned char>(x >> (8 * i)));
  }

  void add(std::string_view text) {
    add(text.size());
    for (const char c : text)
      add_byte(static_cast<unsigned char>(c));
  }

  std::uint64_t value() const {
    return value_;
  }

private:
  void add_byte(unsigned char c) {
    value_ = (value_ ^ c) * 0x100000001b3;
  }

  std::uint64_t value_ = 0xcbf29ce484222325;
};

} // namespace cohort::testkit
