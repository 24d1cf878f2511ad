// log p(x) of held-out rows under a trained energy, and bounds on it.
//
//     log_likelihood            mean over rows, in nats and in the units of the data, with its standard error
//     log_z, log_z_error        of the energy in standardised units
//     grid_error                log_z less that of every other point of the grid, in x and in z
//     effective_chains          of log_z; row_effective_chains: mean over rows of those of log p(x)
//     annealing_error           of log_likelihood, by the weights of chains: those of log_z and of the rows
//     particle_bound            mean over rows and chains of log w - log Z: of annealed particles
//     gaussian_bound            the same of the best Gaussian q(z | x) (PosteriorFit)
//     bound_gap, .._error       particle_bound - gaussian_bound, over rows
//
// likelihood.h5: /rows and their /labels, where they have some; /log_likelihood of each row; by annealing
// /effective_chains of each; by a grid of at most two components of x also /density/points and
// /density/log_density (in the units of the data), x_0 running fastest, and /density/shape.
#pragma once

#include <optional>

#include "methods/latent_ebm/EbmData.hpp"
#include "methods/latent_ebm/EbmModel.hpp"
#include "methods/latent_ebm/LatentEbmOptions.hpp"
#include "methods/latent_ebm/likelihood/GridLikelihood.hpp"
#include "weir/base/MetricsTable.hpp"
#include "weir/output/StageList.hpp"

namespace weir {

class EbmLikelihood {
 public:
  EbmLikelihood(const LatentEbmOptions& options, const EbmModel& model, const EbmData& data,
                RunOutput& output, RunControl& control);

  static bool by_grid(const LikelihoodOptions& options, const EnergyShape& shape);
  /// Throws InputError where a grid is asked for and there are too many components. Not collective.
  static void check(const LatentEbmOptions& options, const EnergyShape& shape);

  /// Collective: stages `normalise`, `likelihood` and `bound`; whether the run goes on.
  bool run();
  /// Collective: into checkpoints of later stages.
  void save(Hdf5File& file) const;
  const Metrics& result() const { return metrics_; }

 private:
  void run_grid();
  bool run_annealing();
  bool run_bounds();
  void report(const Ensemble& log_p);
  bool anneal_rows();
  void write() const;

  const LatentEbmOptions& options_;
  const LikelihoodOptions& likelihood_;
  const EbmModel& model_;
  const Data& data_;
  RunOutput& output_;
  RunControl& control_;
  Ensemble given_, rows_;  // held out or from a file, cut for their chains; the same standardised
  std::optional<Ensemble> labels_, log_likelihoods_, effective_chains_;
  std::optional<GridDensity> density_;
  Real log_z_ = 0;
  std::optional<Ensemble> pool_weights_, row_weights_;
  std::optional<std::vector<Real>> posterior_;
  Metrics metrics_;
};

}  // namespace weir
