// simulate against the closed forms of quadratic energies with matrices, and against the scheme of Jordan,
// Kinderlehrer and Otto.
//
//     V = 1/2 (x - c)' A (x - c),  W = 1/2 r' B r:   m' = -A (m - c),  S' = -(A + B) S - S (A + B) + 2 beta I
#include <gtest/gtest.h>

#include <cmath>

#include "methods/simulate/Simulation.hpp"
#include "weir/base/Lapack.hpp"
#include "weir/ensemble/Moments.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {
namespace {

constexpr Index d = 2;
using Numbers = std::vector<Real>;  // a vector, or a matrix by rows

// A and B do not commute.
const Numbers a{2, 0.5, 0.5, 1}, b{0.6, -0.3, -0.3, 1.2}, c{0.5, -1.5}, start_covariance{0.5, 0.2, 0.2, 0.3};

Numbers product(const Numbers& p, const Numbers& q) {
  const Index columns = Index(q.size()) / d;
  Numbers result(q.size(), 0);
  for (Index i = 0; i < d; ++i)
    for (Index j = 0; j < columns; ++j)
      for (Index k = 0; k < d; ++k) result[i * columns + j] += p[i * d + k] * q[k * columns + j];
  return result;
}
/// p + factor q
Numbers sum(Numbers p, const Numbers& q, Real factor = 1) {
  for (std::size_t i = 0; i < p.size(); ++i) p[i] += factor * q[i];
  return p;
}
/// f(p) of a symmetric matrix.
template <class F>
Numbers function_of(const Numbers& p, F f) {
  const auto eigen = symmetric_eigen(p, d);
  Numbers result(d * d, 0);
  for (Index k = 0; k < d; ++k)
    for (Index i = 0; i < d; ++i)
      for (Index j = 0; j < d; ++j)
        result[i * d + j] += f(eigen.values[k]) * eigen.vectors[k * d + i] * eigen.vectors[k * d + j];
  return result;
}
Numbers exponential(const Numbers& p, Real t) {
  return function_of(p, [t](Real value) { return std::exp(-value * t); });
}

MatrixValue matrix(const Numbers& p) {
  MatrixValue value;
  value.rows = {{p[0], p[1]}, {p[2], p[3]}};
  return value;
}

SimulateOptions quadratic(Index particles, Real beta) {
  SimulateOptions options;
  options.initial.particles = particles;
  options.initial.dimension = d;
  options.initial.law = NormalOptions{VectorValue({1, -1}), matrix(start_covariance)};
  options.energy.potential = {{QuadraticOptions{VectorValue(c), matrix(a)}, ""}};
  options.energy.interaction = {{QuadraticOptions{VectorValue(0), matrix(b)}, ""}};
  options.energy.entropy.coefficient = beta;
  return options;
}

struct MeanAndCovariance {
  Numbers mean, covariance;
};

MeanAndCovariance moments_of(const Simulation& simulation, const MatrixRef<const Real>& x) {
  Moments moments(Communicator(MPI_COMM_SELF), simulation.partition(), d);
  const Numbers covariance = moments.covariance(x);
  return {moments.last_mean(), covariance};
}

/// At the start and at the end.
std::pair<MeanAndCovariance, MeanAndCovariance> run(const SimulateOptions& options) {
  RunOptions run_options;
  run_options.seed = 11;
  Simulation simulation(options, Communicator(MPI_COMM_SELF), run_options);
  MeanAndCovariance first, last;
  simulation.run([&](const Tick& tick, const MatrixRef<const Real>& x) {
    if (tick.step == 0) first = moments_of(simulation, x);
    if (simulation.stage().is_over(tick)) last = moments_of(simulation, x);
  });
  return {first, last};
}

void expect_near(const Numbers& found, const Numbers& expected, Real tolerance) {
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(found[i], expected[i], tolerance) << i;
}

// Without noise mean and covariance of any ensemble follow their equations to the solver's tolerance.
TEST(SimulateClosedForms, MomentsWithMatricesWithoutNoise) {
  SimulateOptions options = quadratic(37, 0);
  options.time.end = 0.7;
  options.time.step = 0.05;
  options.time.scheme = "rk";
  options.time.tolerance = 1e-11;
  const auto [first, last] = run(options);
  const Numbers decay = exponential(sum(a, b), 0.7);
  expect_near(last.mean, sum(c, product(exponential(a, 0.7), sum(first.mean, c, -1))), 1e-9);
  expect_near(last.covariance, product(product(decay, first.covariance), decay), 1e-9);
}

// With noise: S = S* + e^{-(A + B) t} (S0 - S*) e^{-(A + B) t}, S* = beta (A + B)^-1; to four standard
// errors.
TEST(SimulateClosedForms, MomentsWithMatricesWithNoise) {
  const Real beta = 0.4, t = 0.5, particles = 40000;
  SimulateOptions options = quadratic(Index(particles), beta);
  options.time.end = t;
  options.time.step = 0.0025;
  const auto last = run(options).second;
  const Numbers both = sum(a, b), decay = exponential(both, t);
  const Numbers stationary = function_of(both, [beta](Real value) { return beta / value; });
  const Numbers expected =
      sum(stationary, product(product(decay, sum(start_covariance, stationary, -1)), decay));
  const Real largest = std::max(expected[0], expected[3]), error = 4 / std::sqrt(particles);
  // The mean spreads as if alone: d Var / dt = -2 A Var + 2 beta / N, which is below that of the particles.
  expect_near(last.mean, sum(c, product(exponential(a, t), sum({1, -1}, c, -1))),
              error * std::sqrt(std::max(largest, beta)));
  expect_near(last.covariance, expected, error * std::sqrt(2.) * largest);
}

// In the stationary state, which Leimkuhler-Matthews meets for quadratic energies at any step.
TEST(SimulateClosedForms, StationaryCovarianceWithMatrices) {
  const Real beta = 0.4, particles = 40000;
  SimulateOptions options = quadratic(Index(particles), beta);
  options.time.end = 12;
  options.time.step = 0.1;
  options.time.scheme = "leimkuhler_matthews";
  const auto last = run(options).second;
  const Numbers expected = function_of(sum(a, b), [beta](Real value) { return beta / value; });
  const Real largest = std::max(expected[0], expected[3]), error = 4 / std::sqrt(particles);
  expect_near(last.covariance, expected, error * std::sqrt(2.) * largest);
  expect_near(last.mean, c, error * std::sqrt(beta / 0.79));  // the least eigenvalue of A
}

// Steps of implicit Euler: m1 = (I + h A)^-1 (m0 + h A c), S1 = (I + h (A + B))^-1 S0 (I + h (A + B))^-1.
TEST(SimulateClosedForms, ImplicitEulerWithMatrices) {
  const Real h = 0.4;
  SimulateOptions options = quadratic(37, 0);
  options.time.end = 3 * h;
  options.time.step = h;
  options.time.scheme = "beuler";
  const auto [first, last] = run(options);
  const auto inverse = [h](const Numbers& p) {
    return function_of(p, [h](Real value) { return 1 / (1 + h * value); });
  };
  Numbers mean = first.mean, covariance = first.covariance;
  for (int step = 0; step < 3; ++step) {
    mean = product(inverse(a), sum(mean, product(a, c), h));
    covariance = product(product(inverse(sum(a, b)), covariance), inverse(sum(a, b)));
  }
  expect_near(last.mean, mean, 1e-9);
  expect_near(last.covariance, covariance, 1e-9);
}

/// An ensemble and what JKO's scheme says of a step from `before`.
class Jko {
 public:
  Jko(Simulation& simulation, Real h, const Numbers& before)
      : simulation_(simulation), h_(h), before_(before), velocity_("velocity", d, Index(before.size()) / d) {}

  /// F(x) + (1/N) sum |x - before|^2 / (2 h)
  Real objective(const Numbers& x) {
    Real square = 0;
    for (std::size_t i = 0; i < x.size(); ++i) square += (x[i] - before_[i]) * (x[i] - before_[i]);
    return simulation_.energy().energy(0, view(x)).total() + square / (2 * h_ * Real(velocity_.extent(1)));
  }
  /// Largest component of (x - before)/h + grad dF/drho, zero at a minimum.
  Real residual(const Numbers& x) {
    simulation_.energy().velocity(0, view(x), velocity_);
    Real largest = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      largest = std::max(largest, std::fabs((x[i] - before_[i]) / h_ - velocity_.data()[i]));
    return largest;
  }

 private:
  static MatrixRef<const Real> view(const Numbers& x) {
    return MatrixRef<const Real>(x.data(), d, Index(x.size()) / d);
  }
  Simulation& simulation_;
  Real h_;
  const Numbers& before_;
  Matrix<Real> velocity_;
};

// A step of beuler minimises the objective of the JKO scheme: potential, even interaction and blob entropy.
TEST(SimulateClosedForms, ImplicitEulerMinimisesTheJkoObjective) {
  constexpr Real h = 0.02;
  SimulateOptions options;
  options.initial.particles = 41;
  options.initial.dimension = d;
  options.initial.law = NormalOptions{Real(0), MatrixValue(1)};
  options.energy.potential = {{FunctionalOptions{"styblinski_tang"}, ""}};
  options.energy.interaction = {{GaussianOptions{{1, 0.5}, {}}, ""}};
  options.energy.entropy = {0.2, "blob", 0.4};
  options.time.end = h;
  options.time.step = h;
  options.time.scheme = "beuler";
  Simulation simulation(options, Communicator(MPI_COMM_SELF), RunOptions());
  Numbers before, after;
  simulation.run([&](const Tick& tick, const MatrixRef<const Real>& x) {
    (tick.step == 0 ? before : after).assign(x.data(), x.data() + x.size());
  });
  Jko jko(simulation, h, before);
  EXPECT_GT(jko.residual(before), 1);
  EXPECT_LT(jko.residual(after), 1e-6);
  const Real least = jko.objective(after);
  EXPECT_LT(least, jko.objective(before) - 0.1);
  for (const Real size : {1e-4, 1e-2, 1.})
    for (Index direction = 0; direction < 8; ++direction) {
      Matrix<Real> noise("noise", d, 41);
      fill_normals(noise, Random(5, Stream::initial_ensemble), 0, direction);
      Numbers nearby = after;
      for (std::size_t i = 0; i < nearby.size(); ++i) nearby[i] += size * noise.data()[i];
      EXPECT_GT(jko.objective(nearby), least) << size << " " << direction;
    }
}

}  // namespace
}  // namespace weir
