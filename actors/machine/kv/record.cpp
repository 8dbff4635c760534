#include "machine/kv/record.hpp"

#include <cstring>
#include <new>

namespace cohort::kv {

namespace {

/// memcpy of nothing from nowhere is not allowed.
char* put_text(char* to, std::string_view from) {
  if (!from.empty())
    std::memcpy(to, from.data(), from.size());
  return to + from.size();
}

} // namespace

record_ref::record_ref(std::string_view key, const item& x) {
  void* memory = ::operator new(sizeof(head) + key.size() + x.value.size());
  to_ = new (memory)
    head{x.expires_ms, x.changed, static_cast<std::uint32_t>(key.size()),
         static_cast<std::uint32_t>(x.value.size()), 1};
  put_text(put_text(reinterpret_cast<char*>(to_ + 1), key), x.value);
}

void record_ref::destroy() {
  ::operator delete(to_);
}

} // namespace cohort::kv
