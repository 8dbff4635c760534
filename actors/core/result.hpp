// Results of operations that the world can make fail. Bugs are not results:
// see check.hpp.
#pragma once

#include "core/check.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace cohort {

enum class errc : std::uint8_t {
  malformed,     ///< bytes that no sender of ours writes
  unsupported,   ///< a version or kind this release does not know
  too_large,     ///< over a named limit
  invalid,       ///< a wrong argument or configuration
  not_found,     ///< the thing asked for is not there
  exists,        ///< the thing to be made is there already
  no_space,      ///< the disk is full: an answer, not an accident (rule D6)
  io_failed,     ///< a read, write or sync failed: the node stops (rule D6)
  corrupt,       ///< bytes on disk that were durable and are damaged
  wrong_cluster, ///< a peer or a disk of another cluster
  refused,       ///< a peer or an operator does not allow it
  busy,          ///< a bound is reached: try again later
  not_primary,   ///< only the primary of the set can do this
  timed_out,     ///< no answer before the deadline: the outcome is unknown
  closed,        ///< the other side is gone
};

/// The name of a code, as it appears in traces.
const char* to_string(errc code);

struct error {
  errc code{};
  std::string message; ///< for people: what, where, and the remedy if known
};

/// "code: message".
std::string to_string(const error& err);

/// A value or an error.
template <class T>
class [[nodiscard]] result {
public:
  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  result(error err) : state_(std::in_place_index<1>, std::move(err)) {}
  result(errc code, std::string message)
    : state_(std::in_place_index<1>, error{code, std::move(message)}) {}

  bool ok() const {
    return state_.index() == 0;
  }
  explicit operator bool() const {
    return ok();
  }

  /// Precondition: ok().
  T& value() & {
    COHORT_CHECK(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    COHORT_CHECK(ok());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    COHORT_CHECK(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & {
    return value();
  }
  const T& operator*() const& {
    return value();
  }
  T* operator->() {
    return &value();
  }
  const T* operator->() const {
    return &value();
  }

  /// Precondition: !ok().
  const error& err() const {
    COHORT_CHECK(!ok());
    return *std::get_if<1>(&state_);
  }

private:
  std::variant<T, error> state_;
};

/// Success or an error.
template <>
class [[nodiscard]] result<void> {
public:
  result() = default;
  result(error err) : failed_(true), error_(std::move(err)) {}
  result(errc code, std::string message)
    : failed_(true),
      error_{code, std::move(message)} {}

  bool ok() const {
    return !failed_;
  }
  explicit operator bool() const {
    return ok();
  }

  /// Precondition: !ok().
  const error& err() const {
    COHORT_CHECK(failed_);
    return error_;
  }

private:
  bool failed_ = false;
  error error_;
};

} // namespace cohort
