// Turning Cap'n Proto messages into frames and back. The only place where
// malformed bytes meet Cap'n Proto: everything it throws becomes an error.
//
// Include this from sources of codec/ only: generated types never leave it.
#pragma once

#include "core/frame.hpp"
#include "core/result.hpp"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::codec {

inline constexpr int nesting_limit = 24;

/// Copies what was built into one frame. Precondition: the message has a root.
frame to_frame(capnp::MessageBuilder& message);

/// Options for a message of `size` bytes. Each pointer may be followed a few
/// times, but a message cannot make us read more than a multiple of its size.
capnp::ReaderOptions reader_options(std::size_t size);

/// The words of a message. Precondition: aligned, a multiple of a word.
kj::ArrayPtr<const capnp::word> words_of(const void* data, std::size_t size);

/// Whether `size` bytes at `data` can be read in place.
inline bool readable_in_place(const void* data, std::size_t size) {
  return size >= sizeof(capnp::word) && size % sizeof(capnp::word) == 0
         && reinterpret_cast<std::uintptr_t>(data) % sizeof(capnp::word) == 0;
}

/// Whether `count` structs of `words` words each can lie in `bytes` bytes.
/// Lists may claim elements that take no room: what is read of one costs us
/// more than it did its sender. Checked before memory is taken for each
/// element.
constexpr bool can_hold(std::size_t bytes, std::size_t count,
                        std::size_t words) {
  return count <= bytes / (words * sizeof(capnp::word));
}

/// A copy of `from` that can be read in place; empty if it is not whole words.
frame aligned_copy(std::string_view from);

/// Reads the message in [data, data + size) with `read`, a function from its
/// root to a result. `what` names the message in errors.
template <class Root, class Read>
auto decode_as(const char* what, const void* data, std::size_t size, Read read)
  -> decltype(read(std::declval<typename Root::Reader>())) {
  if (!readable_in_place(data, size))
    return error{errc::malformed, std::string{what} + ": not whole words"};
  try {
    capnp::FlatArrayMessageReader reader{words_of(data, size),
                                         reader_options(size)};
    return read(reader.getRoot<Root>());
  } catch (const kj::Exception& e) {
    return error{errc::malformed,
                 std::string{what} + ": " + e.getDescription().cStr()};
  }
}

} // namespace cohort::codec
