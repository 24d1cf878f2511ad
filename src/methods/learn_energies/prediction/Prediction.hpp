// Predicting populations with a learned energy.
//
//     current (explicit)   x' = x - tau grad F(x)  + sqrt(2 beta tau) xi
//     next (implicit)      x' = x - tau grad F(x') + sqrt(2 beta tau) xi,  by damped fixed-point iteration
//     steps                many explicit steps, or steps of Heun's method, from one population to the next
//
// F = V + W * rho; where the iteration does not converge for a particle, it takes the explicit step and is
// counted.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "methods/populations/Populations.hpp"
#include "methods/populations/Predictions.hpp"
#include "weir/energies/FreeEnergy.hpp"
#include "weir/energies/LearnedEnergy.hpp"
#include "weir/input/RunOptions.hpp"
#include "weir/output/Piecewise.hpp"

namespace weir {

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
  /// Predictions done by now; nothing is interpolated.
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
