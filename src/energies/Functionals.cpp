#include "weir/energies/Functionals.hpp"

namespace weir::functionals {

std::vector<std::string> names() {
  return std::apply(
      [](auto... functional) { return std::vector<std::string>{decltype(functional)::name...}; }, All());
}

}  // namespace weir::functionals
