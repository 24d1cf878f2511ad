#include "weir/energies/FreeEnergy.hpp"

#include "weir/base/Error.hpp"
#include "weir/ensemble/GaussianKernel.hpp"
#include "weir/ensemble/Moments.hpp"

namespace weir {

FreeEnergy::FreeEnergy(const EnergyOptions& options, const Communicator& comm, const Partition& partition,
                       Index dimension, bool single, const MatrixRef<const Real>& initial)
    : particles_(partition.particles()),
      tiles_(partition.local()),
      total_(comm, partition, 1),
      local_particles_(partition.local_particles()) {
  Problems problems;
  for (const auto& term : options.potential) problems.collect([&] { add(make_potential(term, dimension)); });
  for (const auto& term : options.interaction)
    problems.collect([&] { add(make_interaction(term, comm, partition, dimension, single)); });

  const auto make_blob = [&](Real coefficient, Real exponent, const std::optional<Real>& bandwidth,
                             const char* key) {
    if (dimension + 1 > most_pair_components)
      throw InputError(options.where + "." + key,
                       fmt::format("the blob flow takes up to {} dimensions, the ensemble has {}",
                                   most_pair_components - 1, dimension));
    const Real width = bandwidth
                           ? *bandwidth
                           : silverman_bandwidth(particles_, dimension,
                                                 Moments(comm, partition, dimension).mean_variance(initial));
    if (!(width > 0))
      throw InputError(options.where + "." + key + ".bandwidth",
                       "the initial ensemble has no spread to take a bandwidth from; give one above 0");
    return std::make_unique<BlobEnergy>(comm, partition, dimension, coefficient, exponent, width, single);
  };
  const bool by_noise = options.entropy.by == "noise";
  if (by_noise)
    temperature_ = options.entropy.coefficient;
  else if (options.entropy.coefficient > 0)
    problems.collect([&] {
      blobs_.push_back(make_blob(options.entropy.coefficient, 1, options.entropy.bandwidth, "entropy"));
    });
  problems.collect([&] {
    if (!options.learned) return;
    const auto learned = read_learned_energy(*options.learned, comm, dimension, options.where + ".learned");
    add(learned, comm, partition, single);
    if (!learned.entropy.empty() && !by_noise)
      learned_entropy_ = make_blob(1, 1, options.entropy.bandwidth, "entropy");
  });
  problems.collect([&] {
    if (options.power)
      blobs_.push_back(
          make_blob(options.power->coefficient, options.power->exponent, options.power->bandwidth, "power"));
  });
  problems.raise();
}

void FreeEnergy::add(const LearnedEnergy& energy, const Communicator& comm, const Partition& partition,
                     bool single) {
  learned_ = std::make_shared<const LearnedEnergy>(energy);
  if (learned_->potential || learned_->potential_network)
    add(make_learned_potential(learned_, partition.tile_size()));
  if (learned_->interaction || learned_->interaction_network)
    add(make_learned_interaction(learned_, comm, partition, single));
}

Real FreeEnergy::temperature(Real t) const {
  return temperature_ + (learned_ && !learned_entropy_ ? learned_->temperature(t) : 0);
}

Real FreeEnergy::largest_temperature(Real start, Real end) const {
  return temperature_ + (learned_ && !learned_entropy_ ? learned_->largest_temperature(start, end) : 0);
}

void FreeEnergy::add(std::unique_ptr<Interaction> interaction) {
  if (auto* moments = dynamic_cast<MomentInteraction*>(interaction.get()))
    through_moments_.push_back(moments);
  interactions_.push_back(std::move(interaction));
}

bool FreeEnergy::is_pointwise() const {
  return through_moments_.size() == interactions_.size() && blobs_.empty() && !learned_entropy_;
}

void FreeEnergy::find_moments(Real t, const MatrixRef<const Real>& x) {
  for (auto* interaction : through_moments_) interaction->find_moments(x, t);
}

void FreeEnergy::velocity_of(const LocalTiles& tiles, Real t, const MatrixRef<const Real>& x,
                             const MatrixRef<Real>& v) {
  Kokkos::deep_copy(v, 0);
  for (const auto& potential : potentials_) potential->add_gradient(tiles, x, t, -1, v);
  for (auto* interaction : through_moments_) interaction->add_gradient_of(tiles, x, -1, v);
}

void FreeEnergy::velocity(Real t, const MatrixRef<const Real>& x, const MatrixRef<Real>& v) {
  Kokkos::deep_copy(v, 0);
  for (const auto& potential : potentials_) potential->add_gradient(tiles_, x, t, -1, v);
  for (const auto& interaction : interactions_) interaction->add_gradient(x, t, -1, v);
  for (const auto& blob : blobs_) blob->add_gradient(x, -1, v);
  if (learned_entropy_ && learned_->temperature(t) > 0)
    learned_entropy_->add_gradient(x, -learned_->temperature(t), v);
}

FreeEnergy::Parts FreeEnergy::energy(Real t, const MatrixRef<const Real>& x) {
  Parts parts;
  if (!potentials_.empty()) {
    if (values_.extent(0) == 0) values_ = Vector<Real>("Weir::FreeEnergy::values", local_particles_);
    Kokkos::deep_copy(values_, 0);
    for (const auto& potential : potentials_) potential->add_value(tiles_, x, t, values_);
    const auto values = values_;
    parts.potential = total_(
                          "Weir::FreeEnergy::potential", "the potential energy",
                          KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
                            for (Index i = tile.first; i < tile.first + tile.count; ++i)
                              partial[0] += values(i);
                          })[0] /
                      Real(particles_);
  }
  for (const auto& interaction : interactions_) parts.interaction += interaction->energy(x, t);
  for (const auto& blob : blobs_) parts.internal += blob->energy(x);
  if (learned_entropy_) parts.internal += learned_->temperature(t) * learned_entropy_->energy(x);
  return parts;
}

}  // namespace weir
