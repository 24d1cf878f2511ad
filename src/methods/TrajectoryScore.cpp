#include "TrajectoryScore.hpp"

#include "TrajectoryKnot.hpp"
#include "weir/ensemble/GaussianKernel.hpp"

namespace weir {

namespace {

/// Of differences (r, w_a - w_b, q_a + q_b): sums[0 .. d) of dphi/dx_a, sums[d] of dphi/dlog s.
struct ScoreAdjoint {
  static constexpr bool in_packs = true;
  Real inverse_square;
  template <class N, class Dimension>
  KOKKOS_INLINE_FUNCTION void operator()(Dimension all, const N* r, const N*, N* sums) const {
    using T = typename NumberTraits<N>::Scalar;
    const int d = (int(all) - 1) / 2;
    const N* w = r + d;
    const N q = r[2 * d], unit = N(T(inverse_square));
    N square = r[0] * r[0], along = w[0] * r[0];
    for (int c = 1; c < d; ++c) {
      square = square + r[c] * r[c];
      along = along + w[c] * r[c];
    }
    square = unit * square;
    const N k = fast_exp(N(T(-0.5)) * square), bend = unit * along + q;
    const N scale = N(T(-inverse_square)) * k;
    for (int c = 0; c < d; ++c) sums[c] += scale * (w[c] - bend * r[c]);
    sums[d] += N(T(-0.5)) * k * square * bend;
  }
};

}  // namespace

template <class T>
TrajectoryScore<T>::TrajectoryScore(const Communicator& comm, const Partition& particles, Index components,
                                    Index knots)
    : d_(components),
      knots_(knots),
      tiles_(particles.local()),
      pairs_(comm, particles, particles, components),
      adjoint_pairs_(comm, particles, particles, 2 * components + 1),
      total_(comm, particles, 2),
      points_("Weir::TrajectoryScore::points", components, particles.local_particles()),
      sums_("Weir::TrajectoryScore::sums", 1 + components, particles.local_particles()),
      scores_("Weir::TrajectoryScore::scores", components * knots, particles.local_particles()),
      masses_("Weir::TrajectoryScore::masses", knots, particles.local_particles()),
      targets_("Weir::TrajectoryScore::targets", 2 * components + 1, particles.local_particles()),
      sources_("Weir::TrajectoryScore::sources", 2 * components + 1, particles.local_particles()),
      adjoint_sums_("Weir::TrajectoryScore::adjoint_sums", components + 1, particles.local_particles()) {}

template <class T>
const Matrix<Real>& TrajectoryScore<T>::operator()(const MatrixRef<const Real>& x,
                                                   const std::vector<Real>& bandwidths) {
  const auto sums = sums_, scores = scores_, masses = masses_;
  const Index d = d_;
  for (Index j = 0; j < knots_; ++j) {
    take_knot(x, j, points_);
    pairs_("Weir::TrajectoryScore", GaussianDensity{1 / (bandwidths[j] * bandwidths[j])}, points_, points_,
           {}, sums_);
    Kokkos::parallel_for(
        "Weir::TrajectoryScore::scores", Range(0, Index(scores.extent(1))), KOKKOS_LAMBDA(Index i) {
          masses(j, i) = sums(0, i);
          for (Index c = 0; c < d; ++c) scores(d * j + c, i) = sums(1 + c, i) / sums(0, i);
        });
    Kokkos::fence();
  }
  return scores_;
}

template <class T>
typename TrajectoryScore<T>::Slopes TrajectoryScore<T>::add_gradient(const MatrixRef<const Real>& x,
                                                                     const std::vector<Real>& bandwidths,
                                                                     const MatrixRef<const Real>& u,
                                                                     Real scale,
                                                                     const MatrixRef<Real>& gradient) {
  const auto sums = adjoint_sums_, scores = scores_;
  const Index d = d_;
  Slopes slopes;
  for (Index j = 0; j < knots_; ++j) {
    take_knot(x, j, points_);
    take_adjoints(u, j);
    adjoint_pairs_("Weir::TrajectoryScore::adjoint", ScoreAdjoint{1 / (bandwidths[j] * bandwidths[j])},
                   targets_, sources_, {}, adjoint_sums_);
    const auto& totals = total_(
        "Weir::TrajectoryScore::slopes", "the gradient of the entropy",
        KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
          for (Index i = tile.first; i < tile.first + tile.count; ++i) {
            Real along = 0;
            for (Index c = 0; c < d; ++c) {
              along += u(d * j + c, i) * scores(d * j + c, i);
              gradient(d * j + c, i) += scale * sums(c, i);
            }
            partial[0] += along;
            partial[1] += sums(d, i) - 2 * along;
          }
        });
    slopes.scale += totals[0];
    slopes.log_bandwidth += totals[1];
  }
  return slopes;
}

template <class T>
void TrajectoryScore<T>::take_adjoints(const MatrixRef<const Real>& u, Index knot) {
  const auto points = points_, targets = targets_, sources = sources_, scores = scores_, masses = masses_;
  const Index d = d_;
  Kokkos::parallel_for(
      "Weir::TrajectoryScore::adjoints", Range(0, Index(points.extent(1))), KOKKOS_LAMBDA(Index i) {
        const Real share = 1 / masses(knot, i);
        Real along = 0;
        for (Index c = 0; c < d; ++c) {
          const Real w = share * u(d * knot + c, i);
          along += w * scores(d * knot + c, i);
          targets(c, i) = sources(c, i) = points(c, i);
          targets(d + c, i) = sources(d + c, i) = w;
        }
        targets(2 * d, i) = along;
        sources(2 * d, i) = -along;
      });
  Kokkos::fence();
}

template class TrajectoryScore<float>;
template class TrajectoryScore<double>;

}  // namespace weir
