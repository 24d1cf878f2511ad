// log p(x) of an energy whose (x, z) have few components: sums over grids.
//
//     log Z     = log sum over x, z of exp(-E(x, z)) + log of a cell of (x, z)
//     log p(x)  = log sum over z of exp(-E(x, z)) + log of a cell of z - log Z
//
// The grid of x reaches beyond all held-out rows and all particles of the pool by a quarter of their range,
// that of z over 5.5 deviations of its confinement. Sums are exact over ranks: the terms of each tile are
// added in order, relative to the largest of all. log Z of every other point says how
// good a grid is.
#pragma once

#include <vector>

#include "methods/latent_ebm/EbmModel.hpp"
#include "methods/latent_ebm/LatentEbmOptions.hpp"
#include "weir/input/RunOptions.hpp"

namespace weir {

constexpr Index most_grid_components = 4;
constexpr Index most_grid_points = Index(1) << 24;  ///< of (x, z): grids of more are made coarser

/// Points that are asked for along each component of x and of z.
struct GridPoints {
  Index data = 160;
  IndexOrWord latent = "auto";
};

struct GridDensity {
  Real log_z = 0;                       ///< of standardised x
  Real error = 0;                       ///< log_z less that of every other point, in x and z
  Index points = 0, latent_points = 0;  ///< along each component of x, and of z
  std::vector<Real> low, high;
  Ensemble
      log_density;  ///< one component: log p of the grid's points in standardised units; x_0 runs fastest
};

/// Collective. `rows`: held-out rows, standardised. Points along x are fewer where all would be too many.
GridDensity density_on_grid(const EbmModel& model, const Ensemble& rows, const GridPoints& wanted,
                            const RunOptions& run);

/// Collective: log int exp(-E(x, z)) dz of all rows, one component each.
Ensemble log_marginals_on_grid(const EbmModel& model, const Ensemble& rows, const GridPoints& wanted,
                               const RunOptions& run);

struct MeanAndError {
  Real mean, error;  ///< of the mean: deviation over the root of the number
};
/// Collective: of the first `count` rows of a table of one component.
MeanAndError mean_and_error(const Ensemble& values, Index count);

/// Collective: log of the sum over all rows of exp(values).
Real log_sum_exp(const Ensemble& values);

}  // namespace weir
