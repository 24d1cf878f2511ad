// Predicting populations with a learned energy.
//
//     current (explicit)   x' = x - tau grad F(x)  + sqrt(2 beta tau) xi
//     next (implicit)      x' = x - tau grad F(x') + sqrt(2 beta tau) xi,  by damped fixed-point iteration
//
// F = V + W * rho; where the iteration does not converge for a particle, it takes the explicit step and is
// counted.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "weir/energies/FreeEnergy.hpp"
#include "weir/energies/LearnedEnergy.hpp"
#include "weir/input/RunOptions.hpp"
#include "weir/methods/Populations.hpp"
#include "weir/output/Piecewise.hpp"

namespace weir {

struct PredictionOptions {
  bool roll_out = false;  ///< from the first population through all times; else one step from each
  bool implicit = false;
  /// Populations that were left out of training: a roll-out passes from one that was not to the next, and
  /// reaches these in between by shorter steps from there.
  std::vector<Index> left_out = {};

  /// The population that the prediction of population k + 1 starts from.
  Index start(Index k) const;
  /// Its particles: in a roll-out those predicted before, but for the first population.
  const Ensemble& particles_at_start(Index k, const std::vector<Ensemble>& predicted,
                                     const std::vector<Ensemble>& observed) const;
};

struct Predictions {
  std::vector<Ensemble> populations;     ///< element k: the prediction of population k + 1
  std::vector<Matrix<Real>> velocities;  ///< element k: -grad F where that prediction started
  Real unconverged = 0;                  ///< share of implicit steps that did not converge
  /// Element k: displacement interpolation at the time of population k, where it was left out of training.
  std::vector<std::optional<Ensemble>> interpolated;
};

/// From `observed` (usually the test populations); a piece is the prediction of one population, or some
/// sweeps of its fixed point. Collective.
class Prediction : public Piecewise {
 public:
  /// What is given by reference outlives the object.
  Prediction(const PredictionOptions& options, const LearnedEnergy& energy, const std::vector<Real>& times,
             const std::vector<Ensemble>& observed, const RunOptions& run);
  ~Prediction() override;

  bool all_done() const override;
  void advance() override;
  void save(Hdf5File& file) const override;
  void restore(const Hdf5File& file) override;
  /// Of what is done; nothing is interpolated.
  Predictions result() const;

  class PopulationStep;  // public for nvcc, as it has kernels

 private:
  const Ensemble& start(Index k) const {
    return options_.particles_at_start(k, predictions_.populations, observed_);
  }
  std::unique_ptr<PopulationStep> next_step() const;

  const PredictionOptions& options_;
  const LearnedEnergy& learned_;
  const std::vector<Real>& times_;
  const std::vector<Ensemble>& observed_;
  RunOptions run_;
  Predictions predictions_;
  Index unconverged_ = 0;
  std::unique_ptr<PopulationStep> step_;  // of the next population, where it is under way
};

}  // namespace weir
