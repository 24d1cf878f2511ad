#include "methods/learn_energies/linear/LinearModel.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "methods/learn_energies/linear/FeatureCentres.hpp"
#include "weir/base/Error.hpp"
#include "weir/base/Lapack.hpp"
#include "weir/base/LeastSquares.hpp"
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
    WEIR_CHECK(!unknowns.has_entropy || Index(transition.scores.extent(0)) == d, "scores of {} components",
               transition.scores.extent(0));
    if (unknowns.has_interaction) compute_mean_gradients(d, particles);
  }

  Index tiles() const { return tiles_.tiles; }

  /// Columns [A'; b'] of a tile, one per particle and component: n + 1 numbers each.
  Kokkos::View<const Real**, Kokkos::LayoutLeft, Kokkos::HostSpace> columns(Index local_tile) {
    const Tile tile = tiles_[local_tile];
    const auto out = columns_, scores = transition_.scores, mean_gradients = mean_gradients_;
    const auto x = transition_.at.x;
    const auto displacement = transition_.coupled.displacement;
    const auto mass = transition_.coupled.mass;
    const FeatureBasis basis = unknowns_.potential;
    const int d = unknowns_.dimension, potentials = unknowns_.potentials(),
              interactions = unknowns_.interactions();
    const bool entropy = unknowns_.has_entropy;
    const Real scale = scale_;
    Kokkos::parallel_for(
        "Weir::LinearModel::design", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
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
  void compute_mean_gradients(Index d, Index particles) {
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
  Matrix<Real> columns_, mean_gradients_;
};

/// [A b]'[A b] over all tiles of all ranks, exactly summed: lower triangle, order n + 1.
std::vector<Real> gram_matrix(Design design, Index order, const Communicator& comm) {
  // No entry of a tile's Gram matrix is larger than its squared Frobenius norm: a bound that costs one pass.
  Real bound = 0;
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

Unknowns make_unknowns(const LinearModelOptions& options, const std::vector<Transition>& transitions,
                       Index seed) {
  const Index d = transitions.front().at.components();
  std::vector<const Ensemble*> ensembles;
  for (const auto& transition : transitions) ensembles.push_back(&transition.at);
  const auto features = [&](CentresOf of) {
    return make_features(options.features, d, data_centres(options.features, ensembles, of, seed));
  };
  Unknowns unknowns{{}, {}, options.potential, options.interaction, options.entropy, int(d)};
  if (options.potential) unknowns.potential = features(CentresOf::points);
  if (options.interaction) unknowns.interaction = features(CentresOf::differences);
  return unknowns;
}

}  // namespace

void check_linear_model(const LinearModelOptions& options, Index dimension) {
  if (dimension > most_pair_components)
    throw InputError(options.where,
                     fmt::format("the linear model takes up to {} dimensions, the data have {}",
                                 most_pair_components, dimension));
  const Index each = count_features(options.features, dimension),
              unknowns =
                  each * (Index(options.potential) + Index(options.interaction)) + Index(options.entropy);
  if (unknowns > options.features.max_features)
    throw InputError(
        options.where + ".features",
        fmt::format(
            "asks for {} unknowns with V, W and beta, more than max_features = {}; use fewer, or raise it",
            unknowns, options.features.max_features));
}

/// Gram matrices of transitions are added in their order; where the sum is complete (with `time`: of each),
/// it is solved.
class LinearRegression::Solver {
 public:
  Solver(const LinearModelOptions& options, const std::vector<Real>& times,
         const std::vector<Transition>& transitions, const Communicator& comm, const RunOptions& run)
      : options_(options),
        transitions_(transitions),
        comm_(comm),
        unknowns_(make_unknowns(options, transitions, run.seed)) {
    for (const auto& transition : transitions) mean_tau_ += transition.tau / Real(transitions.size());
    fit_.unknowns = fit_.rank = unknowns_.count();
    fit_.energy.dimension = unknowns_.dimension;
    fit_.energy.times = {times.begin(), times.begin() + Index(transitions.size())};
  }

  bool all_done() const { return done_ == transitions_.size(); }

  void advance() {
    const Transition& transition = transitions_[done_];
    const Index order = unknowns_.count() + 1;
    const auto more = gram_matrix(Design(unknowns_, transition, transition.tau / mean_tau_), order, comm_);
    gram_.resize(more.size());
    for (std::size_t e = 0; e < more.size(); ++e) gram_[e] += more[e];
    ++done_;
    if (!options_.time && !all_done()) return;
    take(solve_on_root(gram_, unknowns_, options_.ridge, comm_));
    gram_.clear();
  }

  void save(Hdf5File& file) const {
    const Index order = unknowns_.count() + 1, solves = Index(thetas_.size());
    std::vector<Real> all;
    for (const auto& theta : thetas_) all.insert(all.end(), theta.begin(), theta.end());
    file.write("/fit/numbers", {Real(done_), fit_.loss, Real(fit_.rank), fit_.condition}, {4});
    file.write("/fit/theta", all, {solves, unknowns_.count()});
    std::string directions;
    for (const auto& direction : fit_.null_directions) directions += direction + "\n";
    file.write_strings("/fit/null_directions", {comm_.broadcast(directions)});  // rank 0 has them
    if (gram_.empty()) return;
    file.write_rows("/fit/gram", gram_.data(), comm_.is_root() ? order : 0, 0, order, order);
  }

  void restore(const Hdf5File& file) {
    if (!file.has("/fit/numbers")) return;
    const auto numbers = file.read("/fit/numbers"), all = file.read("/fit/theta");
    done_ = std::size_t(numbers.at(0));
    fit_.loss = numbers.at(1);
    fit_.rank = Index(numbers.at(2));
    fit_.condition = numbers.at(3);
    std::istringstream directions(file.read_strings("/fit/null_directions").at(0));
    for (std::string direction; std::getline(directions, direction);)
      fit_.null_directions.push_back(direction);
    for (auto theta = all.begin(); theta != all.end(); theta += unknowns_.count())
      thetas_.emplace_back(theta, theta + unknowns_.count());
    if (!file.has("/fit/gram")) return;
    const Index order = unknowns_.count() + 1;
    gram_.resize(std::size_t(order * order));
    file.read_rows("/fit/gram", gram_.data(), order, 0);
  }

  LinearFit result() const {
    LinearFit fit = fit_;
    std::vector<std::vector<Real>> potential, interaction;
    for (const auto& theta : thetas_) {
      const auto end_of_potential = theta.begin() + unknowns_.potentials(),
                 end_of_interaction = end_of_potential + unknowns_.interactions();
      potential.emplace_back(theta.begin(), end_of_potential);
      interaction.emplace_back(end_of_potential, end_of_interaction);
      if (options_.entropy) fit.energy.entropy.push_back(theta.back());
    }
    if (options_.potential) fit.energy.potential = {unknowns_.potential, potential};
    if (options_.interaction) fit.energy.interaction = {unknowns_.interaction, interaction};
    return fit;
  }

 private:
  void take(LeastSquares solution) {
    for (Real& value : solution.theta) value /= mean_tau_;
    for (const auto& direction : solution.null_directions)
      fit_.null_directions.push_back(options_.time && transitions_.size() > 1
                                         ? fmt::format("transition {}: {}", thetas_.size(), direction)
                                         : direction);
    thetas_.push_back(std::move(solution.theta));
    fit_.loss += solution.residual;
    fit_.rank = std::min(fit_.rank, solution.rank);
    fit_.condition = std::max(fit_.condition, solution.condition);
  }

  LinearModelOptions options_;
  const std::vector<Transition>& transitions_;
  Communicator comm_;
  Unknowns unknowns_;
  Real mean_tau_ = 0;
  LinearFit fit_;  // of what is solved; the energy's coefficients are in thetas_
  std::vector<std::vector<Real>> thetas_;
  std::vector<Real> gram_;
  std::size_t done_ = 0;
};

LinearRegression::LinearRegression(const LinearModelOptions& options, const std::vector<Real>& times,
                                   const std::vector<Transition>& transitions, const Communicator& comm,
                                   const RunOptions& run)
    : solver_(std::make_unique<Solver>(options, times, transitions, comm, run)) {}

LinearRegression::~LinearRegression() = default;

bool LinearRegression::all_done() const {
  return solver_->all_done();
}

void LinearRegression::advance() {
  solver_->advance();
}

void LinearRegression::save(Hdf5File& file) const {
  solver_->save(file);
}

void LinearRegression::restore(const Hdf5File& file) {
  solver_->restore(file);
}

LinearFit LinearRegression::result() const {
  return solver_->result();
}

LinearFit fit_linear_model(const LinearModelOptions& options, const std::vector<Real>& times,
                           const std::vector<Transition>& transitions, const Communicator& comm,
                           const RunOptions& run) {
  LinearRegression regression(options, times, transitions, comm, run);
  while (!regression.all_done()) regression.advance();
  return regression.result();
}

}  // namespace weir
