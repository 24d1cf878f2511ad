// Energies of (x, z): gradients against differences.
#include "methods/latent_ebm/LatentEnergy.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "weir/parallel/Random.hpp"

namespace weir {
namespace {

constexpr Index columns = 5;
constexpr EnergyShape shape{3, 2};
constexpr Real change = 1e-6, weight = 0.7;

LatentEnergyOptions network(Real penalty) {
  LatentEnergyOptions options;
  options.kind.emplace<EnergyNetworkOptions>().hidden = {7, 5};
  options.confinement = {0.3, 0.8};
  options.magnitude_penalty = penalty;
  return options;
}

LatentEnergyOptions linear_gaussian(bool mean) {
  LatentEnergyOptions options;
  auto& linear = options.kind.emplace<LinearGaussianOptions>();
  linear.noise = 0.6;
  linear.mean = mean;
  return options;
}

/// An energy, its parameters and some columns.
struct Example {
  std::unique_ptr<LatentEnergy<double>> energy;
  Vector<double> theta;
  Matrix<double> v;

  explicit Example(const LatentEnergyOptions& options)
      : energy(LatentEnergy<double>::make(options, shape, columns)),
        theta("theta", energy->parameters()),
        v("v", shape.components(), columns) {
    initialise_energy(options, shape, 3, theta);
    fill_normals(v, Random(2, Stream::initial_ensemble), 0, 0);
  }
  std::vector<Real> energies() {
    Vector<double> values("energies", columns);
    energy->evaluate(theta, v, {}, values);
    Kokkos::fence();
    return {values.data(), values.data() + columns};
  }
};

TEST(LatentEnergy, SlopesAreThoseOfDifferences) {
  for (const auto& options : {network(0), linear_gaussian(true), linear_gaussian(false)}) {
    Example example(options);
    Matrix<double> slope("slope", shape.components(), columns);
    Vector<double> values("energies", columns);
    example.energy->evaluate(example.theta, example.v, slope, values);
    Kokkos::fence();
    for (Index c = 0; c < shape.components(); ++c)
      for (Index i = 0; i < columns; ++i) {
        const Real at = example.v(c, i);
        example.v(c, i) = at + change;
        const Real above = example.energies()[std::size_t(i)];
        example.v(c, i) = at - change;
        const Real below = example.energies()[std::size_t(i)];
        example.v(c, i) = at;
        EXPECT_NEAR(slope(c, i), (above - below) / (2 * change), 1e-7);
      }
  }
}

// sum_i weight E(v_i) + penalty / 2 f(v_i)^2, of which theta_bar is the gradient; f is E less the
// confinement.
TEST(LatentEnergy, GradientsByParametersAreThoseOfDifferences) {
  for (const Real penalty : {0., 0.4})
    for (const auto& options : {network(penalty), linear_gaussian(true)}) {
      if (penalty > 0 && !options.is_network()) continue;
      Example example(options);
      const auto sum = [&] {
        const auto energies = example.energies();
        Real total = 0;
        for (Index i = 0; i < columns; ++i) {
          Real confinement = 0;
          for (Index c = 0; c < shape.components(); ++c)
            confinement += 0.5 * (c < shape.data ? 0.3 : 0.8) * example.v(c, i) * example.v(c, i);
          const Real f = energies[std::size_t(i)] - confinement;
          total += weight * energies[std::size_t(i)] + penalty / 2 * f * f;
        }
        return total;
      };
      Vector<double> theta_bar("theta_bar", example.energy->parameters()), values("energies", columns);
      example.energy->parameter_gradient(example.theta, example.v, weight, penalty, theta_bar, values);
      Kokkos::fence();
      for (Index k = 0; k < example.energy->parameters(); ++k) {
        const Real at = example.theta(k);
        example.theta(k) = at + change;
        const Real above = sum();
        example.theta(k) = at - change;
        const Real below = sum();
        example.theta(k) = at;
        EXPECT_NEAR(theta_bar(k), (above - below) / (2 * change), 1e-6) << k;
      }
    }
}

}  // namespace
}  // namespace weir
