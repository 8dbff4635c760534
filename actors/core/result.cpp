#include "core/result.hpp"

namespace cohort {

const char* to_string(errc code) {
  switch (code) {
    case errc::malformed:
      return "malformed";
    case errc::unsupported:
      return "unsupported";
    case errc::too_large:
      return "too large";
    case errc::invalid:
      return "invalid";
    case errc::not_found:
      return "not found";
    case errc::exists:
      return "exists";
    case errc::no_space:
      return "no space";
    case errc::io_failed:
      return "I/O failed";
    case errc::corrupt:
      return "corrupt";
    case errc::wrong_cluster:
      return "wrong cluster";
    case errc::refused:
      return "refused";
    case errc::busy:
      return "busy";
    case errc::not_primary:
      return "not primary";
    case errc::timed_out:
      return "timed out";
    case errc::closed:
      return "closed";
  }
  return "unknown";
}

std::string to_string(const error& err) {
  return std::string{to_string(err.code)} + ": " + err.message;
}

} // namespace cohort
