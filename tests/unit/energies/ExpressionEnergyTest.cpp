// Potentials and interactions given as formulas against the built-in ones.
#include <gtest/gtest.h>

#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/energies/Expression.hpp"
#include "weir/energies/Interaction.hpp"
#include "weir/energies/Potential.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {
namespace {

constexpr Index count = 37, dimension = 2;
const char* const gaussian_formula = "-2 * exp(-norm^2 / (2 * 0.7^2))";

Ensemble drawn(const Communicator& comm) {
  Ensemble ensemble(comm, count, dimension, 8);
  fill_normals(ensemble.x, Random(5, Stream::initial_ensemble), ensemble.partition.first_particle(), 0);
  return ensemble;
}

GaussianOptions gaussian() {
  GaussianOptions options;
  options.amplitude = -2;
  options.width = 0.7;
  return options;
}

std::string complaint(const std::function<void()>& work) {
  try {
    work();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(ExpressionEnergy, AsPotentialIsTheBuiltInOne) {
  const Communicator self(MPI_COMM_SELF);
  const auto ensemble = drawn(self);
  const auto tiles = ensemble.partition.local();
  const auto formula = make_potential({ExpressionOptions{gaussian_formula}, ""}, dimension);
  const auto known = make_potential({gaussian(), ""}, dimension);
  Matrix<Real> g("g", dimension, count), expected_g("expected_g", dimension, count);
  Vector<Real> v("v", count), expected_v("expected_v", count);
  formula->add_gradient(tiles, ensemble.x, 0, 3, g);
  known->add_gradient(tiles, ensemble.x, 0, 3, expected_g);
  formula->add_value(tiles, ensemble.x, 0, v);
  known->add_value(tiles, ensemble.x, 0, expected_v);
  for (Index i = 0; i < count; ++i) {
    EXPECT_NEAR(v(i), expected_v(i), 1e-14);
    for (Index c = 0; c < dimension; ++c) EXPECT_NEAR(g(c, i), expected_g(c, i), 1e-13);
  }
}

TEST(ExpressionEnergy, AsPotentialDependsOnTime) {
  const Communicator self(MPI_COMM_SELF);
  const auto ensemble = drawn(self);
  const auto formula = make_potential({ExpressionOptions{"t * x1"}, ""}, dimension);
  Matrix<Real> g("g", dimension, count);
  formula->add_gradient(ensemble.partition.local(), ensemble.x, 0.25, 1, g);
  for (Index i = 0; i < count; ++i) {
    EXPECT_EQ(g(0, i), 0);
    EXPECT_EQ(g(1, i), 0.25);
  }
}

TEST(ExpressionEnergy, AsInteractionIsTheBuiltInOne) {
  const Communicator self(MPI_COMM_SELF);
  const auto ensemble = drawn(self);
  const auto make = [&](const EnergyTerm& term) {
    return make_interaction({term, ""}, self, ensemble.partition, dimension, false);
  };
  const auto formula = make(ExpressionOptions{gaussian_formula}), known = make(gaussian());
  Matrix<Real> g("g", dimension, count), expected("expected", dimension, count);
  formula->add_gradient(ensemble.x, 0, 1, g);
  known->add_gradient(ensemble.x, 0, 1, expected);
  for (Index i = 0; i < count; ++i)
    for (Index c = 0; c < dimension; ++c) EXPECT_NEAR(g(c, i), expected(c, i), 1e-13);
  EXPECT_NEAR(formula->energy(ensemble.x, 0), known->energy(ensemble.x, 0), 1e-13);
}

TEST(ExpressionEnergy, AsInteractionRunsInSinglePrecisionToo) {
  const Communicator self(MPI_COMM_SELF);
  const auto ensemble = drawn(self);
  for (const std::string formula : {gaussian_formula, "(x0^2 - 1)^2 + 2 * x1^2 + x0 * sin(2 * pi * x1)",
                                    "log(norm) + tanh(x0)^3 + norm^1.5 + max(x0, x1)"}) {
    const auto make = [&](bool single) {
      return make_interaction({ExpressionOptions{formula}, ""}, self, ensemble.partition, dimension, single);
    };
    const auto single = make(true), full = make(false);
    Matrix<Real> g("g", dimension, count), expected("expected", dimension, count);
    single->add_gradient(ensemble.x, 0, 1, g);
    full->add_gradient(ensemble.x, 0, 1, expected);
    bool equal = true;
    for (Index i = 0; i < count; ++i)
      for (Index c = 0; c < dimension; ++c) {
        EXPECT_NEAR(g(c, i), expected(c, i), 2e-5 * (1 + std::fabs(expected(c, i)))) << formula;
        equal = equal && g(c, i) == expected(c, i);
      }
    EXPECT_FALSE(equal) << formula;
    const Real energy = full->energy(ensemble.x, 0);
    EXPECT_NEAR(single->energy(ensemble.x, 0), energy, 1e-5 * (1 + std::fabs(energy))) << formula;
  }
}

// The pair of a particle with itself does not act where the formula is singular at 0: sums over j != i.
TEST(ExpressionEnergyParallel, WhatIsNotFiniteAtTheOriginCountsAsZero) {
  const Communicator comm, self(MPI_COMM_SELF);
  for (const Index d : {1, 2, 3, 5}) {
    Ensemble ensemble(comm, count, d, 8), whole(self, count, d, 8);
    for (const Ensemble* each : {&ensemble, &whole}) {
      fill_normals(each->x, Random(5, Stream::initial_ensemble), each->partition.first_particle(), 0);
      for (Index i = 0; i < each->partition.local_particles(); ++i)  // particle 9 lies on particle 2
        if (each->partition.first_particle() + i == 2 || each->partition.first_particle() + i == 9)
          for (Index c = 0; c < d; ++c) each->x(c, i) = 0.25;
    }
    for (const std::string formula : {"log(norm)", "1 / norm", "x0 / norm", "log(x0^2 + norm^2) + 3 * x0"}) {
      const auto interaction =
          make_interaction({ExpressionOptions{formula}, ""}, comm, ensemble.partition, d, false);
      const auto expression = parse_expression(formula, d, "");
      Matrix<Real> gradient("gradient", d, ensemble.partition.local_particles());
      interaction->add_gradient(ensemble.x, 0, 1, gradient);
      Real energy = 0;
      for (Index i = 0; i < count; ++i) {
        std::vector<Real> expected(d, 0), r(d);
        for (Index j = 0; j < count; ++j) {
          Real size = 0;
          for (Index c = 0; c < d; ++c) r[c] = whole.x(c, i) - whole.x(c, j), size += std::fabs(r[c]);
          if (size == 0) continue;
          expression.add_gradient(int(d), r.data(), 0, 1 / Real(count), expected.data());
          energy += expression.value(int(d), r.data(), 0) / Real(2 * count * count);
        }
        const Index local = i - ensemble.partition.first_particle();
        if (local < 0 || local >= ensemble.partition.local_particles()) continue;
        for (Index c = 0; c < d; ++c)
          EXPECT_NEAR(gradient(c, local), expected[c], 1e-12 * (1 + std::fabs(expected[c]))) << formula;
      }
      EXPECT_NEAR(interaction->energy(ensemble.x, 0), energy, 1e-12 * (1 + std::fabs(energy))) << formula;
    }
  }
}

// A gradient that is finite there counts, as for the named functionals.
TEST(ExpressionEnergy, WhatIsFiniteAtTheOriginCounts) {
  const Communicator self(MPI_COMM_SELF);
  Ensemble single(self, 1, 2, 8);
  const auto odd =
      make_interaction({ExpressionOptions{"4 + 3 * x0 + norm"}, ""}, self, single.partition, 2, false);
  Matrix<Real> g("g", 2, 1);
  odd->add_gradient(single.x, 0, 1, g);
  EXPECT_EQ(g(0, 0), 3);
  EXPECT_EQ(g(1, 0), 0);
  EXPECT_EQ(odd->energy(single.x, 0), 2);
}

TEST(ExpressionEnergy, ErrorsNameTheKey) {
  const Communicator self(MPI_COMM_SELF);
  const auto ensemble = drawn(self);
  EXPECT_EQ(complaint([&] {
              make_potential({ExpressionOptions{"x2"}, "simulate.energy.potential"}, dimension);
            }),
            "simulate.energy.potential.expression.formula: formula \"x2\", at character 1: found \"x2\"; "
            "allowed: x0 to x1, since the ensemble has 2 dimensions");
  EXPECT_EQ(complaint([&] {
              make_interaction({ExpressionOptions{"t * norm"}, "simulate.energy.interaction"}, self,
                               ensemble.partition, dimension, false);
            }),
            "simulate.energy.interaction.expression.formula: \"t * norm\" depends on t; an interaction is a "
            "function of x - y "
            "alone");
}

}  // namespace
}  // namespace weir
