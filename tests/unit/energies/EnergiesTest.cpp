#include <gtest/gtest.h>

#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/energies/FreeEnergy.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {
namespace {

Ensemble drawn(const Communicator& comm, Index particles, Index components) {
  Ensemble ensemble(comm, particles, components, 8);
  fill_normals(ensemble.x, Random(5, Stream::initial_ensemble), ensemble.partition.first_particle(), 0);
  return ensemble;
}

std::vector<PotentialOptions> all_potentials(Index d) {
  std::vector<PotentialOptions> all;
  for (const auto& name : functionals::names()) all.push_back({FunctionalOptions{name}, name});
  QuadraticOptions quadratic;
  quadratic.centre = VectorValue(0.3);
  quadratic.stiffness.rows.assign(d, std::vector<Real>(d, 0.25));
  for (Index a = 0; a < d; ++a) quadratic.stiffness.rows[a][a] = 2 + Real(a);
  all.push_back({quadratic, "quadratic"});
  all.push_back({DoubleWellOptions{{1.5, 0.8}, VectorValue(0.2)}, "double_well"});
  all.push_back({GaussianOptions{{-2, 0.7}, VectorValue(-0.2)}, "gaussian"});
  all.push_back({MorseOptions{{1.2, 0.4, 0.9, 1.1}, VectorValue(0.1)}, "morse"});
  all.push_back({PowerLawOptions{{0.7, 2.5, 0}, VectorValue(0.4)}, "power_law"});
  return all;
}

TEST(Potential, GradientsAreThoseOfCentralDifferences) {
  const Communicator self(MPI_COMM_SELF);
  for (const Index d : {2, 3, 5}) {
    const auto ensemble = drawn(self, 19, d);
    for (Index i = 0; i < 19; ++i)
      for (Index c = 0; c < d; ++c)  // away from the kinks at 0, where differences see both sides
        if (std::fabs(ensemble.x(c, i)) < 0.1) ensemble.x(c, i) = 0.1;
    const auto tiles = ensemble.partition.local();
    for (const auto& options : all_potentials(d)) {
      const auto potential = make_potential(options, d);
      Matrix<Real> gradient("gradient", d, 19), moved("moved", d, 19);
      potential->add_gradient(tiles, ensemble.x, 0, 2, gradient);
      const Real h = 1e-5;
      for (Index c = 0; c < d; ++c) {
        Vector<Real> up("up", 19), down("down", 19);
        Kokkos::deep_copy(moved, ensemble.x);
        for (Index i = 0; i < 19; ++i) moved(c, i) += h;
        potential->add_value(tiles, moved, 0, up);
        for (Index i = 0; i < 19; ++i) moved(c, i) -= 2 * h;
        potential->add_value(tiles, moved, 0, down);
        for (Index i = 0; i < 19; ++i) {
          const Real expected = 2 * (up(i) - down(i)) / (2 * h);
          EXPECT_NEAR(gradient(c, i), expected, 2e-6 * (1 + std::fabs(expected) + std::fabs(up(i))))
              << options.where << " " << d;
        }
      }
    }
  }
}

// Hand-checked values at (1, 2).
TEST(Potential, ValuesOfNamedFunctionals) {
  const Communicator self(MPI_COMM_SELF);
  Ensemble ensemble(self, 1, 2, 8);
  ensemble.x(0, 0) = 1, ensemble.x(1, 0) = 2;
  const std::vector<std::pair<std::string, Real>> expected{
      {"styblinski_tang", 0.5 * ((1 - 16 + 5) + (16 - 64 + 10))},
      {"sphere", -50},
      {"relu", -150},
      {"flat", 0},
      {"wavy_plateau", (-1 + 0.5 - 3 + 1) + (1 + 8 - 12 + 1)},
      {"watershed", 0.1 * (1 + 6)},
      {"zigzag_ridge", 1 + std::cos(1.) * 3 + 2},
      {"bohachevsky", 10 * (1 + 8 + 0.3 - 0.4)},
      {"double_exp", 200 * (std::exp(-5. / 20) + std::exp(-41. / 20))},
      {"rotational", -500 * (std::atan2(7, 6) + M_PI)},
      {"ishigami", std::sin(1.) + 7 * std::pow(std::sin(2.), 2) + 0.1 * std::pow(1.5, 4) * std::sin(1.)},
      {"holder_table",
       10 * std::fabs(std::sin(1.) * std::cos(2.) * std::exp(std::fabs(1 - std::sqrt(5.) / M_PI)))},
      {"oakley_ohagan", 5 * (std::sin(1.) + std::cos(1.) + 2 + std::sin(2.) + std::cos(2.) + 6)},
      {"flowers", 3 + 2 * std::sin(1.) + 2 * std::sin(std::pow(2., 1.2))},
      {"friedman", (10 * std::sin(M_PI * 60) + 20 * std::pow(-12 * std::sin(-5.) - 0.5, 2) +
                    10 * std::pow(-12 * std::cos(-5.) - 1, 2) - 0.5 * std::sin(-12.)) /
                       100}};
  for (const auto& [name, value] : expected) {
    Vector<Real> result("result", 1);
    make_potential({FunctionalOptions{name}, name}, 2)
        ->add_value(ensemble.partition.local(), ensemble.x, 0, result);
    EXPECT_NEAR(result(0), value, 1e-12 * (1 + std::fabs(value))) << name;
  }
}

TEST(Potential, FunctionalsOfHalfMeansNeedTwoDimensions) {
  try {
    make_potential({FunctionalOptions{"ishigami"}, "simulate.energy.potential"}, 1);
    FAIL() << "nothing was thrown";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "simulate.energy.potential: ishigami needs at least 2 dimensions, the ensemble has 1");
  }
}

// -grad of the ensemble's energy, N dF/dx_i, by central differences; odd-part functionals are left out
// because the energy sees only W's even part.
void expect_gradient_flow(FreeEnergy& energy, Ensemble& ensemble, Real tolerance) {
  const Index n = ensemble.particles(), d = ensemble.components();
  Matrix<Real> v("v", d, n);
  energy.velocity(0, ensemble.x, v);
  const Real h = 1e-5;
  for (const Index i : {Index(0), n / 2, n - 1})
    for (Index c = 0; c < d; ++c) {
      const Real before = ensemble.x(c, i);
      ensemble.x(c, i) = before + h;
      const Real up = energy.energy(0, ensemble.x).total();
      ensemble.x(c, i) = before - h;
      const Real down = energy.energy(0, ensemble.x).total();
      ensemble.x(c, i) = before;
      const Real expected = -Real(n) * (up - down) / (2 * h);
      EXPECT_NEAR(v(c, i), expected, tolerance * (1 + std::fabs(expected)));
    }
}

TEST(FreeEnergy, VelocityIsMinusTheGradientOfTheEnergy) {
  const Communicator self(MPI_COMM_SELF);
  for (const Index d : {1, 2, 3}) {
    auto ensemble = drawn(self, 23, d);
    EnergyOptions options;
    QuadraticOptions quadratic;
    options.potential = {{quadratic, ""}, {FunctionalOptions{"wavy_plateau"}, ""}};
    options.interaction = {{quadratic, ""},
                           {GaussianOptions{{-1, 0.5}, {}}, ""},
                           {MorseOptions{}, ""},
                           {PowerLawOptions{{1, 3, 2}, {}}, ""},
                           {PowerLawOptions{{0.7, 4, 2}, {}}, ""},
                           {DoubleWellOptions{}, ""},
                           {FunctionalOptions{"double_exp"}, ""}};
    options.entropy = {0.3, "blob", 0.4};
    options.power = PowerOptions{0.5, 2, 0.3};
    FreeEnergy energy(options, self, ensemble.partition, d, false, ensemble.x);
    expect_gradient_flow(energy, ensemble, 1e-6);
    options.power->exponent = 3;
    FreeEnergy cubic(options, self, ensemble.partition, d, false, ensemble.x);
    expect_gradient_flow(cubic, ensemble, 1e-6);
  }
}

TEST(FreeEnergyParallel, IsTheSameOnAnyNumberOfRanksAndInSingleNearby) {
  const Communicator comm, self(MPI_COMM_SELF);
  const auto spread = drawn(comm, 101, 2), whole = drawn(self, 101, 2);
  EnergyOptions options;
  options.interaction = {
      {QuadraticOptions{}, ""}, {GaussianOptions{}, ""}, {FunctionalOptions{"flowers"}, ""}};
  options.entropy = {0.3, "blob", {}};
  Matrix<Real> v("v", 2, spread.partition.local_particles()), w("w", 2, 101), single("single", 2, 101);
  FreeEnergy energy(options, comm, spread.partition, 2, false, spread.x),
      alone(options, self, whole.partition, 2, false, whole.x),
      in_single(options, self, whole.partition, 2, true, whole.x);
  energy.velocity(0, spread.x, v);
  alone.velocity(0, whole.x, w);
  in_single.velocity(0, whole.x, single);
  for (Index i = 0; i < spread.partition.local_particles(); ++i)
    for (Index c = 0; c < 2; ++c) {
      EXPECT_EQ(v(c, i), w(c, spread.partition.first_particle() + i));
      EXPECT_NEAR(w(c, spread.partition.first_particle() + i),
                  single(c, spread.partition.first_particle() + i), 2e-5);
    }
  EXPECT_EQ(energy.energy(0, spread.x).total(), alone.energy(0, whole.x).total());
}

// What goes through moments is the sum over pairs.
TEST(InteractionParallel, QuarticsOfTheDistanceAreSumsOverPairs) {
  const Communicator comm;
  const Index n = 53;
  for (const Index d : {1, 2, 5}) {
    const auto ensemble = drawn(comm, n, d), whole = drawn(Communicator(MPI_COMM_SELF), n, d);
    for (const InteractionOptions& options : {InteractionOptions{DoubleWellOptions{{1.3, 0.7}, {}}, ""},
                                              InteractionOptions{PowerLawOptions{{0.7, 4, 2}, {}}, ""},
                                              InteractionOptions{PowerLawOptions{{0.7, 2, 4}, {}}, ""}}) {
      const auto* power = std::get_if<PowerLawOptions>(&options.term);
      const auto profile = [&](Real s) {  // value, slope
        if (!power) {
          const DoubleWellProfile well{1.3, 0.7};
          return std::pair(well.value(s), well.slope(s));
        }
        const Real a = power->attraction / 2, b = power->repulsion / 2;
        return std::pair(0.7 * (std::pow(s, a) / (2 * a) - std::pow(s, b) / (2 * b)),
                         0.7 * (std::pow(s, a - 1) - std::pow(s, b - 1)));
      };
      const auto interaction = make_interaction(options, comm, ensemble.partition, d, false);
      Matrix<Real> gradient("gradient", d, ensemble.partition.local_particles());
      interaction->add_gradient(ensemble.x, 0, 1, gradient);
      Real energy = 0;
      for (Index i = 0; i < n; ++i) {
        std::vector<Real> expected(d, 0);
        for (Index j = 0; j < n; ++j) {
          Real s = 0;
          for (Index c = 0; c < d; ++c) s += std::pow(whole.x(c, i) - whole.x(c, j), 2);
          energy += profile(s).first / Real(2 * n * n);
          for (Index c = 0; c < d; ++c)
            expected[c] += profile(s).second * (whole.x(c, i) - whole.x(c, j)) / Real(n);
        }
        const Index local = i - ensemble.partition.first_particle();
        if (local < 0 || local >= ensemble.partition.local_particles()) continue;
        for (Index c = 0; c < d; ++c)
          EXPECT_NEAR(gradient(c, local), expected[c], 1e-10 * (1 + std::fabs(expected[c])));
      }
      EXPECT_NEAR(interaction->energy(ensemble.x, 0), energy, 1e-10 * (1 + std::fabs(energy)));
    }
  }
}

// Only with both terms of the blob velocity is the mean conserved.
TEST(FreeEnergy, BlobFlowsConserveTheMean) {
  const Communicator self(MPI_COMM_SELF);
  auto ensemble = drawn(self, 40, 2);
  for (const Real m : {1., 2., 3.}) {
    BlobEnergy blob(self, ensemble.partition, 2, 0.7, m, 0.35, false);
    Matrix<Real> v("v", 2, 40);
    blob.add_gradient(ensemble.x, 1, v);
    for (Index c = 0; c < 2; ++c) {
      Real sum = 0, size = 0;
      for (Index i = 0; i < 40; ++i) sum += v(c, i), size += std::fabs(v(c, i));
      EXPECT_NEAR(sum, 0, 1e-13 * size);
    }
  }
}

}  // namespace
}  // namespace weir
