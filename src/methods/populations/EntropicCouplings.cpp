#include "methods/populations/EntropicCouplings.hpp"

#include "weir/base/Error.hpp"

namespace weir {

namespace {

/// Weight of the entropy in a coupling of x and y, in the unit of the cost.
Real epsilon_of(const CouplingOptions& options, const Ensemble& x, const Ensemble& y) {
  return options.epsilon * mean_squared_distance(x, y);
}

std::vector<std::unique_ptr<PartnerLaw>> laws(const CouplingOptions& options,
                                              const std::vector<Ensemble>& populations, bool single,
                                              CouplingKeeps keeps) {
  std::vector<std::unique_ptr<PartnerLaw>> all;
  for (std::size_t k = 0; keeps == CouplingKeeps::partners && k + 1 < populations.size(); ++k)
    all.push_back(std::make_unique<EntropicPartners>(
        populations[k], populations[k + 1], epsilon_of(options, populations[k], populations[k + 1]), single));
  return all;
}

void scale(const Vector<Real>& values, Real factor) {
  Kokkos::parallel_for(
      "Weir::EntropicCouplings::scale", Range(0, Index(values.extent(0))),
      KOKKOS_LAMBDA(Index i) { values(i) *= factor; });
}

}  // namespace

EntropicCouplings::EntropicCouplings(const CouplingOptions& options, const std::vector<Ensemble>& populations,
                                     CoupledAt at, bool single, CouplingKeeps keeps)
    : CouplingPieces(populations, at, Index(populations.size()) - 1,
                     laws(options, populations, single, keeps)),
      options_(options),
      single_(single) {}

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
  problem.epsilon = epsilon_of(options_, x, y);
  if (options_.growth) problem.rho = options_.growth->rho * mean_squared_distance(x, y);
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
  if (options_.growth) {  // of one unit of mass that arrives
    scale(result.at_x.mass, 1 / result.mass);
    scale(result.at_y.mass, 1 / result.mass);
  }
  static_cast<ConditionalDisplacement&>(coupled_[k]) = next_ ? result.at_y : result.at_x;
  if (k < partners_.size()) static_cast<EntropicPartners&>(*partners_[k]).keep(result);
  known_[k] = {1, result.cost / result.mass, result.gap, result.marginal_error, Real(result.iterations)};
}

}  // namespace weir
