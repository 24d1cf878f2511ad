#include "methods/populations/EntropicCouplings.hpp"

#include "weir/base/Error.hpp"

namespace weir {

EntropicCouplings::EntropicCouplings(const CouplingOptions& options, const std::vector<Ensemble>& populations,
                                     CoupledAt at, bool single)
    : CouplingPieces(populations, at, Index(populations.size()) - 1), options_(options), single_(single) {}

void EntropicCouplings::advance(Real) {
  for (std::size_t k = 0; k < known_.size(); ++k) {
    if (known_[k].done != 0) continue;
    couple(k);
    return;
  }
}

void EntropicCouplings::finish() {
  for (std::size_t k = 0; k < known_.size(); ++k) {
    coupled_[k].cost = known_[k].cost;
    coupled_[k].gap = known_[k].gap;
    coupled_[k].marginal_error = known_[k].marginal_error;
    coupled_[k].iterations = Index(known_[k].iterations);
  }
}

void EntropicCouplings::couple(std::size_t k) {
  const Ensemble &x = populations_[k], &y = populations_[k + 1];
  SinkhornProblem problem;
  problem.epsilon = options_.epsilon * mean_squared_distance(x, y);
  problem.tolerance = options_.tolerance;
  problem.max_iterations = options_.max_iterations;
  problem.single = single_;
  const SinkhornResult result = sinkhorn(x, y, problem);
  if (!result.converged)
    throw RunError(
        fmt::format("the coupling of populations {} and {} did not converge: marginal error {:.2g} after "
                    "{} iterations; "
                    "raise {}.max_iterations, epsilon or tolerance",
                    k, k + 1, result.marginal_error, result.iterations, options_.where));
  static_cast<ConditionalDisplacement&>(coupled_[k]) = next_ ? result.at_y : result.at_x;
  known_[k] = {1, result.cost, result.gap, result.marginal_error, Real(result.iterations)};
}

}  // namespace weir
