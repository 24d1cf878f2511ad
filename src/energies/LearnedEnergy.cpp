#include "weir/energies/LearnedEnergy.hpp"

#include <algorithm>
#include <filesystem>

#include "energies/PairInteraction.hpp"
#include "energies/PointwisePotential.hpp"
#include "energies/PolynomialInteraction.hpp"
#include "weir/base/Error.hpp"
#include "weir/base/Hdf5File.hpp"
#include "weir/energies/EnergyOptions.hpp"
#include "weir/energies/NetworkEnergy.hpp"

namespace weir {

namespace {

constexpr int most_features_dimension = int(most_pair_components);

/// theta . phi at a point.
struct ExpansionFunctor {
  FeatureBasis basis;
  Vector<Real> theta;
  KOKKOS_INLINE_FUNCTION Real value(int, const Real* x) const {
    Real g[most_features_dimension], sum = 0;
    for (int k = 0; k < basis.size(); ++k) sum += theta(k) * basis.value_and_gradient(k, x, g);
    return sum;
  }
  KOKKOS_INLINE_FUNCTION void add_gradient(int d, const Real* x, Real factor, Real* out) const {
    Real g[most_features_dimension];
    for (int k = 0; k < basis.size(); ++k) {
      basis.value_and_gradient(k, x, g);
      const Real weight = factor * theta(k);
      for (int c = 0; c < d; ++c) out[c] += weight * g[c];
    }
  }
};

class LearnedPotential : public Potential {
 public:
  explicit LearnedPotential(std::shared_ptr<const LearnedEnergy> energy) : energy_(std::move(energy)) {
    for (const auto& theta : energy_->potential->theta)
      rows_.emplace_back(
          ExpansionFunctor{energy_->potential->basis, on_device(theta, "Weir::LearnedPotential::theta")});
  }
  void add_value(const LocalTiles& tiles, const MatrixRef<const Real>& x, Real t,
                 const VectorRef<Real>& values) const override {
    at(t).add_value(tiles, x, t, values);
  }
  void add_gradient(const LocalTiles& tiles, const MatrixRef<const Real>& x, Real t, Real factor,
                    const MatrixRef<Real>& out) const override {
    at(t).add_gradient(tiles, x, t, factor, out);
  }

 private:
  const PointwisePotential<ExpansionFunctor>& at(Real t) const {
    return rows_[energy_->row(t, Index(rows_.size()))];
  }
  std::shared_ptr<const LearnedEnergy> energy_;
  std::vector<PointwisePotential<ExpansionFunctor>> rows_;
};

class PotentialSum : public Potential {
 public:
  explicit PotentialSum(std::vector<std::unique_ptr<Potential>> terms) : terms_(std::move(terms)) {}
  void add_value(const LocalTiles& tiles, const MatrixRef<const Real>& x, Real t,
                 const VectorRef<Real>& values) const override {
    for (const auto& term : terms_) term->add_value(tiles, x, t, values);
  }
  void add_gradient(const LocalTiles& tiles, const MatrixRef<const Real>& x, Real t, Real factor,
                    const MatrixRef<Real>& out) const override {
    for (const auto& term : terms_) term->add_gradient(tiles, x, t, factor, out);
  }

 private:
  std::vector<std::unique_ptr<Potential>> terms_;
};

/// Pair kernels of theta . phi, for any number type.
struct ExpansionGradient {
  static constexpr bool in_packs = true;
  ExpansionFunctor expansion;
  template <class N, class Dimension>
  KOKKOS_INLINE_FUNCTION void operator()(Dimension d, const N* r, const N*, N* sums) const {
    using T = typename NumberTraits<N>::Scalar;
    N g[most_features_dimension];
    for (int k = 0; k < expansion.basis.size(); ++k) {
      expansion.basis.value_and_gradient(k, r, g);
      const N weight = N(T(expansion.theta(k)));
      for (int c = 0; c < d; ++c) sums[c] += weight * g[c];
    }
  }
};
struct ExpansionValue {
  static constexpr bool in_packs = true;
  ExpansionFunctor expansion;
  template <class N, class Dimension>
  KOKKOS_INLINE_FUNCTION void operator()(Dimension, const N* r, const N*, N* sums) const {
    using T = typename NumberTraits<N>::Scalar;
    N g[most_features_dimension];
    for (int k = 0; k < expansion.basis.size(); ++k)
      sums[0] += N(T(expansion.theta(k))) * expansion.basis.value_and_gradient(k, r, g);
  }
};

class LearnedInteraction : public Interaction {
 public:
  LearnedInteraction(std::shared_ptr<const LearnedEnergy> energy, const Communicator& comm,
                     const Partition& partition)
      : energy_(std::move(energy)) {
    for (const auto& theta : energy_->interaction->theta) {
      const ExpansionFunctor expansion{energy_->interaction->basis,
                                       on_device(theta, "Weir::LearnedInteraction::theta")};
      rows_.push_back(std::make_unique<PairInteraction<double, ExpansionGradient, ExpansionValue>>(
          comm, partition, energy_->dimension, ExpansionGradient{expansion}, ExpansionValue{expansion}));
    }
  }
  void add_gradient(const MatrixRef<const Real>& x, Real t, Real factor,
                    const MatrixRef<Real>& out) override {
    at(t).add_gradient(x, t, factor, out);
  }
  Real energy(const MatrixRef<const Real>& x, Real t) override { return at(t).energy(x, t); }

 private:
  Interaction& at(Real t) { return *rows_[energy_->row(t, Index(rows_.size()))]; }
  std::shared_ptr<const LearnedEnergy> energy_;
  std::vector<std::unique_ptr<Interaction>> rows_;
};

std::vector<Monomial> monomials_of(const FeatureBasis& basis) {
  const auto exponents = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), basis.exponents);
  std::vector<Monomial> monomials(basis.monomials());
  for (int k = 0; k < basis.monomials(); ++k)
    for (int c = 0; c < basis.dimension; ++c) monomials[k].insert(monomials[k].end(), exponents(c, k), c);
  return monomials;
}

/// theta . phi of monomials alone.
class LearnedPolynomial : public MomentInteraction {
 public:
  LearnedPolynomial(std::shared_ptr<const LearnedEnergy> energy, const Communicator& comm,
                    const Partition& partition)
      : MomentInteraction(partition),
        energy_(std::move(energy)),
        polynomial_(comm, partition, energy_->dimension,
                    {monomials_of(energy_->interaction->basis), energy_->interaction->theta.front()}) {}
  void find_moments(const MatrixRef<const Real>& x, Real t) override { at(t).find_moments(x, t); }
  void add_gradient_of(const LocalTiles& tiles, const MatrixRef<const Real>& x, Real factor,
                       const MatrixRef<Real>& out) override {
    polynomial_.add_gradient_of(tiles, x, factor, out);
  }
  Real energy(const MatrixRef<const Real>& x, Real t) override { return at(t).energy(x, t); }

 private:
  PolynomialInteraction& at(Real t) {
    const auto& theta = energy_->interaction->theta;
    polynomial_.use(theta[energy_->row(t, Index(theta.size()))]);
    return polynomial_;
  }
  std::shared_ptr<const LearnedEnergy> energy_;
  PolynomialInteraction polynomial_;
};

/// sums(k d + c) += d phi_{first + k} / d x_c
struct FeatureGradients {
  static constexpr bool in_packs = true;
  static constexpr int most_outputs = most_features_dimension;
  FeatureBasis basis;
  int first, count;
  template <class N, class Dimension>
  KOKKOS_INLINE_FUNCTION void operator()(Dimension d, const N* r, const N*, N* sums) const {
    N g[most_features_dimension];
    for (int k = 0; k < count; ++k) {
      basis.value_and_gradient(first + k, r, g);
      for (int c = 0; c < d; ++c) sums[k * d + c] += g[c];
    }
  }
};

void write_expansion(Hdf5File& file, const std::string& top, const std::string& name,
                     const std::string& features, const LearnedEnergy::Expansion& expansion) {
  const FeatureBasis& basis = expansion.basis;
  std::vector<Real> theta;
  for (const auto& row : expansion.theta) theta.insert(theta.end(), row.begin(), row.end());
  file.write(top + "/" + name, theta, {Index(expansion.theta.size()), basis.size()});
  file.write_strings(top + "/" + features, feature_names(basis));
  const auto exponents = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), basis.exponents);
  const auto centres = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), basis.centres);
  const std::string group = top + "/basis/" + name;
  file.write(group + "/exponents", {exponents.data(), exponents.data() + exponents.size()},
             {Index(exponents.extent(1)), basis.dimension});
  file.write(group + "/centres", {centres.data(), centres.data() + centres.size()},
             {Index(centres.extent(1)), basis.dimension});
  file.set_attribute(group, "trigonometric", Real(basis.trigonometric));
  file.set_attribute(group, "length", basis.length);
  file.set_attribute(group, "profile", Real(basis.profile));
}

std::optional<LearnedEnergy::Expansion> read_expansion(const Hdf5File& file, const std::string& top,
                                                       const std::string& name, Index dimension) {
  if (!file.has(top + "/" + name)) return {};
  LearnedEnergy::Expansion expansion;
  FeatureBasis& basis = expansion.basis;
  const std::string group = top + "/basis/" + name;
  basis.dimension = int(dimension);
  basis.trigonometric = file.attribute(group, "trigonometric") != 0;
  basis.length = file.attribute(group, "length");
  basis.profile = FeatureBasis::Profile(int(file.attribute(group, "profile")));
  const auto exponents = file.read(group + "/exponents"), centres = file.read(group + "/centres");
  basis.exponents =
      decltype(basis.exponents)("Weir::FeatureBasis::exponents", dimension, exponents.size() / dimension);
  basis.centres = Matrix<Real>("Weir::FeatureBasis::centres", dimension, centres.size() / dimension);
  const auto host_exponents = Kokkos::create_mirror_view(basis.exponents);
  const auto host_centres = Kokkos::create_mirror_view(basis.centres);
  for (std::size_t k = 0; k < exponents.size(); ++k) {
    host_exponents.data()[k] = int(exponents[k]);
  }
  std::copy(centres.begin(), centres.end(), host_centres.data());
  Kokkos::deep_copy(basis.exponents, host_exponents);
  Kokkos::deep_copy(basis.centres, host_centres);
  const auto theta = file.read(top + "/" + name);
  const auto shape = file.shape(top + "/" + name);
  const Index rows = shape.at(0), columns = shape.at(1);
  for (Index r = 0; r < rows; ++r)
    expansion.theta.emplace_back(theta.begin() + r * columns, theta.begin() + (r + 1) * columns);
  return expansion;
}

}  // namespace

Index LearnedEnergy::potentials() const {
  const Index networks = !potential_network ? 0 : potential_network->shape.time ? Index(times.size()) : 1;
  return std::max(networks, potential ? Index(potential->theta.size()) : 0);
}

Index LearnedEnergy::row(Real t, Index rows) const {
  if (rows <= 1) return 0;
  // A time that rounding put just before the start of a transition belongs to it.
  const Real slack = 1e-9 * (times.back() - times.front());
  const auto after = std::upper_bound(times.begin(), times.end(), t + slack);
  return std::clamp(Index(after - times.begin()) - 1, Index(0), rows - 1);
}

Real LearnedEnergy::temperature(Real t) const {
  return entropy.empty() ? 0 : std::max(entropy[row(t, Index(entropy.size()))], Real(0));
}

Real LearnedEnergy::largest_temperature(Real start, Real end) const {
  Real largest = temperature(start);
  for (std::size_t r = 0; entropy.size() > 1 && r < entropy.size(); ++r)
    if (times[r] > start && times[r] < end - 1e-9 * (times.back() - times.front()))
      largest = std::max(largest, entropy[r]);
  return largest;
}

void LearnedEnergy::write(Hdf5File& file, const std::string& group) const {
  file.write(group + "/times", times, {Index(times.size())});
  file.set_attribute(group.empty() ? "/" : group, "dimension", Real(dimension));
  if (potential) write_expansion(file, group, "potential", "features", *potential);
  if (interaction) write_expansion(file, group, "interaction", "interaction_features", *interaction);
  if (potential_network) write_network(file, group + "/networks/potential", *potential_network);
  if (interaction_network) write_network(file, group + "/networks/interaction", *interaction_network);
  if (!entropy.empty()) file.write(group + "/entropy", entropy, {Index(entropy.size())});
}

LearnedEnergy LearnedEnergy::read(const Hdf5File& file, const std::string& where, const std::string& group) {
  LearnedEnergy energy;
  energy.dimension = Index(file.attribute(group.empty() ? "/" : group, "dimension"));
  energy.times = file.read(group + "/times");
  energy.potential = read_expansion(file, group, "potential", energy.dimension);
  energy.interaction = read_expansion(file, group, "interaction", energy.dimension);
  if (file.has(group + "/networks/potential"))
    energy.potential_network = read_network(file, group + "/networks/potential", where);
  if (file.has(group + "/networks/interaction"))
    energy.interaction_network = read_network(file, group + "/networks/interaction", where);
  if (file.has(group + "/entropy")) energy.entropy = file.read(group + "/entropy");
  return energy;
}

LearnedEnergy read_learned_energy(const LearnedOptions& options, const Communicator& comm, Index dimension,
                                  const std::string& where) {
  const std::string& path = options.path.path;
  comm.agree([&] {
    if (comm.is_root() && !std::filesystem::exists(path))
      throw InputError(where, fmt::format("there is no file {}", path));
    if (comm.is_root() && std::filesystem::is_directory(path))
      throw InputError(where, fmt::format("{0} is a folder; allowed: a file, such as {0}/energies.h5", path));
  });
  LearnedEnergy energy;
  try {
    energy = LearnedEnergy::read(Hdf5File(path, comm.mpi(), Hdf5File::Access::read), where);
  } catch (const LibraryError& error) {
    throw InputError(where, fmt::format("{} is not an energies.h5 that Weir wrote ({})", path, error.what()));
  }
  if (energy.dimension != dimension)
    throw InputError(where, fmt::format("{} was learned in {} dimensions, the ensemble has {}", path,
                                        energy.dimension, dimension));
  if (!options.potential) energy.potential.reset(), energy.potential_network.reset();
  if (!options.interaction) energy.interaction.reset(), energy.interaction_network.reset();
  if (!options.entropy) energy.entropy.clear();
  if (!energy.potential && !energy.potential_network && !energy.interaction && !energy.interaction_network &&
      energy.entropy.empty())
    throw InputError(where,
                     fmt::format("{} has no other part than those that are left out; leave out fewer, or "
                                 "`learned`",
                                 path));
  return energy;
}

std::unique_ptr<Potential> make_learned_potential(std::shared_ptr<const LearnedEnergy> energy,
                                                  Index tile_size) {
  std::vector<std::unique_ptr<Potential>> terms;
  if (energy->potential_network)
    terms.push_back(make_network_potential(*energy->potential_network, energy->dimension, tile_size, false,
                                           "/networks/potential"));
  if (energy->potential) terms.push_back(std::make_unique<LearnedPotential>(std::move(energy)));
  return std::make_unique<PotentialSum>(std::move(terms));
}
std::unique_ptr<Interaction> make_learned_interaction(std::shared_ptr<const LearnedEnergy> energy,
                                                      const Communicator& comm, const Partition& partition,
                                                      bool single) {
  if (energy->interaction_network)
    return make_network_interaction(*energy->interaction_network, comm, partition, energy->dimension, single,
                                    "/networks/interaction");
  if (!through_pairs(energy->interaction->basis))
    return std::make_unique<LearnedPolynomial>(std::move(energy), comm, partition);
  return std::make_unique<LearnedInteraction>(std::move(energy), comm, partition);
}

bool through_pairs(const FeatureBasis& basis) {
  if (basis.trigonometric || basis.centres.extent(1) > 0) return true;
  for (const Monomial& monomial : monomials_of(basis))
    if (int(monomial.size()) > most_polynomial_degree) return true;
  return false;
}

std::vector<Index> moment_sums(const FeatureBasis& basis) {
  return moment_sums(monomials_of(basis), basis.dimension);
}

void mean_feature_gradients(const FeatureBasis& basis, int first, int count, const Communicator& comm,
                            const Partition& partition, const MatrixRef<const Real>& x,
                            const MatrixRef<Real>& gradients) {
  PairSum<double> pairs(comm, partition, partition, basis.dimension);
  pairs("Weir::mean_feature_gradients", FeatureGradients{basis, first, count}, x, x, {}, gradients);
  const Real scale = 1 / Real(partition.particles());
  const Index rows = Index(gradients.extent(0));
  for_each_tile(
      "Weir::mean_feature_gradients::scale", partition.local(), KOKKOS_LAMBDA(const Tile& tile) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index k = 0; k < rows; ++k) gradients(k, i) *= scale;
      });
}

}  // namespace weir
