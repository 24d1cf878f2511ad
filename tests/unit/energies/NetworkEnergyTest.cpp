#include "weir/energies/NetworkEnergy.hpp"

#include <gtest/gtest.h>

#include "networks/PlainNetwork.hpp"
#include "weir/base/Error.hpp"
#include "weir/energies/FreeEnergy.hpp"
#include "weir/energies/LearnedEnergy.hpp"
#include "weir/ensemble/Ensemble.hpp"

namespace weir {
namespace {

constexpr Index particles = 43, dimension = 2;
constexpr Real t = 0.4;

StoredNetwork some_network(bool time) {
  MlpShape shape;
  shape.inputs = dimension + Index(time);
  shape.hidden = {9, 9};
  shape.residual = true;
  shape.time = time;
  shape.frequencies = time ? 2 : 0;
  return {shape, some_parameters(shape)};
}

Ensemble drawn(const Communicator& comm) {
  Ensemble ensemble(comm, particles, dimension, 8);
  fill_normals(ensemble.x, Random(5, Stream::initial_ensemble), ensemble.partition.first_particle(), 0);
  return ensemble;
}

Real plain(const StoredNetwork& network, std::vector<double> x) {
  if (network.shape.time) x.push_back(t);
  return plain_value(network.shape, network.parameters, x)[0];
}
/// d / d x_c by five points
Real plain_slope(const StoredNetwork& network, const std::vector<double>& x, Index c) {
  const auto at = [&](Real offset) {
    auto moved = x;
    moved[std::size_t(c)] += offset;
    return plain(network, moved);
  };
  const Real h = 1e-3;
  return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
}

struct Found {
  Matrix<Real> gradient;
  Vector<Real> values;
  Real energy = 0;
};

Found potential_of(const Communicator& comm, const StoredNetwork& network, bool single) {
  const Ensemble ensemble = drawn(comm);
  const auto tiles = ensemble.partition.local();
  const auto potential = make_network_potential(network, dimension, 8, single, "potential");
  Found found{Matrix<Real>("gradient", dimension, ensemble.x.extent(1)),
              Vector<Real>("values", ensemble.x.extent(1))};
  potential->add_gradient(tiles, ensemble.x, t, -0.5, found.gradient);
  potential->add_gradient(tiles, ensemble.x, t, 1.5, found.gradient);
  potential->add_value(tiles, ensemble.x, t, found.values);
  return found;
}

Found interaction_of(const Communicator& comm, const StoredNetwork& network, bool single) {
  const Ensemble ensemble = drawn(comm);
  const auto interaction =
      make_network_interaction(network, comm, ensemble.partition, dimension, single, "interaction");
  Found found{Matrix<Real>("gradient", dimension, ensemble.x.extent(1)), Vector<Real>()};
  interaction->add_gradient(ensemble.x, t, 2, found.gradient);
  found.energy = interaction->energy(ensemble.x, t);
  return found;
}

TEST(NetworkEnergyParallel, PotentialIsThatOfPlainLoops) {
  const Communicator comm;
  const Ensemble ensemble = drawn(comm);
  for (const bool time : {false, true})
    for (const bool single : {false, true}) {
      const StoredNetwork network = some_network(time);
      const Found found = potential_of(comm, network, single);
      for (Index i = 0; i < Index(ensemble.x.extent(1)); ++i) {
        const std::vector<double> x{ensemble.x(0, i), ensemble.x(1, i)};
        EXPECT_NEAR(found.values(i), plain(network, x), single ? 1e-5 : 1e-12);
        for (Index c = 0; c < dimension; ++c)
          EXPECT_NEAR(found.gradient(c, i), plain_slope(network, x, c), single ? 1e-5 : 1e-8);
      }
    }
}

TEST(NetworkEnergyParallel, InteractionIsThatOfPlainLoops) {
  const Communicator comm;
  const Ensemble ensemble = drawn(comm), all = drawn(Communicator(MPI_COMM_SELF));
  for (const bool time : {false, true})
    for (const bool single : {false, true}) {
      const StoredNetwork network = some_network(time);
      const Found found = interaction_of(comm, network, single);
      const auto difference = [&](const Matrix<Real>& x, Index i, Index j) {
        return std::vector<double>{x(0, i) - all.x(0, j), x(1, i) - all.x(1, j)};
      };
      for (Index i = 0; i < Index(ensemble.x.extent(1)); ++i)
        for (Index c = 0; c < dimension; ++c) {
          Real sum = 0;
          for (Index j = 0; j < particles; ++j) {
            const auto r = difference(ensemble.x, i, j);
            sum += (plain_slope(network, r, c) - plain_slope(network, {-r[0], -r[1]}, c)) / 2;
          }
          EXPECT_NEAR(found.gradient(c, i), 2 * sum / particles, single ? 1e-5 : 1e-8);
        }
      Real energy = 0;
      for (Index i = 0; i < particles; ++i)
        for (Index j = 0; j < particles; ++j) energy += plain(network, difference(all.x, i, j));
      EXPECT_NEAR(found.energy, energy / (2. * particles * particles), single ? 1e-5 : 1e-12);
    }
}

TEST(NetworkEnergyParallel, IsTheSameOnAnyNumberOfRanks) {
  const Communicator comm, self(MPI_COMM_SELF);
  const Index first = drawn(comm).partition.first_particle();
  for (const bool single : {false, true}) {
    const StoredNetwork network = some_network(true);
    const Found potential = potential_of(comm, network, single),
                pairs = interaction_of(comm, network, single);
    const Found alone = potential_of(self, network, single),
                pairs_alone = interaction_of(self, network, single);
    for (Index i = 0; i < Index(potential.values.extent(0)); ++i) {
      EXPECT_EQ(potential.values(i), alone.values(first + i));
      for (Index c = 0; c < dimension; ++c) {
        EXPECT_EQ(potential.gradient(c, i), alone.gradient(c, first + i));
        EXPECT_EQ(pairs.gradient(c, i), pairs_alone.gradient(c, first + i));
      }
    }
    EXPECT_EQ(pairs.energy, pairs_alone.energy);
  }
}

TEST(NetworkEnergyParallel, AreTermsOfAFreeEnergy) {
  const Communicator comm;
  const Ensemble ensemble = drawn(comm);
  const StoredNetwork network = some_network(false);
  FreeEnergy energy(EnergyOptions(), comm, ensemble.partition, dimension, false, ensemble.x);
  energy.add(make_network_potential(network, dimension, 8, false, "potential"));
  energy.add(make_network_interaction(network, comm, ensemble.partition, dimension, false, "interaction"));
  const Matrix<Real> velocity("velocity", dimension, ensemble.x.extent(1));
  energy.velocity(0, ensemble.x, velocity);
  const Found potential = potential_of(comm, network, false), pairs = interaction_of(comm, network, false);
  for (Index i = 0; i < Index(ensemble.x.extent(1)); ++i)
    for (Index c = 0; c < dimension; ++c)
      EXPECT_NEAR(velocity(c, i), -potential.gradient(c, i) - pairs.gradient(c, i) / 2, 1e-12);
  const auto parts = energy.energy(0, ensemble.x);
  EXPECT_EQ(parts.interaction, pairs.energy);
  EXPECT_NE(parts.potential, 0);
}

// V = -2 x_0 + 3 x_1^2 + a network, as learned beside an entropy.
TEST(NetworkEnergy, LearnedPotentialsAddUp) {
  const Communicator self(MPI_COMM_SELF);
  auto energy = std::make_shared<LearnedEnergy>();
  energy->dimension = dimension;
  energy->times = {0, 1};
  energy->potential_network = some_network(false);
  LearnedEnergy::Expansion expansion;
  expansion.basis.dimension = int(dimension);
  expansion.basis.exponents = decltype(expansion.basis.exponents)("exponents", dimension, 2);
  expansion.basis.exponents(0, 0) = 1;
  expansion.basis.exponents(1, 1) = 2;
  expansion.theta = {{-2, 3}};
  energy->potential = expansion;
  EXPECT_EQ(energy->potentials(), 1);
  const Ensemble ensemble = drawn(self);
  const auto tiles = ensemble.partition.local();
  const auto potential = make_learned_potential(energy, 8);
  const Matrix<Real> gradient("gradient", dimension, particles);
  const Vector<Real> values("values", particles);
  potential->add_gradient(tiles, ensemble.x, 0, 1, gradient);
  potential->add_value(tiles, ensemble.x, 0, values);
  const Found network = potential_of(self, *energy->potential_network, false);
  for (Index i = 0; i < particles; ++i) {
    const Real y = ensemble.x(1, i);
    EXPECT_NEAR(values(i), network.values(i) - 2 * ensemble.x(0, i) + 3 * y * y, 1e-12);
    EXPECT_NEAR(gradient(0, i), network.gradient(0, i) - 2, 1e-12);
    EXPECT_NEAR(gradient(1, i), network.gradient(1, i) + 6 * y, 1e-12);
  }
}

TEST(NetworkEnergy, ParametersMayChange) {
  const Communicator self(MPI_COMM_SELF);
  const Ensemble ensemble = drawn(self);
  const StoredNetwork network = some_network(false);
  StoredNetwork zero = network;
  std::fill(zero.parameters.begin(), zero.parameters.end(), 0);
  const auto potential = make_network_potential(zero, dimension, 8, false, "potential");
  const Vector<Real> before("before", particles), after("after", particles);
  potential->add_value(ensemble.partition.local(), ensemble.x, 0, before);
  potential->set_parameters(vector_of<Real>(network.parameters));
  potential->add_value(ensemble.partition.local(), ensemble.x, 0, after);
  const Found expected = potential_of(self, network, false);
  for (Index i = 0; i < particles; ++i) {
    EXPECT_EQ(before(i), 0);
    EXPECT_EQ(after(i), expected.values(i));
  }
}

TEST(NetworkEnergy, NetworksThatDoNotFitAreInputErrors) {
  const auto message = [](const StoredNetwork& network, Index d) -> std::string {
    try {
      make_network_potential(network, d, 8, true, "energy.network");
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message(some_network(false), 3),
            "energy.network: the network takes 2 components, the ensemble has 3");
  EXPECT_EQ(message(some_network(true), 3),
            "energy.network: the network takes 2 components and a time, the ensemble has 3");
  StoredNetwork two;
  two.shape.outputs = 2;
  EXPECT_EQ(message(two, 1), "energy.network: an energy has one output, the network has 2");
}

}  // namespace
}  // namespace weir
