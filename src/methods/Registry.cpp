#include "weir/methods/Method.hpp"
#include "weir/methods/Simulate.hpp"

namespace weir {

std::vector<std::unique_ptr<Method>> all_methods() {
  std::vector<std::unique_ptr<Method>> methods;
  methods.push_back(std::make_unique<Simulate>());
  return methods;
}

}  // namespace weir
