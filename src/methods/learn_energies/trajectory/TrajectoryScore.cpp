#include "methods/learn_energies/trajectory/TrajectoryScore.hpp"

#include "methods/learn_energies/trajectory/TrajectoryKnot.hpp"
#include "weir/ensemble/GaussianKernel.hpp"

namespace weir {

namespace {

/// For differences (r, v_a - v_b, p_a + p_b, t_a + t_b): sums[0 .. d) of dphi/dx_a, sums[d] of dphi/dlog s.
struct ScoreAdjoint {
  static constexpr bool in_packs = true;
  Real inverse_square;
  template <class N, class Dimension>
  KOKKOS_INLINE_FUNCTION void operator()(Dimension all, const N* r, const N*, N* sums) const {
    using T = typename NumberTraits<N>::Scalar;
    const int d = int(all) / 2 - 1;
    if (d < 1) return;  // PairSum compiles kernels for one component too
    const N* v = r + d;
    const N p = r[2 * d], t = r[2 * d + 1], unit = N(T(inverse_square));
    const N square = unit * squared_length(d, r);
    N along = v[0] * r[0];
    for (int c = 1; c < d; ++c) along = along + v[c] * r[c];
    const N k = fast_decay(N(T(-0.5)) * square), bend = unit * p * along - t;
    const N scale = N(T(-inverse_square)) * k;
    for (int c = 0; c < d; ++c) sums[c] += scale * (p * v[c] - bend * r[c]);
    sums[d] += N(T(-0.5)) * k * square * bend;
  }
};

/// For differences (r, u_a - u_b): sums[0] += k <u_a - u_b, r>
struct Meeting {
  static constexpr bool in_packs = true;
  Real inverse_square;
  template <class N, class Dimension>
  KOKKOS_INLINE_FUNCTION void operator()(Dimension all, const N* r, const N*, N* sums) const {
    using T = typename NumberTraits<N>::Scalar;
    const int d = int(all) / 2;
    const N square = squared_length(d, r);
    N along = r[d] * r[0];
    for (int c = 1; c < d; ++c) along = along + r[d + c] * r[c];
    sums[0] += fast_decay(N(T(-0.5 * inverse_square)) * square) * along;
  }
};

}  // namespace

template <class T>
TrajectoryScore<T>::TrajectoryScore(const Communicator& comm, const Partition& particles, Index components,
                                    Index knots, bool blob)
    : d_(components),
      knots_(knots),
      blob_(blob),
      tiles_(particles.local()),
      pairs_(comm, particles, particles, components),
      adjoint_pairs_(comm, particles, particles, 2 * components + 2),
      total_(comm, particles, 2),
      points_("Weir::TrajectoryScore::points", components, particles.local_particles()),
      sums_("Weir::TrajectoryScore::sums", 1 + components, particles.local_particles()),
      scores_("Weir::TrajectoryScore::scores", components * knots, particles.local_particles()),
      masses_("Weir::TrajectoryScore::masses", knots, particles.local_particles()),
      targets_("Weir::TrajectoryScore::targets", 2 * components + 2, particles.local_particles()),
      sources_("Weir::TrajectoryScore::sources", 2 * components + 2, particles.local_particles()),
      adjoint_sums_("Weir::TrajectoryScore::adjoint_sums", components + 1, particles.local_particles()) {
  if (!blob) return;
  weighted_pairs_.emplace(comm, particles, particles, components, 1);
  meeting_pairs_.emplace(comm, particles, particles, 2 * components);
  const Index here = particles.local_particles();
  shares_ = Matrix<Real>("Weir::TrajectoryScore::shares", 1, here);
  slopes_ = Matrix<Real>("Weir::TrajectoryScore::slopes", components, here);
  moving_ = Matrix<Real>("Weir::TrajectoryScore::moving", 2 * components, here);
  meeting_ = Matrix<Real>("Weir::TrajectoryScore::meeting", 1, here);
}

template <class T>
const Matrix<Real>& TrajectoryScore<T>::operator()(const MatrixRef<const Real>& x,
                                                   const std::vector<Real>& bandwidths) {
  const auto sums = sums_, scores = scores_, masses = masses_;
  const Index d = d_;
  for (Index j = 0; j < knots_; ++j) {
    const Real inverse_square = 1 / (bandwidths[j] * bandwidths[j]);
    copy_knot(x, j, points_);
    pairs_("Weir::TrajectoryScore", GaussianDensity{inverse_square}, points_, points_, {}, sums_);
    Kokkos::parallel_for(
        "Weir::TrajectoryScore::scores", Range(0, Index(scores.extent(1))), KOKKOS_LAMBDA(Index i) {
          masses(j, i) = sums(0, i);
          for (Index c = 0; c < d; ++c) scores(d * j + c, i) = sums(1 + c, i) / sums(0, i);
        });
    Kokkos::fence();
    if (blob_) add_of_sources(j, inverse_square);
  }
  return scores_;
}

/// S_a += sum_b grad k_ab / P_b
template <class T>
void TrajectoryScore<T>::add_of_sources(Index knot, Real inverse_square) {
  const auto shares = shares_, masses = masses_, scores = scores_, slopes = slopes_;
  const Index d = d_;
  Kokkos::parallel_for(
      "Weir::TrajectoryScore::shares", Range(0, Index(shares.extent(1))),
      KOKKOS_LAMBDA(Index i) { shares(0, i) = 1 / masses(knot, i); });
  Kokkos::fence();
  (*weighted_pairs_)("Weir::TrajectoryScore::of_sources", WeightedGaussianSlope{inverse_square}, points_,
                     points_, shares_, slopes_);
  Kokkos::parallel_for(
      "Weir::TrajectoryScore::add_of_sources", Range(0, Index(shares.extent(1))), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c) scores(d * knot + c, i) += slopes(c, i);
      });
  Kokkos::fence();
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
    copy_knot(x, j, points_);
    const Real inverse_square = 1 / (bandwidths[j] * bandwidths[j]);
    if (blob_) find_meeting(u, j, inverse_square);
    compute_adjoints(u, j, inverse_square);
    adjoint_pairs_("Weir::TrajectoryScore::adjoint", ScoreAdjoint{inverse_square}, targets_, sources_, {},
                   adjoint_sums_);
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
void TrajectoryScore<T>::find_meeting(const MatrixRef<const Real>& u, Index knot, Real inverse_square) {
  const auto points = points_, moving = moving_;
  const Index d = d_;
  Kokkos::parallel_for(
      "Weir::TrajectoryScore::moving", Range(0, Index(points.extent(1))), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c) {
          moving(c, i) = points(c, i);
          moving(d + c, i) = u(d * knot + c, i);
        }
      });
  Kokkos::fence();
  (*meeting_pairs_)("Weir::TrajectoryScore::meeting", Meeting{inverse_square}, moving_, moving_, {},
                    meeting_);
}

template <class T>
void TrajectoryScore<T>::compute_adjoints(const MatrixRef<const Real>& u, Index knot, Real inverse_square) {
  const auto points = points_, targets = targets_, sources = sources_, scores = scores_, masses = masses_,
             meeting = meeting_;
  const Index d = d_;
  const bool blob = blob_;
  Kokkos::parallel_for(
      "Weir::TrajectoryScore::adjoints", Range(0, Index(points.extent(1))), KOKKOS_LAMBDA(Index i) {
        const Real share = 1 / masses(knot, i);
        Real along = 0;
        for (Index c = 0; c < d; ++c) {
          const Real here = u(d * knot + c, i);
          along += here * scores(d * knot + c, i);
          targets(c, i) = sources(c, i) = points(c, i);
          targets(d + c, i) = sources(d + c, i) = blob ? here : share * here;
        }
        targets(2 * d, i) = blob ? share : 0.5;
        targets(2 * d + 1, i) = blob ? inverse_square * share * share * meeting(0, i) : -share * along;
        for (Index c = 2 * d; c < 2 * d + 2; ++c) sources(c, i) = -targets(c, i);
      });
  Kokkos::fence();
}

template class TrajectoryScore<float>;
template class TrajectoryScore<double>;

}  // namespace weir
