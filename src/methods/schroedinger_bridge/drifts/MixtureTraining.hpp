// Fits the potential of a bridge between two ensembles, a Gaussian mixture, by stochastic descent.
//
//     min over (alpha, r, log S) of  E_{x ~ rho_0} log c(x) - E_{y ~ rho_1} log v(y)
//
// A step takes a batch of tiles of each ensemble. The loss is convex in neither; r starts at rows of rho_1.
#pragma once

#include <optional>

#include "methods/schroedinger_bridge/drifts/MixtureBridge.hpp"
#include "methods/schroedinger_bridge/latent/BridgeOptions.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/flows/Batches.hpp"
#include "weir/flows/Flow.hpp"
#include "weir/output/StageList.hpp"
#include "weir/training/TrainedParameters.hpp"

namespace weir {

/// One block of parameters: K of log alpha, then r and log S.
class MixtureTraining : public Flow {
 public:
  /// Collective; `x`, `y` outlive the object.
  MixtureTraining(const MixtureDriftOptions& options, Real epsilon, const Ensemble& x, const Ensemble& y,
                  Index seed);
  std::shared_ptr<const Layout> layout() const override { return layout_; }
  void initialise(const MatrixRef<Real>& local) const { parameters_.initialise(local); }
  void velocity(const Moment& moment, BlockSet wanted, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>& energies) override;
  /// Collective: over all rows.
  Real loss(const MatrixRef<const Real>& parameters);
  /// Collective.
  MixturePotential potential(const MatrixRef<const Real>& parameters);

  // Kernels, which nvcc takes in public functions only.
  void add_gradient(bool of_start, const MatrixRef<const Real>& x, Real scale,
                    const VectorRef<Real>& gradient) const;

 private:
  void visit(bool of_start, const Ensemble& ensemble, const Batches::Batch& batch, Real scale);
  Real mean_log(bool of_start, const Ensemble& ensemble);
  void set_potential();

  const Ensemble &x_, &y_;
  Batches of_x_, of_y_;
  Batches::Batch batch_;
  MixturePotential potential_;
  TrainedParameters<Real> parameters_;
  std::shared_ptr<Layout> layout_;
  Index used_ = 0;
  Matrix<Real> shares_;
  Vector<Real> values_;
};

/// Collective: the stage `train`; nothing where the run was stopped.
std::optional<MixturePotential> fit_mixture(const MixtureDriftOptions& options, Real epsilon,
                                            const Ensemble& x, const Ensemble& y, const std::string& where,
                                            const StageList& stages, RunOutput& output, RunControl& control);

/// Not collective: seconds of an iteration over so many tiles of each ensemble, on this rank alone.
Real mixture_iteration_seconds(MixtureDriftOptions options, Index components, Index tiles,
                               const RunOptions& run);

}  // namespace weir
