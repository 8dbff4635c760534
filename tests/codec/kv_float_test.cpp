#include "codec/kv_float.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

using namespace cohort;

BOOST_AUTO_TEST_SUITE(kv_float_suite)

BOOST_AUTO_TEST_CASE(numbers_are_read_whole_or_not_at_all) {
  BOOST_TEST((kv::float_of("+1.5") == 1.5L));
  BOOST_TEST((kv::float_of("-1e3") == -1000.0L));
  BOOST_TEST(std::isinf(kv::float_of("inf").value()));
  for (const auto* text : {"", "+", "++1", "+-1", " 1", "1 ", "1e", "x"})
    BOOST_TEST(!kv::float_of(text), text);
}

/// Without anything behind it that could be read: the sanitizer would see it.
BOOST_AUTO_TEST_CASE(nothing_behind_a_word_is_read) {
  for (const std::string_view text : {"nan", "-nan", "nan(", "NaN(1)", "inf"}) {
    const std::vector<char> alone(text.begin(), text.end());
    const auto number = kv::float_of({alone.data(), alone.size()});
    BOOST_TEST(number.has_value() == (text == "inf"), text);
  }
}

BOOST_AUTO_TEST_CASE(T1_a_longer_text_than_redis_takes_is_refused) {
  BOOST_TEST((kv::float_of(std::string(5 * 1024, '0')).has_value()));
  BOOST_TEST(!kv::float_of(std::string(5 * 1024 + 1, '0')));
}

BOOST_AUTO_TEST_CASE(what_is_printed_is_fixed_and_short) {
  BOOST_TEST(kv::float_text(1000) == "1000");
  BOOST_TEST(kv::float_text(-0.0L) == "0");
  BOOST_TEST(kv::float_text(0.5L) == "0.5");
}

BOOST_AUTO_TEST_SUITE_END()
