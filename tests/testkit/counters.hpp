// A machine for tests of whole clusters: named counters.
#pragma once

#include "machine/simple_machine.hpp"
#include "runtime/node.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <sstream>
#include <string>

namespace cohort::test {

/// A command names a counter, which is incremented; a question names one, too.
/// Both are answered with its value.
class counters : public machine::simple_machine {
public:
  using machine::simple_machine::apply;
  using machine::simple_machine::query;

  std::string apply(const machine::apply_context&,
                    std::string_view command) override {
    return std::to_string(++values_[std::string{command}]);
  }

  std::string query(std::string_view question) const override {
    const auto at = values_.find(std::string{question});
    return std::to_string(at == values_.end() ? 0 : at->second);
  }

  std::string save() const override {
    std::ostringstream out;
    for (const auto& [name, value] : values_)
      out << name << ' ' << value << '\n';
    return out.str();
  }

  result<void> load(std::string_view saved) override {
    values_.clear();
    std::istringstream in{std::string{saved}};
    std::string name;
    std::uint64_t value = 0;
    while (in >> name >> value)
      values_[name] = value;
    return {};
  }

private:
  std::map<std::string, std::uint64_t> values_;
};

inline runtime::machine_factory make_counters() {
  return [](const runtime::machine_request&)
           -> result<std::unique_ptr<machine::state_machine>> {
    return std::unique_ptr<machine::state_machine>{
      std::make_unique<counters>()};
  };
}

} // namespace cohort::test
