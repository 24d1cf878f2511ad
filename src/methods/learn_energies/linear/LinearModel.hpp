// JKOnet* in closed form: energies linear in their parameters, from coupled populations, by one least-squares
// solve.
//
//     min over theta of  sum_k E_k | tau_k [ grad V_theta(z) + E_z' grad W_theta(z - z') + beta grad log
//     rho(z) ] + y - x |^2 + ridge
//
// where (x, y) is coupled between populations k and k + 1, and z is y (`next`: the condition of the JKO
// scheme) or x
// (`current`: explicit Euler steps). Only E[y - x | z] enters, so a coupling is kept as that.
// Source: Terpin, Lanzetti, Gadea, Doerfler, NeurIPS 2024 (arXiv 2406.12616), sections 3.2 and 3.3.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "methods/populations/CoupledEnsemble.hpp"
#include "methods/populations/Populations.hpp"
#include "weir/energies/FeatureBasis.hpp"
#include "weir/energies/LearnedEnergy.hpp"
#include "weir/input/RunOptions.hpp"
#include "weir/output/Piecewise.hpp"

namespace weir {

struct LinearModelOptions {
  static constexpr const char* key = "linear";
  static constexpr const char* doc = "energies linear in their parameters, by one least-squares solve";
  bool potential = true, interaction = false, entropy = false;
  bool time = false;
  std::string features_at = "next";
  Real ridge = 0.01;
  FeatureOptions features;
  std::string where;
};
void describe(Section& section, LinearModelOptions& options);
/// Throws InputError: too many dimensions or unknowns. Not collective.
void check_linear_model(const LinearModelOptions& options, Index dimension);

struct LinearFit {
  LearnedEnergy energy;
  Index unknowns = 0, rank = 0;  ///< of the least-determined solve
  Real condition = 0;            ///< of the worst solve
  Real loss = 0;                 ///< sum over transitions of the mean squared left side
  std::vector<std::string> null_directions;
};

/// The fit; a piece is what a transition adds to the sum. Collective.
class LinearRegression : public Piecewise {
 public:
  /// Throws InputError (too many features). `transitions` outlives the object.
  LinearRegression(const LinearModelOptions& options, const std::vector<Real>& times,
                   const std::vector<Transition>& transitions, const Communicator& comm,
                   const RunOptions& run);
  ~LinearRegression() override;

  bool all_done() const override;
  /// Throws RunError (singular).
  void advance() override;
  void save(Hdf5File& file) const override;
  void restore(const Hdf5File& file) override;
  /// Once everything is done.
  LinearFit result() const;

 private:
  class Solver;
  std::unique_ptr<Solver> solver_;
};

/// Collective: all of it at once.
LinearFit fit_linear_model(const LinearModelOptions& options, const std::vector<Real>& times,
                           const std::vector<Transition>& transitions, const Communicator& comm,
                           const RunOptions& run);

}  // namespace weir
