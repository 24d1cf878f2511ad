#include "methods/learn_energies/trajectory/TrajectoryLikelihood.hpp"

#include <cmath>

#include "methods/learn_energies/trajectory/TrajectoryKnot.hpp"
#include "weir/base/Error.hpp"
#include "weir/ensemble/GaussianKernel.hpp"
#include "weir/ensemble/Moments.hpp"

namespace weir {

namespace {

constexpr Real least_sum = 1e-30;

/// sums[0] += K(r) / K(0), sums[1] += |r|^2 / s^2 K(r) / K(0)
struct GaussianSpread {
  static constexpr bool in_packs = true;
  static constexpr int most_outputs = 2;
  Real inverse_square;
  template <class N, class Dimension>
  KOKKOS_INLINE_FUNCTION void operator()(Dimension d, const N* r, const N*, N* sums) const {
    using T = typename NumberTraits<N>::Scalar;
    N s = r[0] * r[0];
    for (int c = 1; c < d; ++c) s = s + r[c] * r[c];
    s = N(T(inverse_square)) * s;
    const N k = fast_decay(N(T(-0.5)) * s);
    sums[0] += k;
    sums[1] += s * k;
  }
};

Real silverman(const Ensemble& snapshot, Index particles) {
  const Index d = snapshot.components();
  const Real variance = Moments(snapshot.comm, snapshot.partition, d).mean_variance(snapshot.x);
  if (!(variance > 0))
    throw RunError("a bandwidth needs snapshots with some spread; all particles of one are at one point");
  return silverman_bandwidth(particles, d, variance);
}

}  // namespace

template <class T>
TrajectoryLikelihood<T>::TrajectoryLikelihood(const std::vector<Ensemble>& snapshots,
                                              const std::vector<Index>& knots, const Partition& particles,
                                              Real bandwidth, bool blur, Index seed)
    : d_(snapshots.front().components()),
      particles_(particles.particles()),
      blur_(blur),
      random_(seed, Stream::snapshot_blur),
      points_("Weir::TrajectoryLikelihood::points", d_, particles.local_particles()),
      slopes_("Weir::TrajectoryLikelihood::slopes", d_, particles.local_particles()) {
  snapshots_.reserve(snapshots.size());
  for (std::size_t k = 0; k < snapshots.size(); ++k) {
    const Ensemble& data = snapshots[k];
    const Index here = data.partition.local_particles();
    snapshots_.push_back({data, Index(k), knots[k], bandwidth > 0 ? bandwidth : silverman(data, particles_),
                          blur ? Matrix<Real>("Weir::TrajectoryLikelihood::blurred", d_, here) : data.x,
                          PairSum<T>(data.comm, data.partition, particles, d_),
                          PairSum<T>(data.comm, particles, data.partition, d_, 1),
                          TileSum(data.comm, data.partition, 2),
                          Matrix<Real>("Weir::TrajectoryLikelihood::sums", 2, here),
                          Matrix<Real>("Weir::TrajectoryLikelihood::weights", 1, here)});
  }
}

template <class T>
Real TrajectoryLikelihood<T>::value(Index iteration, const MatrixRef<const Real>& x, Real log_factor) {
  Real sum = 0;
  for (Snapshot& snapshot : snapshots_)
    sum -= visit(snapshot, iteration, x, snapshot.bandwidth * std::exp(log_factor)).value;
  return sum / Real(snapshots_.size());
}

template <class T>
Real TrajectoryLikelihood<T>::add_gradient(Index iteration, const MatrixRef<const Real>& x, Real log_factor,
                                           const MatrixRef<Real>& gradient) {
  Real slope = 0;
  const Index d = d_;
  for (Snapshot& snapshot : snapshots_) {
    const Real s = snapshot.bandwidth * std::exp(log_factor);
    slope -= visit(snapshot, iteration, x, s).slope / Real(snapshots_.size());
    snapshot.to_particles("Weir::TrajectoryLikelihood::gradient", WeightedGaussianSlope{1 / (s * s)}, points_,
                          snapshot.points, snapshot.weights,
                          slopes_);  // dL/dx_i = -sum_m w_m grad K(x_i - y_m) / K(0)
    const auto slopes = slopes_;
    const Index first = d * snapshot.knot;
    Kokkos::parallel_for(
        "Weir::TrajectoryLikelihood::add", Range(0, Index(slopes.extent(1))), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < d; ++c) gradient(first + c, i) -= slopes(c, i);
        });
    Kokkos::fence();
  }
  return slope;
}

template <class T>
typename TrajectoryLikelihood<T>::Terms TrajectoryLikelihood<T>::visit(Snapshot& snapshot, Index iteration,
                                                                       const MatrixRef<const Real>& x,
                                                                       Real s) {
  if (blur_) blur(snapshot, iteration);
  copy_knot(x, snapshot.knot, points_);
  snapshot.to_data("Weir::TrajectoryLikelihood::value", GaussianSpread{1 / (s * s)}, snapshot.points, points_,
                   {}, snapshot.sums);
  const auto sums = snapshot.sums, weights = snapshot.weights;
  const Real data = Real(snapshot.data.particles()), share = 1 / (data * Real(snapshots_.size()));
  const auto& totals = snapshot.total(
      "Weir::TrajectoryLikelihood::sum", "the likelihood", KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
        for (Index m = tile.first; m < tile.first + tile.count; ++m) {
          const bool reached = sums(0, m) > least_sum;
          partial[0] += log(reached ? sums(0, m) : least_sum);
          partial[1] += reached ? sums(1, m) / sums(0, m) : 0;
          weights(0, m) = reached ? share / sums(0, m) : 0;
        }
      });
  const Real peak = std::log(gaussian_kernel_peak(d_, s) / Real(particles_));
  return {totals[0] / data + peak, totals[1] / data - Real(d_)};
}

template <class T>
void TrajectoryLikelihood<T>::blur(const Snapshot& snapshot, Index iteration) {
  const auto points = snapshot.points, data = snapshot.data.x;
  fill_normals(points, random_, snapshot.data.partition.first_particle(),
               iteration * snapshots() + snapshot.number);
  const Real s = snapshot.bandwidth;
  const Index d = d_;
  Kokkos::parallel_for(
      "Weir::TrajectoryLikelihood::blur", Range(0, Index(points.extent(1))), KOKKOS_LAMBDA(Index m) {
        for (Index c = 0; c < d; ++c) points(c, m) = data(c, m) + s * points(c, m);
      });
  Kokkos::fence();
}

template class TrajectoryLikelihood<float>;
template class TrajectoryLikelihood<double>;

}  // namespace weir
