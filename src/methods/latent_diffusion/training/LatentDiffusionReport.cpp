// What a LatentDiffusionFlow reports of itself.
#include <algorithm>
#include <cmath>

#include "methods/latent_diffusion/prior/ReverseDiffusion.hpp"
#include "methods/latent_diffusion/training/LatentDiffusionFlow.hpp"
#include "weir/training/ParameterBlocks.hpp"

namespace weir {

/// For every component: sum, sum of squares, sum over data of N (mean of its particles)^2.
template <class T>
const std::vector<Real>& LatentDiffusionFlow<T>::sum_moments(const MatrixRef<const Real>& x) {
  const Index q = q_, replicas = latent_partition_.replicas();
  return all_moments_(
      "Weir::LatentDiffusionFlow::moments", "the latents", KOKKOS_LAMBDA(const Tile& tile, Real* sum) {
        for (Index c = 0; c < q; ++c)
          for (Index first = tile.first; first < tile.first + tile.count; first += replicas) {
            Real own = 0;
            for (Index i = first; i < first + replicas; ++i) {
              own += x(c, i);
              sum[3 * c + 1] += x(c, i) * x(c, i);
            }
            sum[3 * c] += own;
            sum[3 * c + 2] += own * own / Real(replicas);
          }
      });
}

/// The largest |x - m| / d of this rank.
template <class T>
Real LatentDiffusionFlow<T>::find_extreme(const MatrixRef<const Real>& x) const {
  const Vector<Real> mean = in_precision<Real>(running_.mean),
                     deviation = in_precision<Real>(running_.deviation());
  const Index q = q_;
  Real largest = 0;
  Kokkos::parallel_reduce(
      "Weir::LatentDiffusionFlow::extreme", Range(0, Index(x.extent(1))),
      KOKKOS_LAMBDA(Index i, Real & most) {
        for (Index c = 0; c < q; ++c) {
          const Real u = fabs(x(c, i) - mean(c)) / deviation(c);
          most = u > most ? u : most;
        }
      },
      Kokkos::Max<Real>(largest));
  return std::max(largest, Real(0));
}

/// `sums`: of all latents, as sum_moments has them.
template <class T>
void LatentDiffusionFlow<T>::add_free_energy(DiffusionReport& report, const MeanLosses& losses,
                                             const std::vector<Real>& sums) const {
  if (batch_.tiles.empty()) return;  // no iteration was made yet
  const Real variance = running_.noise_variance, n = Real(latent_partition_.particles());
  if (parts_ != DiffusionParts::prior_alone)
    report.likelihood =
        0.5 * Real(d_) *
        (likelihood_.gaussian() ? losses.decoder / variance + std::log(2 * M_PI * variance) : losses.decoder);
  Real square = 0, log_deviations = 0;
  for (Index c = 0; c < q_; ++c) {
    const Real m = score_ ? running_.mean[std::size_t(c)] : 0,
               v = score_ ? running_.variance[std::size_t(c)] : 1;
    square += (sums[std::size_t(3 * c + 1)] / n - 2 * m * sums[std::size_t(3 * c)] / n + m * m) / v;
    log_deviations += 0.5 * std::log(v);
  }
  if (!score_) {
    report.prior = 0.5 * (square + Real(q_) * std::log(2 * M_PI));
    return;
  }
  const NoiseSchedule& schedule = score_->schedule();
  const Real a = signal_at(schedule.largest());
  report.prior = 0.5 * (schedule.largest() - schedule.least()) * losses.prior * Real(q_) +
                 0.5 * a * a * square + bound_constant(schedule, q_) + log_deviations;
}

template <class T>
DiffusionReport LatentDiffusionFlow<T>::report(const ConstBlockViews& blocks) {
  const MeanLosses losses = mean_losses();
  DiffusionReport report;
  report.error = likelihood_.gaussian() ? std::sqrt(losses.decoder) : 0.5 * losses.decoder;
  report.prior_loss = losses.prior;
  const MatrixRef<const Real> x = amortised_ ? MatrixRef<const Real>(drawn_) : blocks[latents];
  const auto& sums = sum_moments(x);
  const Real n = Real(latent_partition_.particles());
  Real total = 0, own = 0;
  for (Index c = 0; c < q_; ++c) {
    const Real mean = sums[std::size_t(3 * c)] / n;
    total += (sums[std::size_t(3 * c + 1)] / n - mean * mean) / Real(q_);
    own += (sums[std::size_t(3 * c + 1)] - sums[std::size_t(3 * c + 2)]) / n / Real(q_);
  }
  report.deviation = std::sqrt(std::max(Real(0), total));
  report.own_share = total > 0 ? own / total : 0;
  add_free_energy(report, losses, sums);
  report.extreme = comm_.max(find_extreme(x));
  if (!score_) return report;
  phi_.gather(blocks[prior]);
  report.generated_extreme =
      largest_generated<T>(*score_, phi_.network(0), comm_, q_, latent_partition_.tile_size(),
                           Random(run_.seed, Stream::diffusion_start, stage_));
  return report;
}

template const std::vector<Real>& LatentDiffusionFlow<float>::sum_moments(const MatrixRef<const Real>&);
template Real LatentDiffusionFlow<float>::find_extreme(const MatrixRef<const Real>&) const;
template void LatentDiffusionFlow<float>::add_free_energy(DiffusionReport&,
                                                          const LatentDiffusionFlow<float>::MeanLosses&,
                                                          const std::vector<Real>&) const;
template DiffusionReport LatentDiffusionFlow<float>::report(const ConstBlockViews&);
template const std::vector<Real>& LatentDiffusionFlow<double>::sum_moments(const MatrixRef<const Real>&);
template Real LatentDiffusionFlow<double>::find_extreme(const MatrixRef<const Real>&) const;
template void LatentDiffusionFlow<double>::add_free_energy(DiffusionReport&,
                                                           const LatentDiffusionFlow<double>::MeanLosses&,
                                                           const std::vector<Real>&) const;
template DiffusionReport LatentDiffusionFlow<double>::report(const ConstBlockViews&);

}  // namespace weir
