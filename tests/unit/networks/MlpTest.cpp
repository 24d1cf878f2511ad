#include "weir/networks/Mlp.hpp"

#include <gtest/gtest.h>

#include "networks/PlainNetwork.hpp"
#include "weir/base/Error.hpp"
#include "weir/networks/Gemm.hpp"
#include "weir/parallel/Communicator.hpp"

namespace weir {
namespace {

constexpr Index columns = 5;
constexpr Real step = 1e-4;

/// df / d entry by five points: the error is of fourth order in the step.
template <class Entry, class Function>
Real central_difference(Entry& entry, Function f) {
  const Real before = entry;
  const auto at = [&](Real offset) {
    entry = before + offset;
    return f();
  };
  const Real near = at(step) - at(-step), far = at(2 * step) - at(-2 * step);
  entry = before;
  return (8 * near - far) / (12 * step);
}

void expect_derivative(Real exact, Real difference, const std::string& name, const char* of, Index index) {
  EXPECT_NEAR(exact, difference, 2e-9 * (1 + std::fabs(difference))) << name << ", " << of << " " << index;
}

Real inner_product(const Matrix<Real>& a, const Matrix<Real>& b) {
  Real sum = 0;
  for (Index j = 0; j < Index(a.extent(1)); ++j)
    for (Index i = 0; i < Index(a.extent(0)); ++i) sum += a(i, j) * b(i, j);
  return sum;
}

TEST(Mlp, ValueIsThatOfPlainLoops) {
  for_each_network(2, [](const std::string& name, const MlpShape& shape) {
    const auto parameters = some_parameters(shape);
    const auto theta = vector_of<Real>(parameters);
    const Mlp<Real> network(shape);
    MlpTape<Real> tape(network, columns + 2, Purpose::value);
    const auto x = some_columns<Real>(shape.inputs, columns, 0);
    const Matrix<Real> y("y", shape.outputs, columns);
    network.value(theta, x, tape, y);
    for (Index j = 0; j < columns; ++j) {
      const auto expected = plain_value(shape, parameters, {x(0, j), x(1, j), x(2, j)});
      for (Index i = 0; i < shape.outputs; ++i) EXPECT_NEAR(y(i, j), expected[i], 1e-13) << name;
    }
  });
}

TEST(Mlp, VjpAndJvpAreCentralDifferences) {
  for_each_network(2, [](const std::string& name, const MlpShape& shape) {
    const auto theta = vector_of<Real>(some_parameters(shape));
    const Mlp<Real> network(shape);
    MlpTape<Real> tape(network, columns, Purpose::gradient), other(network, columns, Purpose::value);
    const auto x = some_columns<Real>(shape.inputs, columns, 0),
               u = some_columns<Real>(shape.inputs, columns, 1),
               y_bar = some_columns<Real>(shape.outputs, columns, 2);
    const Matrix<Real> y("y", shape.outputs, columns), y_dot("y_dot", shape.outputs, columns),
        x_bar("x_bar", shape.inputs, columns);
    const Vector<Real> theta_bar("theta_bar", network.parameters());
    const auto weighted = [&] {
      network.value(theta, x, other, y);
      return inner_product(y_bar, y);
    };

    network.value(theta, x, tape, y);
    network.vjp(theta, y_bar, tape, theta_bar, x_bar);
    network.jvp(theta, u, tape, y_dot);
    for (Index k = 0; k < network.parameters(); ++k)
      expect_derivative(theta_bar(k), central_difference(theta(k), weighted), name, "parameter", k);
    for (Index j = 0; j < columns; ++j)
      for (Index i = 0; i < shape.inputs; ++i)
        expect_derivative(x_bar(i, j), central_difference(x(i, j), weighted), name, "input", i);
    EXPECT_NEAR(inner_product(y_bar, y_dot), inner_product(x_bar, u), 1e-12) << name;
  });
}

TEST(Mlp, MixedDerivativesAreCentralDifferences) {
  for_each_network(1, [](const std::string& name, const MlpShape& shape) {
    const auto theta = vector_of<Real>(some_parameters(shape));
    const Mlp<Real> network(shape);
    MlpTape<Real> tape(network, columns, Purpose::mixed), other(network, columns, Purpose::gradient);
    const auto x = some_columns<Real>(shape.inputs, columns, 0),
               u = some_columns<Real>(shape.inputs, columns, 1);
    const Matrix<Real> gradient("gradient", shape.inputs, columns), x_bar("x_bar", shape.inputs, columns),
        y("y", 1, columns), moved("moved", shape.inputs, columns);
    const Vector<Real> theta_bar("theta_bar", network.parameters());
    const auto along = [&] {
      network.input_gradient(theta, x, other, moved);
      return inner_product(u, moved);
    };

    network.input_gradient(theta, x, tape, gradient, y);
    for (Index j = 0; j < columns; ++j)
      for (Index i = 0; i < shape.inputs; ++i) {
        const auto value = [&] {
          network.value(theta, x, other, y);
          return y(0, j);
        };
        expect_derivative(gradient(i, j), central_difference(x(i, j), value), name, "input", i);
      }
    network.mixed(theta, u, tape, theta_bar, x_bar);
    for (Index k = 0; k < network.parameters(); ++k)
      expect_derivative(theta_bar(k), central_difference(theta(k), along), name, "parameter", k);
    for (Index j = 0; j < columns; ++j)
      for (Index i = 0; i < shape.inputs; ++i)
        expect_derivative(x_bar(i, j), central_difference(x(i, j), along), name, "input", i);
  });
}

TEST(Mlp, MixedAfterVjpIsTheDerivativeOfTheVjp) {
  for_each_network(2, [](const std::string& name, const MlpShape& shape) {
    const auto theta = vector_of<Real>(some_parameters(shape));
    const Mlp<Real> network(shape);
    MlpTape<Real> tape(network, columns, Purpose::mixed), other(network, columns, Purpose::gradient);
    const auto x = some_columns<Real>(shape.inputs, columns, 0),
               u = some_columns<Real>(shape.inputs, columns, 1), y_bar = some_columns<Real>(2, columns, 2);
    const Matrix<Real> y("y", 2, columns), moved("moved", shape.inputs, columns),
        x_bar("x_bar", shape.inputs, columns);
    const Vector<Real> theta_bar("theta_bar", network.parameters());
    const auto along = [&] {
      network.value(theta, x, other, y);
      network.vjp(theta, y_bar, other, {}, moved);
      return inner_product(u, moved);
    };
    network.value(theta, x, tape, y);
    network.vjp(theta, y_bar, tape, {}, {});
    network.mixed(theta, u, tape, theta_bar, x_bar);
    network.mixed(theta, u, tape, theta_bar, x_bar, true);  // once more on top
    for (Index k = 0; k < network.parameters(); ++k)
      expect_derivative(theta_bar(k), 2 * central_difference(theta(k), along), name, "parameter", k);
    for (Index j = 0; j < columns; ++j)
      for (Index i = 0; i < shape.inputs; ++i)
        expect_derivative(x_bar(i, j), central_difference(x(i, j), along), name, "input", i);
  });
}

template <class T>
struct AllDerivatives {
  Matrix<T> y, gradient, hessian_u;
  Vector<T> theta_bar, mixed;
  AllDerivatives(const MlpShape& shape, Index n) : AllDerivatives(shape, n, Mlp<T>(shape)) {}
  AllDerivatives(const MlpShape& shape, Index n, const Mlp<T>& network)
      : y("y", 1, n),
        gradient("gradient", shape.inputs, n),
        hessian_u("hessian_u", shape.inputs, n),
        theta_bar("theta_bar", network.parameters()),
        mixed("mixed", network.parameters()) {
    const auto theta = vector_of<T>(some_parameters(shape));
    MlpTape<T> tape(network, n, Purpose::mixed);
    const auto x = some_columns<T>(shape.inputs, n, 0), u = some_columns<T>(shape.inputs, n, 1),
               y_bar = some_columns<T>(1, n, 2);
    network.value(theta, x, tape, y);
    network.vjp(theta, y_bar, tape, theta_bar, {});
    network.input_gradient(theta, x, tape, gradient);
    network.mixed(theta, u, tape, mixed, hessian_u);
  }
};

template <class Single, class Double>
Real relative_distance(const Single& a, const Double& b) {
  Real distance = 0, size = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    distance += std::pow(Real(a.data()[k]) - b.data()[k], 2);
    size += std::pow(b.data()[k], 2);
  }
  return std::sqrt(distance / size);
}

TEST(Mlp, SinglePrecisionIsDoubleRounded) {
  for_each_network(1, [](const std::string& name, const MlpShape& kind) {
    for (const bool wide : {false, true}) {
      MlpShape shape = kind;
      if (wide) shape.hidden = {33, 33, 64};
      const Index n = wide ? 61 : 5;
      const AllDerivatives<float> single(shape, n);
      const AllDerivatives<double> exact(shape, n);
      EXPECT_LT(relative_distance(single.y, exact.y), 3e-6) << name;
      EXPECT_LT(relative_distance(single.theta_bar, exact.theta_bar), 3e-6) << name;
      EXPECT_LT(relative_distance(single.gradient, exact.gradient), 1e-5) << name;
      if (shape.activation == Activation::relu && !shape.layer_norm && shape.frequencies == 0)
        for (std::size_t k = 0; k < single.hessian_u.size(); ++k)  // piecewise linear
          EXPECT_EQ(single.hessian_u.data()[k], 0) << name;
      else
        EXPECT_LT(relative_distance(single.hessian_u, exact.hessian_u), 3e-5) << name;
      EXPECT_LT(relative_distance(single.mixed, exact.mixed), 1e-5) << name;
    }
  });
}

TEST(Mlp, FarInputsStayFinite) {
  for (const std::string& activation : activation_names()) {
    MlpShape shape;
    shape.hidden = {3};
    shape.activation = activation_named(activation);
    const Mlp<float> network(shape);
    const auto theta = vector_of<float>(std::vector<double>(std::size_t(network.parameters()), 1.));
    const Matrix<float> x("x", 1, 6), gradient("gradient", 1, 6), y("y", 1, 6), u("u", 1, 6), hu("hu", 1, 6);
    const float far[] = {-1e18f, -3000, -90, 90, 3000, 1e18f};
    for (Index j = 0; j < 6; ++j) x(0, j) = far[j], u(0, j) = 1;
    MlpTape<float> tape(network, 6, Purpose::mixed);
    network.input_gradient(theta, x, tape, gradient, y);
    network.mixed(theta, u, tape, {}, hu);
    for (Index j = 0; j < 6; ++j) {
      const double limit = plain_activation(shape.activation, far[j] > 0 ? 1e3 : -1e3);
      const double slope = std::fabs(limit) > 100 ? 3 : 0;
      EXPECT_NEAR(gradient(0, j), slope, 1e-5) << activation;
      EXPECT_NEAR(hu(0, j), 0, 1e-5) << activation;
      EXPECT_TRUE(std::isfinite(y(0, j))) << activation;
    }
  }
}

TEST(Mlp, AColumnDoesNotDependOnTheOthers) {
  if (!gemm_columns_are_independent()) GTEST_SKIP() << "this build multiplies by a BLAS";
  MlpShape shape;
  shape.inputs = 2;
  shape.hidden = {19, 19};
  shape.residual = shape.layer_norm = true;
  const Mlp<float> network(shape);
  const auto theta = vector_of<float>(some_parameters(shape));
  const auto x = some_columns<float>(2, 64, 0);
  const Matrix<float> together("together", 2, 64), alone("alone", 2, 1);
  MlpTape<float> tape(network, 64, Purpose::gradient);
  network.input_gradient(theta, x, tape, together);
  for (Index j = 0; j < 64; ++j) {
    network.input_gradient(theta, MatrixRef<const float>(&x(0, j), 2, 1), tape, alone);
    for (Index i = 0; i < 2; ++i) ASSERT_EQ(alone(i, 0), together(i, j)) << j;
  }
}

TEST(Mlp, PassesOutOfOrderAreRefused) {
  const Mlp<float> network{MlpShape()};
  const auto theta = vector_of<float>(some_parameters(MlpShape()));
  const auto x = some_columns<float>(1, 4, 0);
  const Matrix<float> y("y", 1, 4);
  MlpTape<float> tape(network, 4, Purpose::mixed), small(network, 3, Purpose::mixed),
      plain(network, 4, Purpose::value);
  EXPECT_THROW(network.mixed(theta, x, tape, {}, y), InternalError);
  EXPECT_THROW(network.vjp(theta, y, tape, {}, y), InternalError);
  EXPECT_THROW(network.value(theta, x, small, y), InternalError);
  EXPECT_THROW(network.input_gradient(theta, x, plain, y), InternalError);
}

// Each rank makes its own piece; together they are what one makes alone.
TEST(MlpParallel, InitialisationDoesNotDependOnRanks) {
  const Communicator comm;
  const Index rank = comm.rank(), ranks = comm.size();
  MlpShape shape;
  shape.hidden = {9, 30};
  shape.layer_norm = true;
  const Mlp<float> network(shape);
  const Index size = network.parameters(), first = rank * size / ranks, last = (rank + 1) * size / ranks;
  const Vector<Real> whole("whole", size), mine("mine", last - first), other("other", size);
  initialise_network(shape, 42, 3, 0, whole);
  initialise_network(shape, 42, 3, first, mine);
  initialise_network(shape, 42, 4, 0, other);
  for (Index k = first; k < last; ++k) EXPECT_EQ(mine(k - first), whole(k));
  EXPECT_NE(whole(0), other(0));
  for (const auto& plan : network.layers()) {
    Real squares = 0;
    for (Index k = plan.weights; k < plan.bias; ++k) squares += whole(k) * whole(k);
    if (plan.in * plan.out > 100) {
      EXPECT_NEAR(squares / Real(plan.out), 1, 0.25);
    }
    for (Index k = plan.bias; k < plan.gain; ++k) EXPECT_EQ(whole(k), 0);
    for (Index k = plan.gain; k < plan.shift; ++k) EXPECT_EQ(whole(k), 1);
    for (Index k = plan.shift; k < plan.shift + plan.shift - plan.gain; ++k) EXPECT_EQ(whole(k), 0);
  }
}

}  // namespace
}  // namespace weir
