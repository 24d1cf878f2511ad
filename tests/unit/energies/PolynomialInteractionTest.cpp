// Interactions that are polynomials of x - y go through moments, and are the sums over pairs.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "weir/energies/Interaction.hpp"
#include "weir/energies/LearnedEnergy.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/parallel/Counters.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {
namespace {

constexpr Index count = 53;

Ensemble drawn(const Communicator& comm, Index components, Real shift) {
  Ensemble ensemble(comm, count, components, 8);
  fill_normals(ensemble.x, Random(7, Stream::initial_ensemble), ensemble.partition.first_particle(), 0);
  for (Index i = 0; i < ensemble.partition.local_particles(); ++i)
    for (Index c = 0; c < components; ++c) ensemble.x(c, i) = 0.7 * ensemble.x(c, i) + shift;
  return ensemble;
}

/// W(r), and its gradient in g.
using Kernel = std::function<Real(const Real* r, Real* g)>;
using Make = std::function<std::unique_ptr<Interaction>(const Communicator&, const Partition&)>;

/// Against plain sums over pairs, and bit by bit against one rank.
void expect_pair_sums(const Make& make, const Kernel& kernel, Index d, Real t, Real shift, Real tolerance) {
  const Communicator comm, self(MPI_COMM_SELF);
  const auto ensemble = drawn(comm, d, shift), whole = drawn(self, d, shift);
  const auto spread = make(comm, ensemble.partition), alone = make(self, whole.partition);
  Matrix<Real> gradient("gradient", d, ensemble.partition.local_particles()), same("same", d, count);
  Kokkos::deep_copy(gradient, 1);  // what is there is added to
  Kokkos::deep_copy(same, 1);
  const Index pairs = counters().pairs;
  spread->add_gradient(ensemble.x, t, -2, gradient);
  alone->add_gradient(whole.x, t, -2, same);
  const Real found = spread->energy(ensemble.x, t);
  EXPECT_EQ(found, alone->energy(whole.x, t));
  EXPECT_EQ(counters().pairs, pairs);
  Real energy = 0, size = 0;
  for (Index i = 0; i < count; ++i) {
    std::vector<Real> expected(d, 0), r(d), g(d);
    for (Index j = 0; j < count; ++j) {
      for (Index c = 0; c < d; ++c) r[c] = whole.x(c, i) - whole.x(c, j);
      const Real value = kernel(r.data(), g.data());
      energy += value / Real(2 * count * count);
      size += std::fabs(value) / Real(2 * count * count);
      for (Index c = 0; c < d; ++c) expected[c] += g[c] / Real(count);
    }
    const Index local = i - ensemble.partition.first_particle();
    if (local < 0 || local >= ensemble.partition.local_particles()) continue;
    for (Index c = 0; c < d; ++c) {
      EXPECT_NEAR(gradient(c, local), 1 - 2 * expected[c], tolerance * (1 + std::fabs(expected[c])));
      EXPECT_EQ(gradient(c, local), same(c, i));
    }
  }
  EXPECT_NEAR(found, energy, tolerance * (1 + size));
}

TEST(PolynomialInteractionParallel, FunctionalsAreSumsOverPairs) {
  for (const std::string name : {"sphere", "flat", "styblinski_tang"})
    for (const Index d : {1, 2, 5}) {
      const InteractionOptions options{FunctionalOptions{name}, name};
      EXPECT_FALSE(through_pairs(options));
      const Kernel kernel = [&](const Real* r, Real* g) {
        Real value = 0;
        std::fill(g, g + d, 0);
        functionals::with_name(name, [&](auto functional) {
          value = functional.value(int(d), r);
          functional.add_gradient(int(d), r, 1, g);
        });
        return value;
      };
      const Make make = [&](const Communicator& comm, const Partition& partition) {
        return make_interaction(options, comm, partition, d, false);
      };
      expect_pair_sums(make, kernel, d, 0, 0.3, 1e-12);
      expect_pair_sums(make, kernel, d, 0, 1e4, 1e-9);  // far from the origin: moments are about the mean
    }
}

// Pair sums take up to 128 components.
TEST(PolynomialInteraction, TakesAnyNumberOfDimensions) {
  const Communicator self(MPI_COMM_SELF);
  const auto ensemble = drawn(self, 300, 0);
  const auto sphere =
      make_interaction({FunctionalOptions{"sphere"}, ""}, self, ensemble.partition, 300, false);
  Matrix<Real> gradient("gradient", 300, count);
  sphere->add_gradient(ensemble.x, 0, 1, gradient);
  Real mean = 0;
  for (Index i = 0; i < count; ++i) mean += ensemble.x(299, i) / Real(count);
  EXPECT_NEAR(gradient(299, 5), -20 * (ensemble.x(299, 5) - mean), 1e-12);
}

/// Two transitions with coefficients of both signs, odd powers among them.
std::shared_ptr<LearnedEnergy> learned(Index d, const PolynomialOptions& polynomial) {
  FeatureOptions features;
  features.polynomial = polynomial;
  auto energy = std::make_shared<LearnedEnergy>();
  energy->dimension = d;
  energy->times = {0, 1};
  energy->interaction = LearnedEnergy::Expansion{make_features(features, d, {}), {}};
  for (int row = 0; row < 2; ++row) {
    energy->interaction->theta.emplace_back();
    for (int k = 0; k < energy->interaction->basis.size(); ++k)
      energy->interaction->theta.back().push_back(std::cos(1. + 3 * k + row) / (1 + k));
  }
  return energy;
}

TEST(PolynomialInteractionParallel, LearnedOnesAreSumsOverPairs) {
  for (const auto& [d, polynomial] : {std::pair(Index(1), PolynomialOptions{5, "total", false}),
                                      std::pair(Index(2), PolynomialOptions{4, "tensor", false}),
                                      std::pair(Index(3), PolynomialOptions{3, "total", false}),
                                      std::pair(Index(3), PolynomialOptions{4, "tensor", false})}) {
    const auto energy = learned(d, polynomial);
    const auto& expansion = *energy->interaction;
    EXPECT_FALSE(through_pairs(expansion.basis));
    for (const int row : {0, 1}) {
      const Kernel kernel = [&, dimension = d](const Real* r, Real* g) {
        Real value = 0;
        std::vector<Real> slope(dimension);
        std::fill(g, g + dimension, 0);
        for (int k = 0; k < expansion.basis.size(); ++k) {
          value += expansion.theta[row][k] * expansion.basis.value_and_gradient(k, r, slope.data());
          for (Index c = 0; c < dimension; ++c) g[c] += expansion.theta[row][k] * slope[c];
        }
        return value;
      };
      const Make make = [&](const Communicator& comm, const Partition& partition) {
        return make_learned_interaction(energy, comm, partition, false);
      };
      expect_pair_sums(make, kernel, d, Real(row), 0.3, 1e-11);
      expect_pair_sums(make, kernel, d, Real(row), 1000, 1e-9);
    }
  }
}

TEST(PolynomialInteraction, OtherFeaturesGoThroughPairs) {
  FeatureOptions options;
  options.polynomial = PolynomialOptions{4, "tensor", true};
  EXPECT_TRUE(through_pairs(make_features(options, 2, {})));
  options.polynomial = PolynomialOptions{20, "total", false};  // loses digits
  EXPECT_TRUE(through_pairs(make_features(options, 2, {})));
  options.polynomial->degree = 2;
  EXPECT_FALSE(through_pairs(make_features(options, 2, {})));
  options.radial.emplace();
  options.radial->centres.at = GridCentres{3};
  EXPECT_TRUE(through_pairs(make_features(options, 2, {})));
}

}  // namespace
}  // namespace weir
