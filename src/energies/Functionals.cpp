#include "weir/energies/Functionals.hpp"

namespace weir::functionals {

std::vector<std::string> names() {
  return std::apply(
      [](auto... functional) { return std::vector<std::string>{decltype(functional)::name...}; }, All());
}

std::optional<Powers> powers_of(const std::string& name) {
  std::optional<Powers> powers;
  with_name(name, [&](auto functional) {
    using Functional = decltype(functional);
    if constexpr (has_powers<Functional>) powers = Functional::powers;
  });
  return powers;
}

}  // namespace weir::functionals
