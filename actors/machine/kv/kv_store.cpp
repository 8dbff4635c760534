#include "machine/kv/kv_store.hpp"

#include "core/check.hpp"

namespace cohort::kv {

void kv_store::begin_flush(index_t, term_t, std::string,
                           std::function<void(result<void>)>) {
  constexpr bool store_is_persistent = false;
  COHORT_CHECK(store_is_persistent);
}

} // namespace cohort::kv
