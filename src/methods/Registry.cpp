#include "methods/latent_diffusion/LatentDiffusion.hpp"
#include "methods/latent_ebm/LatentEbm.hpp"
#include "methods/learn_energies/LearnEnergies.hpp"
#include "methods/schroedinger_bridge/SchroedingerBridge.hpp"
#include "methods/simulate/Simulate.hpp"
#include "weir/methods/Method.hpp"

namespace weir {

std::vector<std::unique_ptr<Method>> all_methods() {
  std::vector<std::unique_ptr<Method>> methods;
  methods.push_back(std::make_unique<Simulate>());
  methods.push_back(std::make_unique<LearnEnergies>());
  methods.push_back(std::make_unique<LatentEbm>());
  methods.push_back(std::make_unique<LatentDiffusion>());
  methods.push_back(std::make_unique<SchroedingerBridge>());
  return methods;
}

}  // namespace weir
