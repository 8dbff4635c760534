#include "storage/log_recovery.hpp"

#include "core/check.hpp"
#include "storage/aligned_buffer.hpp"
#include "storage/log_replay.hpp"
#include "storage/segment_pool.hpp"
#include "storage/segment_scan.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

namespace cohort::storage {

namespace {

/// What stands for a page that cannot be read: no checksum matches it.
constexpr std::byte unreadable{0xff};

constexpr const char* remedy =
  "; nothing was changed. Admit the node anew (it then keeps what is intact "
  "and gets the rest from its peers), or restore the file";

/// Reads segment files whole, into one buffer.
class segment_loader {
public:
  segment_loader(file_system& files, std::string directory)
    : files_(files),
      directory_(std::move(directory)) {}

  /// Valid until the next call. A part of a page at the end is left out.
  result<std::span<const std::byte>> load(const std::string& name) {
    auto opened = files_.open(join(directory_, name), {.direct = true});
    if (!opened)
      return opened.err();
    auto size = (*opened)->size();
    if (!size)
      return size.err();
    const auto whole =
      static_cast<std::size_t>(*size / page_bytes * page_bytes);
    buffer_.reserve(whole);
    const auto image = buffer_.span().first(whole);
    const auto read = (*opened)->read_at(0, image);
    if (!read || *read != whole)
      read_page_by_page(**opened, image);
    return std::span<const std::byte>{image};
  }

private:
  static void read_page_by_page(const file& from, std::span<std::byte> image) {
    for (std::size_t at = 0; at < image.size(); at += page_bytes) {
      const auto page = image.subspan(at, page_bytes);
      const auto read = from.read_at(at, page);
      if (!read || *read != page_bytes)
        std::fill(page.begin(), page.end(), unreadable);
    }
  }

  file_system& files_;
  std::string directory_;
  aligned_buffer buffer_;
};

class log_recoverer {
public:
  log_recoverer(file_system& files, const std::string& directory,
                const codec::log_owner& owner, recovery_mode mode)
    : files_(files),
      directory_(directory),
      mode_(mode),
      loader_(files, directory),
      replay_(owner) {}

  result<recovered_log> run(bool must_exist) {
    if (auto done = scan_files(); !done)
      return done.err();
    out_.chain = follow_chain(scans_);
    if (auto done = judge(must_exist); !done)
      return done.err();
    if (auto done = replay(); !done)
      return done.err();
    sort_files();
    out_.index = replay_.take_index();
    return std::move(out_);
  }

private:
  result<void> scan_files() {
    auto names = files_.list(directory_);
    if (!names)
      return names.err();
    for (const auto& name : *names) {
      const auto number = segment_number(name);
      if (!number) {
        if (name.starts_with(segment_pool::staging_prefix))
          out_.leftovers.push_back(name);
        continue;
      }
      out_.next_file_number = std::max(out_.next_file_number, *number + 1);
      auto image = loader_.load(name);
      if (!image)
        return image.err();
      scans_.push_back(scan_segment(name, *image));
      if (scans_.back().unsupported)
        return *scans_.back().unsupported;
    }
    return {};
  }

  error corrupt(const std::string& what) const {
    const auto& chain = out_.chain;
    if (scans_.empty())
      return {errc::corrupt, directory_ + ": " + what + remedy};
    return {errc::corrupt,
            join(directory_, scans_[chain.end_segment].name) + " at byte "
              + std::to_string(std::uint64_t{chain.end_page} * page_bytes)
              + ": " + what + remedy};
  }

  result<void> judge(bool must_exist) {
    if (mode_ == recovery_mode::salvage)
      return {};
    if (out_.chain.verdict == tail_verdict::corrupt)
      return corrupt(out_.chain.reason);
    if (must_exist && out_.chain.empty())
      return corrupt("the log is gone, but this node had created one");
    return {};
  }

  /// Reads the segments of the chain a second time, one after the other.
  result<void> replay() {
    const auto& links = out_.chain.links;
    std::optional<std::size_t> loaded;
    std::span<const std::byte> image;
    for (const auto& link : links) {
      const auto& scan = scans_[link.segment];
      if (loaded != link.segment) {
        auto read = loader_.load(scan.name);
        if (!read)
          return read.err();
        image = *read;
        loaded = link.segment;
      }
      const auto& header = scan.blocks[link.block].header;
      const auto offset = std::size_t{header.first_page} * page_bytes;
      const auto size = std::size_t{header.pages} * page_bytes;
      if (auto added = replay_.add(header, image.subspan(offset, size)); !added)
        return located(added.err(), scan.name, offset);
      out_.last_block = header.number;
    }
    auto cuts = replay_.finish(mode_ == recovery_mode::salvage);
    if (!cuts)
      return corrupt(cuts.err().message);
    out_.cuts = std::move(*cuts);
    out_.sets = replay_.states();
    out_.head = replay_.head();
    return {};
  }

  error located(const error& what, const std::string& name,
                std::size_t offset) const {
    const bool blames_bytes = what.code == errc::malformed
                              || what.code == errc::too_large
                              || what.code == errc::invalid;
    const auto code = blames_bytes ? errc::corrupt : what.code;
    return {code, join(directory_, name) + " at byte " + std::to_string(offset)
                    + ": " + what.message
                    + (code == errc::corrupt ? remedy : "")};
  }

  /// Says of each file what it is.
  void sort_files() {
    std::vector<bool> in_chain(scans_.size(), false);
    for (const auto& link : out_.chain.links) {
      if (!in_chain[link.segment])
        out_.segments.push_back(file_of(scans_[link.segment]));
      in_chain[link.segment] = true;
    }
    const bool doubt = out_.chain.verdict == tail_verdict::ambiguous
                       || out_.chain.verdict == tail_verdict::corrupt;
    for (std::size_t i = 0; i < scans_.size(); ++i) {
      if (in_chain[i])
        continue;
      const auto& scan = scans_[i];
      const bool kept =
        doubt
        && (scan.head_damaged(0)
            || (scan.life >= out_.chain.oldest_life && scan.life > 0));
      if (kept)
        out_.evidence.push_back(file_of(scan));
      else if (!scan.damaged_heads.empty()) // evidence, once it is in use
        out_.leftovers.push_back(scan.name);
      else
        out_.spares.push_back(file_of(scan));
    }
  }

  static log_file file_of(const segment_scan& scan) {
    return {scan.name, scan.life, std::uint64_t{scan.pages} * page_bytes};
  }

  file_system& files_;
  std::string directory_;
  recovery_mode mode_;
  segment_loader loader_;
  log_replay replay_;
  std::vector<segment_scan> scans_;
  recovered_log out_;
};

} // namespace

result<recovered_log> recover_log(file_system& files,
                                  const std::string& directory,
                                  const codec::log_owner& owner,
                                  recovery_mode mode, bool must_exist) {
  return log_recoverer{files, directory, owner, mode}.run(must_exist);
}

} // namespace cohort::storage
