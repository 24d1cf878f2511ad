// Predicting populations with a learned energy, and how far the predictions are from what was observed.
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

#include "weir/base/MetricsTable.hpp"
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

  class Step;  // public for nvcc, as it has kernels

 private:
  /// That the prediction of population k + 1 starts from.
  const Ensemble& start(Index k) const;
  std::unique_ptr<Step> next_step() const;

  const PredictionOptions& options_;
  const LearnedEnergy& learned_;
  const std::vector<Real>& times_;
  const std::vector<Ensemble>& observed_;
  RunOptions run_;
  Predictions predictions_;
  Index unconverged_ = 0;
  std::unique_ptr<Step> step_;  // of the next population, where it is under way
};

struct PredictionMetricsOptions {
  std::vector<std::string> report{"w1", "w2"};
  Index points = 2000;
};
void describe(Section& section, PredictionMetricsOptions& options);

/// Every metric per step as <name>/<k> and its mean as <name>, the references w1_identity and w1_floor
/// beside; where populations were left out, their mean as <name>_left_out and the distances of displacement
/// interpolation (no learning) as <name>_interpolation. A piece is an entropic distance of a large
/// population, or all the rest of as many steps as there are ranks. Collective.
class PredictionMetrics : public Piecewise {
 public:
  /// What is measured, and against what: all outlive the object.
  struct Measured {
    const PredictionOptions& prediction;
    const Predictions& predictions;
    const Populations& populations;
    const std::vector<Ensemble>& observed;
    const EnergyOptions* truth;  ///< the true energy, for l2_uvp; null where it is not known
  };
  PredictionMetrics(const PredictionMetricsOptions& options, const Measured& measured, const RunOptions& run);

  bool all_done() const override { return done_ == Index(values_.size()); }
  void advance() override;
  void save(Hdf5File& file) const override;
  void restore(const Hdf5File& file) override;
  /// Once everything is done.
  Metrics result() const;

 private:
  struct Distance;
  struct Step;
  bool asks_for(const char* name) const;
  bool is_entropic(Index k) const;
  const Ensemble& identity(Index k) const;
  std::vector<Distance> entropic_distances(Index k) const;
  void measure_exactly(Index first, Index last);
  Step sample(Index k, int rank) const;
  void add_l2_uvp(Index k);
  void add_bures_uvp(Index k);

  PredictionMetricsOptions options_;
  Measured measured_;
  RunOptions run_;
  std::vector<Metrics> values_;  // of step k, as they come
  Index done_ = 0;               // steps of which all is known
};

}  // namespace weir
