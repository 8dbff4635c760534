#include "storage/log_tail.hpp"

#include "core/check.hpp"
#include "core/mutant.hpp"

#include <utility>

namespace cohort::storage {

log_tail::log_tail(const numbers& x) : numbers_(x), durable_(x.last) {
  // nop
}

void log_tail::resume(std::unique_ptr<file> segment, std::uint64_t life,
                      std::uint32_t page, std::uint32_t pages) {
  COHORT_CHECK(page <= pages);
  segment_ = std::move(segment);
  life_ = life;
  page_ = page;
  pages_ = pages;
}

result<void> log_tail::begin_segment(std::unique_ptr<file> segment,
                                     std::uint32_t pages, block_builder& body) {
  COHORT_CHECK(numbers_.last == durable_);
  const auto life = ++numbers_.life;
  if (numbers_.oldest_life == 0)
    numbers_.oldest_life = life;
  auto written = write_to(*segment, life, 0, body,
                          {.kind = block_kind::opening});
  if (!written)
    return written.err();
  resume(std::move(segment), life, written->pages, pages);
  return {};
}

result<block_header> log_tail::write(block_builder& body, const traits& x) {
  COHORT_CHECK(segment_ && pages_for_body(body.body_bytes()) <= room());
  auto written = write_to(*segment_, life_, page_, body, x);
  if (written)
    page_ += written->pages;
  return written;
}

result<block_header> log_tail::write_to(file& segment, std::uint64_t life,
                                        std::uint32_t page, block_builder& body,
                                        const traits& x) {
  block_header header;
  header.kind = x.kind;
  header.continues = x.continues;
  header.continued = x.continued;
  header.first_page = page;
  header.life = life;
  header.number = ++numbers_.block;
  header.previous = numbers_.last;
  header.synced_before = mutated(mutant::unsynced_is_covered) ? numbers_.last
                                                              : durable_;
  header.boot_counter = numbers_.boot_counter;
  header.oldest_life = numbers_.oldest_life;
  const auto pages = body.finish(header);
  const auto offset = std::uint64_t{page} * page_bytes;
  if (auto written = segment.write_at(offset, pages); !written)
    return written.err();
  numbers_.last = header.number;
  written_oldest_ = header.oldest_life;
  bytes_written_ += pages.size();
  last_kind_ = x.kind;
  return header;
}

result<void> log_tail::sync() {
  if (durable_ == numbers_.last)
    return {};
  if (!segment_->durable_writes() && !mutated(mutant::log_is_not_synced))
    if (auto synced = segment_->sync(); !synced)
      return synced;
  durable_ = numbers_.last;
  durable_oldest_ = written_oldest_;
  return {};
}

} // namespace cohort::storage
