#include "methods/schroedinger_bridge/drifts/EmpiricalDrift.hpp"

#include "weir/ensemble/Moments.hpp"

namespace weir {

Matrix<Real> point_heights(const Ensemble& rows, Real sigma) {
  const Matrix<Real> heights("Weir::EmpiricalDrift::heights", 1, rows.x.extent(1));
  const auto y = rows.x;
  const Index d = rows.components();
  Kokkos::parallel_for(
      "Weir::EmpiricalDrift::point_heights", Range(0, Index(y.extent(1))), KOKKOS_LAMBDA(Index j) {
        Real square = 0;
        for (Index c = 0; c < d; ++c) square += y(c, j) * y(c, j);
        heights(0, j) = square / (2 * sigma * sigma);
      });
  return heights;
}

template <class T>
EmpiricalDrift<T>::EmpiricalDrift(const Ensemble& rows, const Matrix<Real>& heights, Real sigma,
                                  const Partition& particles)
    : sigma_(sigma),
      centre_("Weir::EmpiricalDrift::centre", rows.components()),
      rows_("Weir::EmpiricalDrift::rows", rows.components(), rows.x.extent(1)),
      heights_(heights),
      centred_("Weir::EmpiricalDrift::centred", rows.components(), particles.local_particles()),
      softmax_(rows.comm, particles, rows.partition, rows.components()) {
  const auto mean = Moments(rows.comm, rows.partition, rows.components()).mean(rows.x);
  const auto host = Kokkos::create_mirror_view(centre_);
  for (std::size_t c = 0; c < mean.size(); ++c) host(c) = mean[c];
  Kokkos::deep_copy(centre_, host);
  centre(rows.x, rows_);
}

/// Centred, so that differences in single precision lose nothing.
template <class T>
void EmpiricalDrift<T>::centre(const MatrixRef<const Real>& x, const Matrix<Real>& centred) const {
  const auto middle = centre_;
  const Index d = Index(x.extent(0));
  Kokkos::parallel_for(
      "Weir::EmpiricalDrift::centre", Range(0, Index(x.extent(1))), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c) centred(c, i) = x(c, i) - middle(c);
      });
}

template <class T>
void EmpiricalDrift<T>::displacement(Real t, const MatrixRef<const Real>& z, const MatrixRef<Real>& to_end) {
  centre(z, centred_);
  Kokkos::fence();
  softmax_("the empirical drift", 1 / (2 * sigma_ * sigma_ * (1 - t)), centred_, rows_, heights_,
           {to_end, {}, {}, {}});
}

template class EmpiricalDrift<float>;
template class EmpiricalDrift<double>;

std::unique_ptr<BridgeDrift> make_empirical_drift(const Ensemble& rows, const Matrix<Real>& heights,
                                                  Real sigma, const Partition& particles, bool single) {
  if (single) return std::make_unique<EmpiricalDrift<float>>(rows, heights, sigma, particles);
  return std::make_unique<EmpiricalDrift<double>>(rows, heights, sigma, particles);
}

}  // namespace weir
