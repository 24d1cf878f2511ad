// Potentials and interactions given as formulas against the built-in ones.
#include <gtest/gtest.h>

#include "weir/base/Error.hpp"
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
