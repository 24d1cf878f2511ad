#include "methods/latent_diffusion/prior/MixturePrior.hpp"

#include <cmath>

#include "densities/GaussianMixture.hpp"

namespace weir {

LatentMixture fit_mixture(const MixturePriorOptions& options, const Ensemble& latents, RunOutput& output,
                          int stage) {
  GaussianMixtureOptions fit;
  fit.components = options.components;
  const GaussianMixture fitted(fit, latents, output.run().seed, stage);
  for (const std::string& remark : fitted.remarks()) output.log("prior: " + remark);
  const MixtureParameters& found = fitted.parameters();
  const auto means = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), found.means),
             whitening = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), found.whitening);
  const auto constants = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), found.log_constants);
  const Index q = found.dimension;
  LatentMixture mixture;
  for (Index c = 0; c < found.components; ++c) {
    Real log_weight = constants(c) + 0.5 * Real(q) * std::log(2 * M_PI);
    for (Index a = 0; a < q; ++a) {
      mixture.means.push_back(means(a, c));
      log_weight -= std::log(whitening(a, c * q + a));
      for (Index b = 0; b < q; ++b) mixture.inverse_roots.push_back(b <= a ? whitening(b, c * q + a) : 0);
    }
    mixture.weights.push_back(std::exp(log_weight));
  }
  return mixture;
}

/// The component by the first uniform, then A z = xi from the first row down.
void draw_from_mixture(const LatentMixture& mixture, const Random& random, const Ensemble& x) {
  const Index q = x.components(), components = Index(mixture.weights.size());
  const auto to = Kokkos::create_mirror_view(x.x);
  std::vector<Real> z(std::size_t(q), 0);
  for (Index i = 0; i < x.partition.local_particles(); ++i) {
    const Index id = x.partition.first_particle() + i;
    Real left = random.uniform(id, 1, 0);
    Index c = 0;
    while (c + 1 < components && left >= mixture.weights[std::size_t(c)])
      left -= mixture.weights[std::size_t(c++)];
    const Real* root = &mixture.inverse_roots[std::size_t(c * q * q)];
    for (Index a = 0; a < q; ++a) {
      Real value = random.normal(id, 0, a);
      for (Index b = 0; b < a; ++b) value -= root[a * q + b] * z[std::size_t(b)];
      z[std::size_t(a)] = value / root[a * q + a];
      to(a, i) = mixture.means[std::size_t(c * q + a)] + z[std::size_t(a)];
    }
  }
  Kokkos::deep_copy(x.x, to);
}

}  // namespace weir
