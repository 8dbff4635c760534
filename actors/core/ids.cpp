#include "core/ids.hpp"

namespace cohort {

std::string to_string(const cluster_id& id) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string result(32, '0');
  for (int i = 0; i < 16; ++i) {
    const auto shift = 60 - 4 * i;
    result[static_cast<std::size_t>(i)] = digits[(id.high >> shift) & 15];
    result[static_cast<std::size_t>(i + 16)] = digits[(id.low >> shift) & 15];
  }
  return result;
}

} // namespace cohort
