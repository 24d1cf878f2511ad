#include "methods/learn_energies/LearningShape.hpp"

#include "methods/simulate/Simulation.hpp"
#include "weir/parallel/Partition.hpp"

namespace weir {

Real LearningShape::memory(const RunOptions& run, int ranks) const {
  const auto most = [&](Index particles) {
    return Partition(0, ranks, particles, run.tile).most_local_particles();
  };
  Index numbers = 0;
  for (const Index particles : all) numbers += dimension * most(particles);
  for (const Index particles : train) numbers += (dimension + 2) * most(particles);
  return Real(numbers * Index(sizeof(Real)));
}

LearningShape learning_shape(const LearnEnergiesOptions& options, const Communicator& comm,
                             const RunOptions& run) {
  LearningShape shape;
  std::vector<Index> train;
  std::vector<Real> times;
  if (const auto* simulated = std::get_if<SimulatedPopulations>(&options.populations.source)) {
    EnsembleShape ensemble{};
    comm.agree([&] { ensemble = shape_of(simulated->initial); });
    shape.dimension = ensemble.dimension;
    const SteppingOptions steps = stepping(simulated->time, run);
    shape.all.assign(std::size_t(count_steps(steps) + 1), ensemble.particles);
    for (const Index size : shape.all) {
      check_split(options.split, std::to_string(train.size()), size, options.populations.where);
      const bool last = times.size() + 1 == shape.all.size();
      times.push_back(last ? steps.end : steps.start + Real(times.size()) * steps.step);
      train.push_back(train_size(size, options.split));
    }
  } else {
    const Populations read =
        make_populations(options.populations, options.split, options.pairing == "paired", comm, run);
    shape.dimension = read.dimension();
    times = read.times;
    for (Index k = 0; k < read.count(); ++k) {
      train.push_back(read.train[k].particles());
      shape.all.push_back(read.train[k].particles() + read.test[k].particles());
    }
  }
  for (const Index k : kept_populations(options, Index(train.size()))) {
    shape.train.push_back(train[k]);
    shape.times.push_back(times[k]);
  }
  return shape;
}

Populations small_populations(const LearnEnergiesOptions& options, Index dimension, Index n, Index m,
                              const RunOptions& run) {
  const Communicator self(MPI_COMM_SELF);
  if (const auto* given = std::get_if<SimulatedPopulations>(&options.populations.source); given && n == m) {
    PopulationsOptions small = options.populations;
    auto& simulated = std::get<SimulatedPopulations>(small.source);
    simulated.initial.particles = n;
    simulated.initial.dimension = dimension;
    if (std::holds_alternative<FileEnsembleOptions>(simulated.initial.law))
      simulated.initial.law = NormalOptions();
    simulated.time.end = simulated.time.start + simulated.time.step;
    return make_populations(small, {}, options.pairing == "paired", self, run);
  }
  Populations normal;
  normal.times = {0, 1};
  for (const Index size : {n, m}) {
    const int number = int(normal.train.size());
    normal.train.emplace_back(self, size, dimension, run.tile);
    normal.test.emplace_back(self, 0, dimension, run.tile);
    fill_normals(normal.train.back().x, Random(run.seed, Stream::initial_ensemble, number), 0, 0);
  }
  return normal;
}

CoupledEnsemble at_rest(const Ensemble& ensemble) {
  const Index here = ensemble.partition.local_particles();
  CoupledEnsemble coupled;
  coupled.displacement = Matrix<Real>("Weir::at_rest::displacement", ensemble.components(), here);
  coupled.mass = Vector<Real>("Weir::at_rest::mass", here);
  coupled.variance = Vector<Real>("Weir::at_rest::variance", here);
  Kokkos::deep_copy(coupled.mass, 1 / Real(ensemble.particles()));
  return coupled;
}

}  // namespace weir
