// All fuzz targets without a fuzzer: every file of the corpus, and variants of
// each. The corpus is in tests/fuzz/corpus/<target>/. Files that are called
// regression-* once broke a promise; the others are seeds, which REWRITE=1
// writes anew.
#include "fuzz/fuzz_target.hpp"
#include "fuzz/mutation.hpp"
#include "fuzz/seeds.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

using namespace cohort;
using namespace cohort::fuzz;

namespace {

constexpr std::uint64_t variants_default = 2'000; ///< of each target

std::uint64_t variants() {
  const auto* text = std::getenv("COHORT_FUZZ_VARIANTS");
  return text ? std::strtoull(text, nullptr, 10) : variants_default;
}

struct corpus_file {
  std::string name;
  std::string content;

  bool is_seed() const {
    return !name.starts_with("regression-");
  }
};

std::filesystem::path folder_of(const std::string& target) {
  return std::filesystem::path{COHORT_FUZZ_CORPUS} / target;
}

std::vector<corpus_file> corpus_of(const target& x) {
  std::vector<corpus_file> result;
  if (!std::filesystem::is_directory(folder_of(x.name)))
    return result;
  for (const auto& file :
       std::filesystem::directory_iterator{folder_of(x.name)}) {
    std::ifstream in{file.path(), std::ios::binary};
    result.push_back({file.path().filename().string(),
                      {std::istreambuf_iterator<char>{in}, {}}});
  }
  std::sort(result.begin(), result.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return result;
}

/// Runs one input, which lies alone in memory so that a sanitizer sees what is
/// read beyond it. One that fails is kept in a file of this directory.
bool run(const target& x, std::string_view input) {
  const auto alone = std::make_unique<char[]>(input.size());
  if (!input.empty())
    std::memcpy(alone.get(), input.data(), input.size());
  try {
    return x.run({alone.get(), input.size()});
  } catch (const std::exception& e) {
    const auto kept = std::string{"failed-"} + x.name;
    std::ofstream{kept, std::ios::binary} << input;
    BOOST_ERROR("target " << x.name << ": " << e.what() << "; the input is in "
                          << kept);
    return false;
  }
}

void rewrite() {
  for (const auto& x : targets())
    for (const auto& file : corpus_of(x))
      if (file.is_seed())
        std::filesystem::remove(folder_of(x.name) / file.name);
  for (const auto& x : all_seeds()) {
    std::filesystem::create_directories(folder_of(x.target));
    std::ofstream{folder_of(x.target) / x.name, std::ios::binary} << x.content;
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(fuzz_corpus_suite)

BOOST_AUTO_TEST_CASE(every_target_has_seeds_that_it_understands) {
  if (std::getenv("REWRITE"))
    rewrite();
  BOOST_TEST(targets().size() > 10u);
  for (const auto& x : targets()) {
    std::size_t seeds = 0;
    for (const auto& file : corpus_of(x)) {
      BOOST_TEST_CHECKPOINT(x.name << " " << file.name);
      const bool understood = run(x, file.content);
      seeds += file.is_seed() ? 1 : 0;
      BOOST_TEST((understood || !file.is_seed()),
                 x.name << " refuses " << file.name);
    }
    BOOST_TEST(seeds > 0u, x.name << " has no seeds");
  }
}

/// What any bytes do must not depend on the files that happen to be there.
BOOST_AUTO_TEST_CASE(variants_of_seeds_break_no_promise) {
  for (const auto& x : targets()) {
    const auto corpus = corpus_of(x);
    BOOST_REQUIRE(!corpus.empty());
    rng random{1};
    std::uint64_t understood = 0;
    const auto all = variants();
    for (std::uint64_t i = 0; i < all; ++i) {
      const auto& from = corpus[i % corpus.size()];
      const auto& other = corpus[random.below(corpus.size())];
      BOOST_TEST_CHECKPOINT(x.name << ": variant " << i << " of " << from.name);
      understood += run(x, variant_of(from.content, other.content, random)) ? 1
                                                                            : 0;
    }
    BOOST_TEST_MESSAGE(x.name << ": " << understood << " of " << all
                              << " understood");
    BOOST_TEST((understood > 0 && understood < all),
               x.name << " does not tell good from bad");
  }
}

BOOST_AUTO_TEST_SUITE_END()
