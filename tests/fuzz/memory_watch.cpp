#include "fuzz/memory_watch.hpp"

#include <atomic>
#include <cstddef>

#if defined(__has_feature)
#  if __has_feature(address_sanitizer)
#    define COHORT_ALLOCATOR_HAS_HOOKS
#  endif
#endif
#ifdef __SANITIZE_ADDRESS__
#  define COHORT_ALLOCATOR_HAS_HOOKS
#endif

#ifdef COHORT_ALLOCATOR_HAS_HOOKS
#  if __has_include(<sanitizer/allocator_interface.h>)
#    include <sanitizer/allocator_interface.h>
#  else // GCC has the functions only
extern "C" int __sanitizer_install_malloc_and_free_hooks(
  void (*allocated)(const volatile void*, std::size_t),
  void (*freed)(const volatile void*));
extern "C" std::size_t __sanitizer_get_allocated_size(const volatile void* at);
#  endif
#else
#  include <malloc.h>

#  include <cstdlib>
#  include <new>
#endif

namespace cohort::fuzz {

namespace {

std::atomic<bool> watching{false};
/// Below 0: more was freed than allocated.
std::atomic<std::ptrdiff_t> now{0};
std::atomic<std::ptrdiff_t> most{0};

void count(std::ptrdiff_t bytes) {
  if (!watching.load(std::memory_order_relaxed))
    return;
  const auto after = now.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  if (after > most.load(std::memory_order_relaxed))
    most.store(after, std::memory_order_relaxed);
}

} // namespace

#ifdef COHORT_ALLOCATOR_HAS_HOOKS

namespace {

void allocated(const volatile void*, std::size_t size) {
  count(static_cast<std::ptrdiff_t>(size));
}

void freed(const volatile void* at) {
  if (at)
    count(-static_cast<std::ptrdiff_t>(
      __sanitizer_get_allocated_size(const_cast<const void*>(at))));
}

const bool hooked = __sanitizer_install_malloc_and_free_hooks(allocated, freed)
                    != 0;

} // namespace

#endif

memory_watch::memory_watch() {
  now = 0;
  most = 0;
  watching = true;
}

memory_watch::~memory_watch() {
  watching = false;
}

std::size_t memory_watch::peak() const {
  return static_cast<std::size_t>(most.load());
}

} // namespace cohort::fuzz

#ifndef COHORT_ALLOCATOR_HAS_HOOKS

// All other forms of these call them. What C code allocates is not seen.
void* operator new(std::size_t size) {
  auto* result = std::malloc(size == 0 ? 1 : size);
  if (!result)
    throw std::bad_alloc{};
  cohort::fuzz::count(static_cast<std::ptrdiff_t>(malloc_usable_size(result)));
  return result;
}

void operator delete(void* at) noexcept {
  if (at)
    cohort::fuzz::count(-static_cast<std::ptrdiff_t>(malloc_usable_size(at)));
  std::free(at);
}

void operator delete(void* at, std::size_t) noexcept {
  operator delete(at);
}

#endif
