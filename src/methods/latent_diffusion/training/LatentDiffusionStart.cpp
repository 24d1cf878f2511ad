// Where the blocks of a LatentDiffusionFlow begin.
#include <algorithm>
#include <cmath>

#include "methods/latent_diffusion/training/LatentDiffusionFlow.hpp"
#include "weir/training/ParameterBlocks.hpp"

namespace weir {

/// Latents at the principal components of their data, or at noise; the decoder's mean is that of the data.
template <class T>
void LatentDiffusionFlow<T>::initialise(const BlockViews& blocks) {
  const auto moments_of_data = mean_and_covariance(rows_);
  if (latents >= 0) {
    fill_normals(blocks[latents], Random(run_.seed, Stream::latent_start, stage_),
                 latent_partition_.first_particle(), 0);
    if (options_.latent.start == "pca") start_at_components(blocks[latents]);
  }
  const Vector<Real> of_decoder("Weir::LatentDiffusionFlow::initial_decoder", theta_.count());
  initialise_decoder(options_.decoder, q_, run_.seed, moments_of_data.mean,
                     VectorRef<Real>(of_decoder.data(), of_decoder.extent(0)));
  write_own_part((*layout_)[decoder], of_decoder, blocks[decoder]);
  if (score_) {
    const Vector<Real> of_prior("Weir::LatentDiffusionFlow::initial_prior", phi_.count());
    initialise_score(score_->shape(), run_.seed, VectorRef<Real>(of_prior.data(), of_prior.extent(0)));
    write_own_part((*layout_)[prior], of_prior, blocks[prior]);
  }
  if (amortised_) {
    const Vector<Real> of_posterior("Weir::LatentDiffusionFlow::initial_posterior", psi_.count());
    initialise_posterior(amortised_->shape(), run_.seed,
                         VectorRef<Real>(of_posterior.data(), of_posterior.extent(0)));
    write_own_part((*layout_)[posterior], of_posterior, blocks[posterior]);
  }
  running_ = {std::vector<Real>(std::size_t(q_), 0), std::vector<Real>(std::size_t(q_), 1), 0, 0};
  const RealOrWord& noise = options_.decoder.noise;
  Real mean_variance = 0;
  for (Index c = 0; c < d_; ++c)
    mean_variance += moments_of_data.covariance[std::size_t(c * d_ + c)] / Real(d_);
  running_.noise_variance =
      noise.is_word() ? std::max(least_noise_variance, mean_variance) : noise.number * noise.number;
  write_running(blocks[moments]);
}

/// x = sqrt(.75) (scores of unit variance) + .5 noise
template <class T>
void LatentDiffusionFlow<T>::start_at_components(const MatrixRef<Real>& x) const {
  const auto principal = principal_components(rows_, q_);
  const auto scores = scores_of(principal, rows_.x);
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), scores);
  const auto at = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), x);
  const Index replicas = latent_partition_.replicas();
  for (Index i = 0; i < latent_partition_.local_particles(); ++i)
    for (Index c = 0; c < std::min(q_, principal.kept()); ++c) {
      const Real variance = principal.variances[std::size_t(c)];
      const Real score = variance > 0 ? host(c, i / replicas) / std::sqrt(variance) : 0;
      at(c, i) = std::sqrt(0.75) * score + 0.5 * at(c, i);
    }
  Kokkos::deep_copy(x, at);
}

template void LatentDiffusionFlow<float>::start_at_components(const MatrixRef<Real>&) const;
template void LatentDiffusionFlow<float>::initialise(const BlockViews&);
template void LatentDiffusionFlow<double>::start_at_components(const MatrixRef<Real>&) const;
template void LatentDiffusionFlow<double>::initialise(const BlockViews&);

}  // namespace weir
