#include "transport/frame_assembler.hpp"

#include "core/crc32c.hpp"
#include "core/rng.hpp"

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <string>

using namespace cohort;
using namespace cohort::transport;

namespace {

frame random_frame(rng& random, std::size_t words) {
  frame_buffer buffer{words};
  for (std::size_t i = 0; i < words; ++i)
    buffer.words()[i] = random.next();
  return frame{std::move(buffer)};
}

std::string piece(lane on, const frame& f, std::size_t offset,
                  std::size_t length) {
  piece_header header;
  header.on = on;
  header.first = offset == 0;
  header.last = offset + length == f.size();
  header.length = static_cast<std::uint32_t>(length);
  header.total = static_cast<std::uint32_t>(f.size());
  header.crc = crc32c(f.data() + offset, length);
  const auto encoded = encode(header);
  return std::string{encoded.data(), encoded.size()}
         + std::string{f.data() + offset, length};
}

bool same(const frame& x, const frame& y) {
  return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size()) == 0;
}

result<std::vector<frame>> feed(frame_assembler& to, const std::string& data,
                                std::size_t step) {
  std::vector<frame> result;
  for (std::size_t i = 0; i < data.size(); i += step)
    if (auto fed = to.feed(data.data() + i, std::min(step, data.size() - i),
                           result);
        !fed)
      return fed.err();
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(frame_assembler_suite)

BOOST_AUTO_TEST_CASE(however_the_bytes_are_cut_the_frames_are_the_same) {
  rng random{1};
  std::vector<frame> frames;
  std::string stream;
  for (int i = 0; i < 40; ++i) {
    frames.push_back(random_frame(random, random.between(1, 60)));
    const auto& f = frames.back();
    const auto cut = random.below(f.size() / 8) * 8;
    if (cut > 0)
      stream += piece(lane::data, f, 0, cut);
    stream += piece(lane::data, f, cut, f.size() - cut);
  }
  for (std::size_t step : {1, 2, 3, 7, 23, 24, 25, 100, 1000, 100000}) {
    frame_assembler to;
    to.limit(frame_bytes_max);
    const auto got = feed(to, stream, step);
    BOOST_REQUIRE(got.ok());
    BOOST_REQUIRE_EQUAL(got->size(), frames.size());
    for (std::size_t i = 0; i < frames.size(); ++i)
      BOOST_REQUIRE(same((*got)[i], frames[i]));
  }
}

BOOST_AUTO_TEST_CASE(T2_control_passes_between_the_pieces_of_a_long_frame) {
  rng random{2};
  const auto bulk = random_frame(random, 100);
  const auto vote = random_frame(random, 5);
  const auto stream = piece(lane::data, bulk, 0, 400)
                      + piece(lane::control, vote, 0, vote.size())
                      + piece(lane::data, bulk, 400, 400);
  frame_assembler to;
  const auto got = feed(to, stream, 13);
  BOOST_REQUIRE(got.ok());
  BOOST_REQUIRE_EQUAL(got->size(), 2u);
  BOOST_TEST(same((*got)[0], vote));
  BOOST_TEST(same((*got)[1], bulk));
}

BOOST_AUTO_TEST_CASE(every_flipped_bit_is_noticed) {
  rng random{3};
  const auto f = random_frame(random, 6);
  const auto good = piece(lane::data, f, 0, f.size());
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    auto damaged = good;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    frame_assembler to;
    BOOST_REQUIRE(!feed(to, damaged, damaged.size()).ok());
  }
}

BOOST_AUTO_TEST_CASE(a_length_over_the_limit_allocates_nothing) {
  piece_header header;
  header.first = header.last = true;
  header.length = 1024;
  header.total = frame_bytes_max;
  const auto encoded = encode(header);
  frame_assembler to; // a stranger: hello_bytes_max
  std::vector<frame> out;
  const auto fed = to.feed(encoded.data(), encoded.size(), out);
  BOOST_REQUIRE(!fed.ok());
  BOOST_TEST((fed.err().code == errc::too_large));
}

BOOST_AUTO_TEST_CASE(random_bytes_are_refused_and_never_worse) {
  rng random{4};
  for (int i = 0; i < 2000; ++i) {
    std::string junk(random.between(24, 200), '\0');
    for (auto& c : junk)
      c = static_cast<char>(random.next());
    frame_assembler to;
    std::vector<frame> out;
    BOOST_REQUIRE(!to.feed(junk.data(), junk.size(), out).ok());
  }
}

BOOST_AUTO_TEST_CASE(pieces_out_of_order_are_refused) {
  rng random{5};
  const auto f = random_frame(random, 10);
  const auto first = piece(lane::data, f, 0, 40);
  const auto last = piece(lane::data, f, 40, 40);
  for (const auto& stream : {last, first + first, last + first}) {
    frame_assembler to;
    BOOST_TEST(!feed(to, stream, stream.size()).ok());
  }
}

BOOST_AUTO_TEST_SUITE_END()
