// Predicted populations: what a model of a population's evolution leaves to be measured.
#pragma once

#include <optional>
#include <vector>

#include "weir/ensemble/Ensemble.hpp"

namespace weir {

struct PredictionOptions {
  bool roll_out = false;  ///< from the first population through all times; else one step from each
  bool implicit = false;
  /// Populations that were left out of training: a roll-out passes from one that was not to the next, and
  /// reaches these in between by shorter steps from there.
  std::vector<Index> left_out = {};

  /// Equal steps from population k to k + 1, of Heun's method or explicit; empty: one explicit step.
  struct Steps {
    Real step;  ///< about; an interval has a whole number
    bool heun = false;
  };
  std::optional<Steps> steps = {};

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

}  // namespace weir
