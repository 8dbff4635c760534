// What a fuzz target is: a function that is given any bytes, passes them to a
// decoder, and looks at what comes out. One source per target; each is linked
// with libFuzzer (preset `fuzz`), and all of them into the test `fuzz_corpus`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace cohort::fuzz {

/// A decoder did not keep what it promises. What is thrown by anything else
/// ends a run likewise.
class promise_broken : public std::logic_error {
public:
  using std::logic_error::logic_error;
};

/// `promise` says what must hold.
inline void expect(bool kept, const char* promise) {
  if (!kept)
    throw promise_broken{promise};
}

/// Returns whether the input was understood, that is: not refused.
using target_function = bool (*)(std::string_view input);

struct target {
  const char* name = nullptr; ///< also that of its folder in corpus/
  target_function run = nullptr;
};

/// All targets of this program.
inline std::vector<target>& targets() {
  static std::vector<target> all;
  return all;
}

inline bool add_target(const char* name, target_function run) {
  targets().push_back({name, run});
  return true;
}

} // namespace cohort::fuzz

#ifdef COHORT_LIBFUZZER

#  define COHORT_FUZZ_TARGET(name) \
    static bool name##_target(std::string_view input); \
    extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, \
                                          std::size_t size) { \
      name##_target({reinterpret_cast<const char*>(data), size}); \
      return 0; \
    } \
    static bool name##_target(std::string_view input)

#else

/// Begins the definition of a target, whose argument is called `input`. Once
/// per source, in a namespace of its own.
#  define COHORT_FUZZ_TARGET(name) \
    static bool name##_target(std::string_view input); \
    [[maybe_unused]] static const bool name##_added = \
      ::cohort::fuzz::add_target(#name, name##_target); \
    static bool name##_target(std::string_view input)

#endif
