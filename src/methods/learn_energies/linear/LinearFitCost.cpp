#include "methods/learn_energies/linear/LinearFitCost.hpp"

#include <algorithm>

#include "methods/populations/PopulationScores.hpp"
#include "weir/ensemble/PairSum.hpp"
#include "weir/performance/StepTimer.hpp"

namespace weir {

namespace {}

LinearFitCost::LinearFitCost(const LearnEnergiesOptions& options, const LearningShape& shape,
                             const RunOptions& run)
    : options_(options),
      shape_(shape),
      run_(run),
      features_(count_features(linear().features, shape.dimension)) {
  unknowns_ = features_ * (Index(linear().potential) + Index(linear().interaction)) + Index(linear().entropy);
}

/// Costs of one transition.
Real LinearFitCost::seconds_of_fit(Index particles) const {
  const Populations small = small_populations(options_, shape_.dimension, particles, particles, run_);
  const Ensemble& at = small.train.front();
  const CoupledEnsemble coupled = at_rest(at);
  return shortest_time([&] {
    std::vector<Transition> transitions{{at, coupled, 1}};
    if (linear().entropy) transitions.front().scores = scores_at(options_.density, at, run_.seed);
    fit_linear_model(linear(), {0, 1}, transitions, at.comm, run_);
  });
}

/// T(n) = solve + n particle + n^2 pair, from as many sizes as there are terms.
void LinearFitCost::measure(const Communicator& comm) {
  Index least = std::max(Index(256), 2 * shape_.dimension);
  if (const auto& radial = linear().features.radial)
    if (const auto* centres = std::get_if<DataCentres>(&radial->centres.at))
      least = std::max(least, centres->number);
  const auto seconds = [&](Index particles) {
    return slowest(comm, [&] { return seconds_of_fit(particles); });
  };
  const Real n = Real(least), one = seconds(least), two = seconds(2 * least), four = seconds(4 * least);
  if (linear().interaction || std::holds_alternative<KernelDensityOptions>(options_.density.kind))
    pair_ = std::max(Real(0), ((four - two) / (2 * n) - (two - one) / n) / (3 * n));
  particle_ = std::max(Real(0), (four - one) / (3 * n) - 5 * n * pair_);
  solve_ = std::max(Real(0), one - n * particle_ - n * n * pair_);
}

Index LinearFitCost::pair_sums() const {
  const Index at_once = std::max(Index(1), most_pair_components / shape_.dimension);
  return linear().interaction ? (features_ + at_once - 1) / at_once : 0;
}

Cost LinearFitCost::at(int ranks) const {
  const Index d = shape_.dimension, order = (unknowns_ + 1) * (unknowns_ + 1);
  Cost cost;
  cost.memory = shape_.memory(run_, ranks);
  cost.memory +=
      Real(real_size * (8 * order + (unknowns_ + 1) * run_.tile * d));  // limbs, eigenvectors; columns
  Traffic& traffic = cost.traffic["fit"];
  for (Index s = 0; s < solves(); ++s) {
    // solve_on_root: whether it went well; theta and its length, residual, rank and condition
    traffic += reduction(ranks, real_size);
    const Real of_theta = Real((unknowns_ + 4) * real_size);
    traffic += {5, of_theta, of_theta};
  }
  Real mean_gradients = 0;
  for (Index k = 0; k < shape_.transitions(); ++k) {
    traffic += exact_sum(ranks, order);
    const Partition partition(0, ranks, shape_.train[k], run_.tile);
    const Real all = Real(partition.particles()), busiest = Real(partition.most_local_particles());
    const Index bytes = partition.particles() * d * real_size;
    cost.broadcasts += pair_sums() * Traffic{count_source_blocks(partition), Real(bytes), Real(bytes)};
    cost.pair_seconds += pair_ * all * busiest;
    cost.other_seconds += particle_ * busiest;
    cost.even_seconds += (pair_ * all + particle_) * all / ranks;
    if (linear().entropy) cost.memory += busiest * Real(real_size * d);
    if (linear().interaction)
      mean_gradients = std::max(mean_gradients, busiest * Real(real_size * d * features_));
    cost.tiles = std::max(cost.tiles, partition.tiles());
  }
  cost.memory += mean_gradients;
  cost.serial_seconds = solve_ * Real(solves());
  return cost;
}

}  // namespace weir
