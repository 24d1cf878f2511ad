// A potential, an interaction and an entropy, learned together with the trajectory of an ensemble that passes
// through all snapshots.
//
//     min over x, theta, s of  -(1/K) sum_k E_m log rho_k(y_km)
//                              + weight sum_j (1 / h_j) E_i |x_i,j+1 - x_ij + h_j v_ij|^2
//
//     explicit   v_ij = g_ij
//     trapezoid  v_ij = (g_ij + g_i,j+1) / 2
//     g_ij = grad V_theta(x_ij, t_j) + E_k grad W_psi(x_ij - x_kj) + beta grad log rho_j(x_ij)
//
// x_ij is particle i at knot j of a time grid that has all snapshots among its knots, y_km datum m of
// snapshot k, and rho the kernel density of bandwidth s of the particles at a knot. Snapshots meet only in
// the trajectory: nothing is coupled but to start it. Source: Heinonen et al., "Wasserstein residuals", 2026
// (arXiv 2607.04738).
//
// Not theirs, against what the kernel's width does to variances: data are blurred by the kernel too (`blur`),
// the entropy's force is that of the blob method (`score`), and beside an entropy V is written as beta times
// a quadratic reference plus the network (see TrajectoryLikelihood, TrajectoryScore, TrajectoryReference).
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "methods/learn_energies/network/NetworkModel.hpp"

namespace weir {

struct TrajectoryTrainOptions : TrainOptions {
  Index iterations = 2000;
  ParameterRuleChoice particles;

  TrajectoryTrainOptions();
};
struct TrajectoryInteractionOptions : InteractionNetworkOptions {
  IndexOrWord sources{256};
};
struct TrajectoryModelOptions {
  static constexpr const char* key = "trajectory";
  static constexpr const char* doc =
      "networks V and W, beta, and the trajectory of an ensemble through all snapshots, trained together";
  Index particles = 1000;
  bool particles_given = false;  ///< by the deck
  Index steps = 50;
  std::string residual = "trapezoid";
  Real weight = 1;
  RealOrWord bandwidth = "silverman";
  bool blur = true;
  bool train_bandwidth = false;
  std::optional<PotentialNetworkOptions> potential = PotentialNetworkOptions();
  std::optional<TrajectoryInteractionOptions> interaction;
  std::optional<Real> entropy;  ///< beta, or where it starts
  bool train_entropy = false;
  std::string score = "blob";
  TrajectoryTrainOptions train;
  std::string where;
};
void describe(Section& section, TrajectoryTrainOptions& options);
void describe(Section& section, TrajectoryInteractionOptions& options);
void describe(Section& section, TrajectoryModelOptions& options);

/// Knots t_0 < t_1 < ..; every interval between snapshots is cut into equal steps, about `steps` in all.
struct TimeGrid {
  TimeGrid(const std::vector<Real>& snapshots, Index steps);
  std::vector<Real> times;
  std::vector<Index> snapshot_knots;
  Index knots() const { return Index(times.size()); }
};

/// The training as a flow of two blocks, one unit of time an iteration.
class TrajectoryTraining : public Flow {
 public:
  /// Blocks: x_i0, x_i1, .. of particle i one below the other; V's parameters, W's, log(s / s_0), and beta if
  /// it is learned.
  static constexpr Index trajectory = 0, parameters = 1;

  struct Loss {
    Real likelihood, residual;  ///< the negative log-likelihood and the weighted residual
    Real total() const { return likelihood + residual; }
  };

  /// Not collective: this rank's chunks of the parameters at the start.
  virtual void initialise(const MatrixRef<Real>& parameters) const = 0;
  /// Collective. With the sources that the interaction has in iteration 0.
  virtual Loss loss(const MatrixRef<const Real>& x, const MatrixRef<const Real>& parameters) = 0;
  /// Collective.
  virtual LearnedEnergy energy(const MatrixRef<const Real>& parameters) = 0;
  /// Collective: s, the mean over the snapshots.
  virtual Real bandwidth(const MatrixRef<const Real>& parameters) = 0;
};

/// Collective. In the precision of the run, for a trajectory of `particles` on the grid. `snapshots` must
/// live as long as the flow.
std::unique_ptr<TrajectoryTraining> make_trajectory_training(const TrajectoryModelOptions& options,
                                                             const TimeGrid& grid,
                                                             const std::vector<Ensemble>& snapshots,
                                                             const Partition& particles,
                                                             const RunOptions& run);

}  // namespace weir
