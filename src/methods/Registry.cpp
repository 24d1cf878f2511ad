#include "weir/methods/LearnEnergies.hpp"
#include "weir/methods/Method.hpp"
#include "weir/methods/Simulate.hpp"

namespace weir {

std::vector<std::unique_ptr<Method>> all_methods() {
  std::vector<std::unique_ptr<Method>> methods;
  methods.push_back(std::make_unique<Simulate>());
  methods.push_back(std::make_unique<LearnEnergies>());
  return methods;
}

}  // namespace weir
