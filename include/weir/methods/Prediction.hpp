// Predicting populations with a learned energy, and how far the predictions are from what was observed.
//
//     current (explicit)   x' = x - tau grad F(x)  + sqrt(2 beta tau) xi
//     next (implicit)      x' = x - tau grad F(x') + sqrt(2 beta tau) xi,  by damped fixed-point iteration
//
// F = V + W * rho; where the iteration does not converge for a particle, it takes the explicit step and is
// counted.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "weir/base/MetricsTable.hpp"
#include "weir/energies/FreeEnergy.hpp"
#include "weir/energies/LearnedEnergy.hpp"
#include "weir/input/RunOptions.hpp"
#include "weir/methods/Populations.hpp"

namespace weir {

struct PredictionOptions {
  bool roll_out = false;  ///< from the first population through all times; else one step from each
  bool implicit = false;
  /// Populations that were left out of training: a roll-out passes from one that was not to the next, and
  /// reaches these in between by shorter steps from there.
  std::vector<Index> left_out = {};

  /// The population that the prediction of population k + 1 starts from.
  Index start(Index k) const;
};

struct Predictions {
  std::vector<Ensemble> populations;     ///< element k: the prediction of population k + 1
  std::vector<Matrix<Real>> velocities;  ///< element k: -grad F where that prediction started
  Real unconverged = 0;                  ///< share of implicit steps that did not converge
  /// Element k: displacement interpolation at the time of population k, where it was left out of training.
  std::vector<std::optional<Ensemble>> interpolated;
};

/// Collective: from `observed` (usually the test populations).
Predictions predict(const PredictionOptions& options, const LearnedEnergy& energy,
                    const std::vector<Real>& times, const std::vector<Ensemble>& observed,
                    const RunOptions& run);

struct PredictionMetricsOptions {
  std::vector<std::string> report{"w1", "w2"};
  Index points = 2000;
};
void describe(Section& section, PredictionMetricsOptions& options);

/// Collective: every metric per step as <name>/<k> and its mean as <name>, the references w1_identity and
/// w1_floor beside; where populations were left out, their mean as <name>_left_out and the distances of
/// displacement interpolation (no learning) as <name>_interpolation. `truth`: the true energy, for l2_uvp;
/// null where it is not known.
Metrics prediction_metrics(const PredictionMetricsOptions& options, const PredictionOptions& prediction,
                           const Predictions& predictions, const Populations& populations,
                           const std::vector<Ensemble>& observed, const EnergyOptions* truth,
                           const RunOptions& run);

}  // namespace weir
