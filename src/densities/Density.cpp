#include "weir/densities/Density.hpp"

#include "densities/GaussianMixture.hpp"
#include "densities/KernelDensity.hpp"

namespace weir {

void describe(Section& section, GaussianMixtureOptions& options) {
  section
      .option("components", options.components,
              "Gaussians; fewer where a component would have less than 5 d points")
      .at_least(1)
      .at_most(Real(GaussianMixture::most_components));
  section.option("iterations", options.iterations, "most iterations of expectation maximisation").at_least(1);
  section
      .option("tolerance", options.tolerance,
              "stop where the mean log-likelihood gains less than this in an iteration")
      .above(0);
}
void describe(Section& section, KernelDensityOptions& options) {
  section.option("bandwidth", options.bandwidth, "width of the Gaussian kernel; absent: Silverman's rule")
      .unit("length")
      .above(0);
}
void describe(Section& section, DensityOptions& options) {
  section.one_of(options.kind, "the estimator");
}

std::unique_ptr<Density> fit_density(const DensityOptions& options, const Ensemble& ensemble, Index seed,
                                     int stage) {
  if (const auto* mixture = std::get_if<GaussianMixtureOptions>(&options.kind))
    return std::make_unique<GaussianMixture>(*mixture, ensemble, seed, stage);
  return std::make_unique<KernelDensity>(std::get<KernelDensityOptions>(options.kind), ensemble);
}

}  // namespace weir
