#include "densities/GaussianMixture.hpp"

#include <algorithm>
#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/base/Lapack.hpp"
#include "weir/ensemble/Moments.hpp"
#include "weir/ensemble/SpreadPoints.hpp"

namespace weir {

KOKKOS_INLINE_FUNCTION Real MixtureParameters::log_terms(const Real* x, Real* terms) const {
  Real largest = -HUGE_VAL;
  for (int c = 0; c < components; ++c) {
    Real square = 0;
    for (int a = 0; a < dimension; ++a) {
      Real z = 0;
      for (int b = 0; b <= a; ++b) z += whitening(b, c * dimension + a) * (x[b] - means(b, c));
      square += z * z;
    }
    terms[c] = log_constants(c) - 0.5 * square;
    largest = terms[c] > largest ? terms[c] : largest;
  }
  Real sum = 0;
  for (int c = 0; c < components; ++c) sum += exp(terms[c] - largest);
  return largest + log(sum);
}

KOKKOS_INLINE_FUNCTION void MixtureParameters::add_score(int c, const Real* x, Real factor, Real* g) const {
  for (int a = 0; a < dimension; ++a) {
    Real z = 0;
    for (int b = 0; b <= a; ++b) z += whitening(b, c * dimension + a) * (x[b] - means(b, c));
    for (int b = 0; b <= a; ++b) g[b] -= factor * z * whitening(b, c * dimension + a);
  }
}

namespace {

Index triangle(Index d) {
  return d * (d + 1) / 2;
}
/// Numbers that a component sums: weight, first moments about its old mean, second ones (lower triangle).
Index stride_of(Index d) {
  return 1 + d + triangle(d);
}

}  // namespace

GaussianMixture::GaussianMixture(const GaussianMixtureOptions& options, const Ensemble& ensemble, Index seed,
                                 int stage)
    : comm_(ensemble.comm) {
  const Index d = ensemble.components(), most = std::max(Index(1), ensemble.particles() / (5 * d));
  const Real variance = Moments(comm_, ensemble.partition, d).mean_variance(ensemble.x);
  if (!(variance > 0))
    throw RunError(
        "a Gaussian mixture needs an ensemble with some spread; all its particles are at one point");
  parameters_.dimension = int(d);
  parameters_.components = int(std::min(options.components, most));
  seed_centres(ensemble, seed, stage);
  if (parameters_.components < options.components)
    remarks_.push_back(
        fmt::format("{} components instead of {}, so that each has at least 5 d = {} of the {} points",
                    parameters_.components, options.components, 5 * d, ensemble.particles()));

  TileSum sums(comm_, ensemble.partition, parameters_.components * stride_of(d) + 1);
  std::vector<Real> totals;
  expectation(ensemble, sums, true, totals);
  maximisation(ensemble, totals, 1e-6 * variance);
  Real before = -HUGE_VAL, likelihood = 0;
  Index iteration = 0;
  bool converged = false;
  while (!converged && iteration < options.iterations) {
    likelihood = expectation(ensemble, sums, false, totals);
    maximisation(ensemble, totals, 1e-6 * variance);
    ++iteration;
    converged = comm_.broadcast_value(likelihood - before < options.tolerance);
    before = likelihood;
  }
  remarks_.push_back(fmt::format("mixture of {} Gaussians, mean log-likelihood {:.5g} after {} iterations{}",
                                 parameters_.components, likelihood, iteration,
                                 converged ? "" : " (not converged)"));
}

void GaussianMixture::seed_centres(const Ensemble& ensemble, Index seed, int stage) {
  const Index d = parameters_.dimension;
  std::vector<Index> ids(ensemble.partition.local_particles());
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = ensemble.partition.first_particle() + Index(i);
  const HostMatrix<const Real> candidates =
      Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), ensemble.x);
  const auto centres = spread_points(comm_, candidates, ids, parameters_.components,
                                     Random(seed, Stream::mixture_start, stage));
  parameters_.components = int(centres.extent(1));
  const Index components = parameters_.components;
  parameters_.means = Kokkos::create_mirror_view_and_copy(MemorySpace(), centres);
  parameters_.whitening = Matrix<Real>("Weir::GaussianMixture::whitening", d, d * components);
  parameters_.log_constants = Vector<Real>("Weir::GaussianMixture::log_constants", components);
  // Equal round components: the largest term is that of the nearest mean.
  const auto whitening = Kokkos::create_mirror_view(parameters_.whitening);
  for (Index c = 0; c < components; ++c)
    for (Index a = 0; a < d; ++a) whitening(a, c * d + a) = 1;
  Kokkos::deep_copy(parameters_.whitening, whitening);
}

Real GaussianMixture::expectation(const Ensemble& ensemble, TileSum& sums, bool hard,
                                  std::vector<Real>& totals) {
  const auto parameters = parameters_;
  const auto x = ensemble.x;
  const Index stride = stride_of(parameters.dimension);
  totals = sums(
      "Weir::GaussianMixture::expectation", "the Gaussian mixture",
      KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
        const int d = parameters.dimension, components = parameters.components;
        Real terms[MixtureParameters::most_components];
        for (Index i = tile.first; i < tile.first + tile.count; ++i) {
          const Real log_density = parameters.log_terms(&x(0, i), terms);
          int nearest = 0;
          for (int c = 1; c < components; ++c) nearest = terms[c] > terms[nearest] ? c : nearest;
          for (int c = 0; c < components; ++c) {
            const Real r = hard ? Real(c == nearest) : exp(terms[c] - log_density);
            if (r < 1e-300) continue;
            Real* to = partial + c * stride;
            to[0] += r;
            Index entry = 1 + d;
            for (int a = 0; a < d; ++a) {
              const Real u = x(a, i) - parameters.means(a, c);
              to[1 + a] += r * u;
              for (int b = 0; b <= a; ++b, ++entry) to[entry] += r * u * (x(b, i) - parameters.means(b, c));
            }
          }
          partial[components * stride] += log_density;
        }
      });
  return totals.back() / Real(ensemble.particles());
}

void GaussianMixture::maximisation(const Ensemble& ensemble, const std::vector<Real>& totals, Real floor) {
  const Index d = parameters_.dimension, components = parameters_.components, stride = stride_of(d);
  const auto means = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), parameters_.means);
  const auto whitening = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), parameters_.whitening);
  const auto constants = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), parameters_.log_constants);
  comm_.agree([&] {
    if (!comm_.is_root()) return;
    for (Index c = 0; c < components; ++c) {
      const Real* sum = &totals[c * stride];
      const Real weight = sum[0];
      if (!(weight > 1e-10)) {  // nobody's: it stays where it is, with no weight
        constants(c) = -1e300;
        continue;
      }
      std::vector<Real> covariance(d * d);
      Index entry = 1 + d;
      for (Index a = 0; a < d; ++a)
        for (Index b = 0; b <= a; ++b, ++entry)
          covariance[a * d + b] = covariance[b * d + a] =
              sum[entry] / weight - sum[1 + a] / weight * sum[1 + b] / weight;
      for (Index a = 0; a < d; ++a) {
        covariance[a * d + a] += floor;
        means(a, c) += sum[1 + a] / weight;
      }
      const auto factor = cholesky(covariance, d);
      WEIR_CHECK(!factor.empty(), "covariance of component {}", c);
      Real log_determinant = 0;
      for (Index a = 0; a < d; ++a) log_determinant -= std::log(factor[a * d + a]);
      for (Index column = 0; column < d; ++column)  // A = L^-1, column by column by forward substitution
        for (Index a = 0; a < d; ++a) {
          Real value = Real(a == column);
          for (Index b = column; b < a; ++b) value -= factor[a * d + b] * whitening(column, c * d + b);
          whitening(column, c * d + a) = a < column ? 0 : value / factor[a * d + a];
        }
      constants(c) = std::log(weight / Real(ensemble.particles())) + log_determinant -
                     0.5 * Real(d) * std::log(2 * M_PI);
    }
  });
  const auto share = [&](Real* values, std::size_t count) {
    comm_.broadcast(values, Index(count * sizeof(Real)));
  };
  share(means.data(), means.size());
  share(whitening.data(), whitening.size());
  share(constants.data(), constants.size());
  Kokkos::deep_copy(parameters_.means, means);
  Kokkos::deep_copy(parameters_.whitening, whitening);
  Kokkos::deep_copy(parameters_.log_constants, constants);
}

void GaussianMixture::score(const Partition& partition, const MatrixRef<const Real>& x,
                            const MatrixRef<Real>& scores) {
  const auto parameters = parameters_;
  for_each_tile(
      "Weir::GaussianMixture::score", partition.local(), KOKKOS_LAMBDA(const Tile& tile) {
        Real terms[MixtureParameters::most_components];
        for (Index i = tile.first; i < tile.first + tile.count; ++i) {
          const Real log_density = parameters.log_terms(&x(0, i), terms);
          for (int a = 0; a < parameters.dimension; ++a) scores(a, i) = 0;
          for (int c = 0; c < parameters.components; ++c)
            parameters.add_score(c, &x(0, i), exp(terms[c] - log_density), &scores(0, i));
        }
      });
}

void GaussianMixture::log_density(const Partition& partition, const MatrixRef<const Real>& x,
                                  const VectorRef<Real>& values) {
  const auto parameters = parameters_;
  for_each_tile(
      "Weir::GaussianMixture::log_density", partition.local(), KOKKOS_LAMBDA(const Tile& tile) {
        Real terms[MixtureParameters::most_components];
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          values(i) = parameters.log_terms(&x(0, i), terms);
      });
}

}  // namespace weir
