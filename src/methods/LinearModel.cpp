#include "weir/methods/LinearModel.hpp"

#include <algorithm>
#include <cmath>

#include "FeatureCentres.hpp"
#include "LeastSquares.hpp"
#include "weir/base/Error.hpp"
#include "weir/base/Lapack.hpp"
#include "weir/ensemble/PairSum.hpp"
#include "weir/parallel/ExactSum.hpp"

namespace weir {

void describe(Section& section, LinearModelOptions& options) {
  if (section.reading()) options.where = section.path();
  section.option("potential", options.potential, "learn V");
  section.option("interaction", options.interaction, "learn W");
  section.option("entropy", options.entropy, "learn beta");
  section.option("time", options.time, "each transition has its own coefficients");
  section
      .option("features_at", options.features_at,
              "next: the JKO condition, implicit prediction; current: explicit Euler steps")
      .one_of({"next", "current"});
  section.option("ridge", options.ridge, "ridge added to the normal equations (summed over transitions)")
      .at_least(0);
  section.section("features", options.features, "features of V and of W");
  if (section.reading() && !options.potential && !options.interaction && !options.entropy)
    section.error("potential", "nothing is left to learn; switch on potential, interaction or entropy");
}

namespace {

/// The unknowns: features of V, then of W, then beta.
struct Unknowns {
  FeatureBasis potential, interaction;
  bool has_potential, has_interaction, has_entropy;
  int dimension;

  int potentials() const { return has_potential ? potential.size() : 0; }
  int interactions() const { return has_interaction ? interaction.size() : 0; }
  Index count() const { return potentials() + interactions() + has_entropy; }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    const auto append = [&](const FeatureBasis& basis, const char* prefix) {
      for (const auto& name : feature_names(basis)) all.push_back(prefix + name);
    };
    if (has_potential) append(potential, "V: ");
    if (has_interaction) append(interaction, "W: ");
    if (has_entropy) all.push_back("entropy");
    return all;
  }
};

/// Rows of the least-squares system that one transition contributes, tile by tile.
class Design {
 public:
  /// `scale`: tau_k relative to the mean tau.
  Design(const Unknowns& unknowns, const Transition& transition, Real scale)
      : unknowns_(unknowns), transition_(transition), scale_(scale), tiles_(transition.at.partition.local()) {
    const Index d = unknowns.dimension, particles = transition.at.partition.local_particles();
    columns_ = Matrix<Real>("Weir::LinearModel::columns", unknowns.count() + 1,
                            transition.at.partition.tile_size() * d);
    if (unknowns.has_entropy) {
      scores_ = Matrix<Real>("Weir::LinearModel::scores", d, particles);
      transition.density->score(transition.at.partition, transition.at.x, scores_);
    }
    if (unknowns.has_interaction) take_mean_gradients(d, particles);
  }

  Index tiles() const { return tiles_.tiles; }

  /// Columns [A'; b'] of a tile, one per particle and component: n + 1 numbers each.
  Kokkos::View<const Real**, Kokkos::LayoutLeft, Kokkos::HostSpace> columns(Index local_tile) {
    const Tile tile = tiles_[local_tile];
    const auto out = columns_, scores = scores_, mean_gradients = mean_gradients_;
    const auto x = transition_.at.x;
    const auto displacement = transition_.coupled.displacement;
    const auto mass = transition_.coupled.mass;
    const FeatureBasis basis = unknowns_.potential;
    const int d = unknowns_.dimension, potentials = unknowns_.potentials(),
              interactions = unknowns_.interactions();
    const bool entropy = unknowns_.has_entropy;
    const Real scale = scale_;
    Kokkos::parallel_for(
        "Weir::LinearModel::design",
        Kokkos::RangePolicy<ExecutionSpace, Kokkos::IndexType<Index>>(0, tile.count), KOKKOS_LAMBDA(Index i) {
          const Index particle = tile.first + i;
          const Real weight = sqrt(mass(particle));
          Real g[most_pair_components];
          for (int k = 0; k < potentials; ++k) {
            basis.value_and_gradient(k, &x(0, particle), g);
            for (int c = 0; c < d; ++c) out(k, i * d + c) = weight * scale * g[c];
          }
          for (int c = 0; c < d; ++c) {
            for (int k = 0; k < interactions; ++k)
              out(potentials + k, i * d + c) = weight * scale * mean_gradients(k * d + c, particle);
            if (entropy) out(potentials + interactions, i * d + c) = weight * scale * scores(c, particle);
            out(potentials + interactions + entropy, i * d + c) = weight * displacement(c, particle);
          }
        });
    return Kokkos::create_mirror_view_and_copy(
        Kokkos::HostSpace(),
        Kokkos::subview(columns_, Kokkos::ALL(), Kokkos::make_pair(Index(0), tile.count * d)));
  }

 private:
  /// E_z' grad phi(z - z') for every feature of W, as many at a time as pair sums take.
  void take_mean_gradients(Index d, Index particles) {
    const int features = unknowns_.interactions(), group = std::max(1, int(most_pair_components / d));
    mean_gradients_ = Matrix<Real>("Weir::LinearModel::mean_gradients", features * d, particles);
    for (int first = 0; first < features; first += group) {
      const int count = std::min(group, features - first);
      Matrix<Real> part("Weir::LinearModel::mean_gradients_part", count * d, particles);
      mean_feature_gradients(unknowns_.interaction, first, count, transition_.at.comm,
                             transition_.at.partition, transition_.at.x, part);
      Kokkos::deep_copy(
          Kokkos::subview(mean_gradients_, Kokkos::make_pair(Index(first * d), Index((first + count) * d)),
                          Kokkos::ALL()),
          part);
    }
  }

  const Unknowns& unknowns_;
  const Transition& transition_;
  Real scale_;
  LocalTiles tiles_;
  Matrix<Real> columns_, scores_, mean_gradients_;
};

/// [A b]'[A b] over all tiles of all ranks and the given designs, exactly summed: lower triangle, order n
/// + 1.
std::vector<Real> gram_matrix(std::vector<Design>& designs, Index order, const Communicator& comm) {
  // No entry of a tile's Gram matrix is larger than its squared Frobenius norm: a bound that costs one pass.
  Real bound = 0;
  for (Design& design : designs)
    for (Index t = 0; t < design.tiles(); ++t) {
      const auto columns = design.columns(t);
      Real square = 0;
      for (std::size_t e = 0; e < columns.size(); ++e) square += columns.data()[e] * columns.data()[e];
      bound = square <= bound ? bound : square;  // a not-a-number becomes the bound, and is found below
    }
  ExactAccumulator accumulator(comm, order * order);
  accumulator.start(bound);
  Kokkos::View<Real**, Kokkos::LayoutLeft, Kokkos::HostSpace> gram("Weir::LinearModel::gram", order * order,
                                                                   1);
  for (Design& design : designs)
    for (Index t = 0; t < design.tiles(); ++t) {
      const auto columns = design.columns(t);
      Kokkos::deep_copy(gram, 0);
      add_gram(order, Index(columns.extent(1)), columns.data(), gram.data());
      accumulator.add(Kokkos::create_mirror_view_and_copy(MemorySpace(), gram));
    }
  std::vector<Real> total(order * order);
  accumulator.finish(total.data(), "the design matrix of the linear model");
  return total;
}

/// Solved by rank 0 alone, so that all ranks have the same bits.
LeastSquares solve_on_root(const std::vector<Real>& gram, const Unknowns& unknowns, Real ridge,
                           const Communicator& comm) {
  LeastSquares solution;
  comm.agree([&] {
    if (comm.is_root()) solution = solve_least_squares(gram, unknowns.count(), ridge, unknowns.names());
  });
  comm.broadcast(solution.theta);
  solution.residual = comm.broadcast_value(solution.residual);
  solution.rank = comm.broadcast_value(solution.rank);
  solution.condition = comm.broadcast_value(solution.condition);
  return solution;
}

}  // namespace

LinearFit fit_linear_model(const LinearModelOptions& options, const std::vector<Real>& times,
                           const std::vector<Transition>& transitions, const Communicator& comm,
                           const RunOptions& run) {
  const Index d = transitions.front().at.components();
  if (d > most_pair_components)
    throw InputError(
        options.where,
        fmt::format("the linear model takes up to {} dimensions, the data have {}", most_pair_components, d));
  std::vector<const Ensemble*> ensembles;
  for (const auto& transition : transitions) ensembles.push_back(&transition.at);
  Unknowns unknowns{{}, {}, options.potential, options.interaction, options.entropy, int(d)};
  if (options.potential)
    unknowns.potential = make_features(
        options.features, d, data_centres(options.features, ensembles, CentresOf::points, run.seed));
  if (options.interaction)
    unknowns.interaction = make_features(
        options.features, d, data_centres(options.features, ensembles, CentresOf::differences, run.seed));
  if (unknowns.count() > options.features.max_features)
    throw InputError(
        options.where + ".features",
        fmt::format(
            "asks for {} unknowns with V, W and beta, more than max_features = {}; use fewer, or raise it",
            unknowns.count(), options.features.max_features));

  Real mean_tau = 0;
  for (const auto& transition : transitions) mean_tau += transition.tau / Real(transitions.size());
  std::vector<std::vector<const Transition*>> solves;
  for (const auto& transition : transitions) {
    if (options.time || solves.empty()) solves.emplace_back();
    solves.back().push_back(&transition);
  }

  LinearFit fit;
  fit.unknowns = unknowns.count();
  fit.rank = fit.unknowns;
  fit.energy.dimension = d;
  fit.energy.times = {times.begin(), times.begin() + Index(transitions.size())};
  std::vector<std::vector<Real>> potential, interaction;
  for (std::size_t s = 0; s < solves.size(); ++s) {
    std::vector<Design> designs;
    for (const Transition* transition : solves[s])
      designs.emplace_back(unknowns, *transition, transition->tau / mean_tau);
    const auto solution =
        solve_on_root(gram_matrix(designs, unknowns.count() + 1, comm), unknowns, options.ridge, comm);
    auto theta = solution.theta;
    for (Real& value : theta) value /= mean_tau;
    const auto end_of_potential = theta.begin() + unknowns.potentials(),
               end_of_interaction = end_of_potential + unknowns.interactions();
    potential.emplace_back(theta.begin(), end_of_potential);
    interaction.emplace_back(end_of_potential, end_of_interaction);
    if (options.entropy) fit.energy.entropy.push_back(theta.back());
    fit.loss += solution.residual;
    fit.rank = std::min(fit.rank, solution.rank);
    fit.condition = std::max(fit.condition, solution.condition);
    for (const auto& direction : solution.null_directions)
      fit.null_directions.push_back(solves.size() > 1 ? fmt::format("transition {}: {}", s, direction)
                                                      : direction);
  }
  if (options.potential) fit.energy.potential = {unknowns.potential, potential};
  if (options.interaction) fit.energy.interaction = {unknowns.interaction, interaction};
  return fit;
}

}  // namespace weir
