#include "codec/client_messages.hpp"

namespace cohort {

std::string to_string(const session_id& id) {
  return to_string(id.index) + "." + to_string(id.term);
}

} // namespace cohort
