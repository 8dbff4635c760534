// Machines that break one promise each, and what is said about them.
#include "testkit/machine_contract.hpp"

#include "machine/simple_machine.hpp"

#include <boost/test/unit_test.hpp>

#include <charconv>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace cohort;
using namespace cohort::testkit;

namespace {

/// Keeps a word for each letter. Commands: a letter and the word; questions: a
/// letter.
class words : public machine::simple_machine {
public:
  using machine::simple_machine::apply;
  using machine::simple_machine::query;

  std::string apply(const machine::apply_context&,
                    std::string_view command) override {
    auto& word = words_[command.empty() ? ' ' : command[0]];
    auto before = word;
    word = command;
    return before;
  }

  std::string query(std::string_view question) const override {
    const auto at = words_.find(question.empty() ? ' ' : question[0]);
    return at == words_.end() ? "" : at->second;
  }

  std::string save() const override {
    std::string result;
    for (const auto& [letter, word] : words_)
      result += letter + std::to_string(word.size()) + ':' + word;
    return result;
  }

  result<void> load(std::string_view saved) override {
    auto loaded = parse(saved);
    if (!loaded)
      return loaded.err();
    words_ = std::move(*loaded);
    return {};
  }

protected:
  using map = std::map<char, std::string>;

  static result<map> parse(std::string_view saved) {
    map result;
    while (!saved.empty()) {
      std::size_t size = 0;
      const auto* const end = saved.data() + saved.size();
      const auto read = std::from_chars(saved.data() + 1, end, size);
      const auto rest = static_cast<std::size_t>(end - read.ptr);
      if (read.ec != std::errc{} || rest < size + 1)
        return error{errc::corrupt, "a word is cut"};
      result[saved[0]] = std::string{read.ptr + 1, size};
      saved = {read.ptr + 1 + size, rest - size - 1};
    }
    return result;
  }

  mutable map words_;
};

template <class Machine>
std::optional<broken_contract> check(std::vector<std::string> saved = {}) {
  machine_contract x;
  x.make = [] { return std::make_unique<Machine>(); };
  x.command = [](rng& random) {
    std::string text(random.below(6), 'x');
    for (auto& c : text)
      c = static_cast<char>('a' + random.below(3));
    return text;
  };
  x.question = [](rng& random) {
    return std::string(1, static_cast<char>('a' + random.below(3)));
  };
  x.saved_before = std::move(saved);
  return check_contract(x);
}

void must_break(const std::optional<broken_contract>& x, const char* rule,
                std::size_t commands_max) {
  BOOST_REQUIRE(x);
  BOOST_TEST_CONTEXT(to_string(*x)) {
    BOOST_TEST(x->rule.starts_with(rule));
    BOOST_TEST(x->commands.size() <= commands_max);
    BOOST_TEST(x->what != "not again");
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(machine_contract_suite)

BOOST_AUTO_TEST_CASE(a_good_machine_keeps_it) {
  const auto broken = check<words>({"", "a3:abcb1:b"});
  BOOST_TEST(!broken, (broken ? to_string(*broken) : ""));
}

BOOST_AUTO_TEST_CASE(what_is_not_in_the_state_must_not_decide) {
  struct counts_all : words {
    std::string apply(const machine::apply_context&,
                      std::string_view command) override {
      static int calls = 0; // of all replicas in this process
      return std::string{command} + std::to_string(++calls);
    }
  };
  must_break(check<counts_all>(), "the same commands", 1);
}

BOOST_AUTO_TEST_CASE(a_snapshot_must_hold_everything) {
  struct forgets_short_words : words {
    std::string save() const override {
      std::string result;
      for (const auto& [letter, word] : words_)
        if (word.size() > 1)
          result += letter + std::to_string(word.size()) + ':' + word;
      return result;
    }
  };
  must_break(check<forgets_short_words>(), "a snapshot", 2);
}

BOOST_AUTO_TEST_CASE(a_restore_must_replace_what_was_there) {
  struct merges : words {
    result<void> load(std::string_view saved) override {
      auto loaded = parse(saved);
      if (!loaded)
        return loaded.err();
      for (auto& [letter, word] : *loaded)
        words_[letter] = std::move(word);
      return {};
    }
  };
  must_break(check<merges>(), "a snapshot", 3);
}

BOOST_AUTO_TEST_CASE(a_snapshot_must_not_follow_the_state) {
  struct live : words {
    struct source : machine::snapshot_source {
      explicit source(const live& of) : of_(of) {}
      bool next(std::string& chunk, std::size_t) override {
        const auto now = of_.save();
        if (at_ < now.size())
          chunk += now[at_++];
        return at_ < now.size();
      }
      const live& of_;
      std::size_t at_ = 0;
    };
    std::unique_ptr<machine::snapshot_source> begin_snapshot() override {
      return std::make_unique<source>(*this);
    }
  };
  must_break(check<live>(), "a snapshot", 4);
}

BOOST_AUTO_TEST_CASE(a_refused_restore_must_leave_the_old_state) {
  struct clears_first : words {
    result<void> load(std::string_view saved) override {
      words_.clear();
      return words::load(saved);
    }
  };
  must_break(check<clears_first>(), "a restore that fails", 4);
}

BOOST_AUTO_TEST_CASE(questions_must_not_change_the_state) {
  struct remembers_questions : words {
    std::string query(std::string_view question) const override {
      return words_['?'] += question;
    }
  };
  must_break(check<remembers_questions>(), "questions", 1);
}

BOOST_AUTO_TEST_CASE(each_command_must_have_its_reply) {
  struct says_nothing_twice : words {
    using machine::simple_machine::apply;
    void apply(const machine::apply_context& context, const bytes& batch,
               std::uint32_t first, std::uint32_t last,
               machine::reply_list& replies) override {
      simple_machine::apply(context, batch, first, first + 1, replies);
      static_cast<void>(last);
    }
  };
  const auto broken = check<says_nothing_twice>();
  BOOST_REQUIRE(broken);
  BOOST_TEST(broken->commands.size() <= 2u);
}

BOOST_AUTO_TEST_CASE(nothing_may_throw) {
  struct throws : words {
    std::string apply(const machine::apply_context& context,
                      std::string_view command) override {
      if (command == "abc")
        throw std::runtime_error{"abc is too much"};
      return words::apply(context, command);
    }
  };
  const auto broken = check<throws>();
  BOOST_REQUIRE(broken);
  BOOST_TEST(broken->commands == std::vector<std::string>{"abc"});
  BOOST_TEST(broken->what == "it throws: abc is too much");
}

BOOST_AUTO_TEST_CASE(what_was_saved_under_a_version_must_stay_readable) {
  must_break(check<words>({"a9:abc"}), "a version", 0);
  must_break(check<words>({"b1:ba1:a"}), "a version", 0);
}

BOOST_AUTO_TEST_SUITE_END()
