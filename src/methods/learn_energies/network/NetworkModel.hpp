// JKOnet* by networks: potential, interaction and entropy trained on coupled populations.
//
//     min over theta of  (1/K) sum_k E_k | tau_k [ grad V_theta(z, t_k) + E_z' grad W_theta(z - z') + beta
//     grad log rho(z) ] + y - x |^2
//
// with z = y (`next`) or x (`current`) as for the linear model. A stage of one parameter block (V, W, beta
// one after the other) descends it by mini-batches of tiles; E_z' is taken over the batch. Source: Terpin,
// Lanzetti, Gadea, Doerfler, NeurIPS 2024 (arXiv 2406.12616), section 3.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "methods/learn_energies/linear/LinearModel.hpp"
#include "weir/flows/Stage.hpp"
#include "weir/networks/NetworkOptions.hpp"
#include "weir/training/TrainOptions.hpp"

namespace weir {

struct PotentialNetworkOptions : NetworkOptions {
  bool time = false;  ///< V(x, t); t of a transition is its start
  TimeEmbeddingOptions embedding;

  /// Shape of the network, for ensembles of `dimension` components.
  MlpShape shape_in(Index dimension) const;
};
struct InteractionNetworkOptions : NetworkOptions {
  std::string statistic = "v";
};
struct NetworkModelOptions {
  static constexpr const char* key = "network";
  static constexpr const char* doc = "energies given by multilayer perceptrons, trained by gradient descent";
  std::string features_at = "next";
  std::optional<PotentialNetworkOptions> potential = PotentialNetworkOptions();
  std::optional<InteractionNetworkOptions> interaction;
  bool entropy = false;
  BatchTrainOptions train;
  std::string where;
};
void describe(Section& section, PotentialNetworkOptions& options);
void describe(Section& section, InteractionNetworkOptions& options);
void describe(Section& section, NetworkModelOptions& options);

/// The training as a flow: block "parameters", one unit of time an iteration.
class EnergyTraining : public Flow {
 public:
  /// Parameters at the start, of this rank's chunks.
  virtual void initialise(const MatrixRef<Real>& parameters) const = 0;
  virtual Index iterations_per_epoch() const = 0;
  /// Particles in a batch: whole tiles.
  virtual Index batch() const = 0;
  /// Collective: the loss over one epoch's batches (always the same), plus what no energy can explain.
  virtual Real loss(const MatrixRef<const Real>& parameters) = 0;
  /// Collective.
  virtual LearnedEnergy energy(const MatrixRef<const Real>& parameters) = 0;
};

/// Collective. In the precision of the run. `transitions` must live as long as the flow.
std::unique_ptr<EnergyTraining> make_energy_training(const NetworkModelOptions& options,
                                                     const std::vector<Real>& times,
                                                     const std::vector<Transition>& transitions,
                                                     const Communicator& comm, const RunOptions& run);

}  // namespace weir
