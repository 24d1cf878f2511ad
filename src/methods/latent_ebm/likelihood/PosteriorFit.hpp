// The best Gaussian q(z | x) for a model that stays as it is, and the bound on log p(x) that it gives.
//
//     min over q of (1/M) sum_i E_q [E(x_i, z)] - H(q(. | x_i)),    log int exp(-E(x, z)) dz >= H(q) - E_q
//     E(x, z)
#pragma once

#include <optional>

#include "methods/generative/AmortisedPosterior.hpp"
#include "methods/latent_ebm/EbmModel.hpp"
#include "weir/output/StageList.hpp"

namespace weir {

struct PosteriorFitOptions {
  AmortisedOptions posterior;
  Index iterations = 1200, batch = 512;
};

/// Long enough that the bound is that of the best q, not of a hurried one.
PosteriorFitOptions careful_posterior_fit();

/// Collective: the stage `bound`. `rows`: standardised training rows. Parameters of the network, or nothing
/// where the run was stopped.
std::optional<std::vector<Real>> fit_posterior(const EbmModel& model, const PosteriorFitOptions& options,
                                               const Ensemble& rows, const std::string& where,
                                               RunOutput& output, RunControl& control);

/// Not collective: of an iteration with all of these rows, which are this rank's alone.
Real seconds_of_fit(const EbmModel& model, PosteriorFitOptions options, const Ensemble& rows,
                    const RunOptions& run);

/// Collective: H(q) - E_q E, the mean of `draws` draws, of each row.
Ensemble gaussian_bounds(const EbmModel& model, const AmortisedOptions& options,
                         const std::vector<Real>& parameters, const Ensemble& rows, Index draws,
                         const RunOptions& run);

}  // namespace weir
