#include "methods/learn_energies/trajectory/TrajectoryReference.hpp"

#include "weir/ensemble/Moments.hpp"

namespace weir {

TrajectoryReference::TrajectoryReference(const std::vector<Ensemble>& snapshots, const Partition& particles,
                                         Index knots)
    : d_(snapshots.front().components()),
      knots_(knots),
      mean_("Weir::TrajectoryReference::mean", d_),
      stiffness_("Weir::TrajectoryReference::stiffness", d_),
      total_(snapshots.front().comm, particles, 1) {
  std::vector<Real> mean(d_), square(d_);
  const Real share = 1 / Real(snapshots.size());
  std::vector<std::vector<Real>> means;
  for (const Ensemble& snapshot : snapshots) {
    Moments moments(snapshot.comm, snapshot.partition, d_);
    const auto& covariance = moments.covariance(snapshot.x);
    means.push_back(moments.last_mean());
    for (Index c = 0; c < d_; ++c) {
      mean[c] += share * means.back()[c];
      square[c] += share * covariance[c * (d_ + 1)];
    }
  }
  const auto host_mean = Kokkos::create_mirror_view(mean_),
             host_stiffness = Kokkos::create_mirror_view(stiffness_);
  for (Index c = 0; c < d_; ++c) {
    for (const auto& each : means) square[c] += share * (each[c] - mean[c]) * (each[c] - mean[c]);
    host_mean(c) = mean[c];
    host_stiffness(c) = square[c] > 0 ? 1 / square[c] : 0;
  }
  Kokkos::deep_copy(mean_, host_mean);
  Kokkos::deep_copy(stiffness_, host_stiffness);
}

void TrajectoryReference::add_force(Real factor, const MatrixRef<const Real>& x,
                                    const MatrixRef<Real>& field) const {
  const auto mean = mean_, stiffness = stiffness_;
  const Index d = d_, knots = knots_;
  Kokkos::parallel_for(
      "Weir::TrajectoryReference::add_force", Range(0, Index(x.extent(1))), KOKKOS_LAMBDA(Index i) {
        for (Index j = 0; j < knots; ++j)
          for (Index c = 0; c < d; ++c)
            field(d * j + c, i) += factor * stiffness(c) * (x(d * j + c, i) - mean(c));
      });
  Kokkos::fence();
}

Real TrajectoryReference::add_gradient(Real factor, const MatrixRef<const Real>& x,
                                       const MatrixRef<const Real>& u, const MatrixRef<Real>& gradient) {
  const auto mean = mean_, stiffness = stiffness_;
  const Index d = d_, knots = knots_;
  return total_(
      "Weir::TrajectoryReference::add_gradient", "the gradient of the entropy's coefficient",
      KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index j = 0; j < knots; ++j)
            for (Index c = 0; c < d; ++c) {
              const Real along = stiffness(c) * u(d * j + c, i);
              partial[0] += along * (x(d * j + c, i) - mean(c));
              gradient(d * j + c, i) += factor * along;
            }
      })[0];
}

LearnedEnergy::Expansion TrajectoryReference::expansion(Real factor) const {
  const auto mean = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), mean_);
  const auto stiffness = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), stiffness_);
  LearnedEnergy::Expansion expansion;
  FeatureBasis& basis = expansion.basis;
  basis.dimension = int(d_);
  basis.exponents = decltype(basis.exponents)("Weir::FeatureBasis::exponents", d_, 2 * d_);
  const auto exponents = Kokkos::create_mirror_view(basis.exponents);
  std::vector<Real> theta;
  for (Index c = 0; c < d_; ++c) {
    exponents(c, 2 * c) = 1;
    theta.push_back(-factor * stiffness(c) * mean(c));
    exponents(c, 2 * c + 1) = 2;
    theta.push_back(factor * stiffness(c) / 2);
  }
  Kokkos::deep_copy(basis.exponents, exponents);
  expansion.theta = {theta};
  return expansion;
}

}  // namespace weir
