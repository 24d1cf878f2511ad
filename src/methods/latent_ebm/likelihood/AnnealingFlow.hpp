// Annealed importance sampling: log of an integral of exp(-E), by chains that go from a Gaussian to it.
//
//     E_b = (1 - b) R + b E,   R(y) = sum_c k_c y_c^2 / 2,   b_t = (t / T)^2
//     log w = sum_t (b_t - b_{t-1}) (R - E)(y_{t-1}),   y_t by moves of mala that keep exp(-E_{b_t})
//     int exp(-E) = int exp(-R) E[w]
//
// y is (x, z), or z where a row x is given to each chain; R is the confinement's Gaussian. The chains are one
// block, their log weights another, which stays but for what begin_step adds. Source: Neal, Statistics and
// Computing 11, 125 (2001).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "methods/latent_ebm/EbmModel.hpp"
#include "weir/flows/Stage.hpp"
#include "weir/input/RunOptions.hpp"
#include "weir/output/StageList.hpp"

namespace weir {

struct AnnealingOptions {
  Index temperatures = 1000;
  Index chains = 2048;           ///< where no rows are given
  Index repeats = 1;             ///< chains of each row
  std::optional<Ensemble> rows;  ///< standardised
};

/// log weights of the chains with log int exp(-R) added: one component. `repeats` chains of a row are
/// neighbours. Collective; nothing where the run was stopped.
std::optional<Ensemble> anneal(const EbmModel& model, const AnnealingOptions& options,
                               const std::string& stage, const std::string& where, RunOutput& output,
                               RunControl& control);

/// Not collective: of a temperature, on this rank alone.
Real seconds_of_temperature(const EbmModel& model, const AnnealingOptions& options, const RunOptions& run);

struct AnnealedIntegral {
  Real log_value;
  Real error;             ///< of log_value: sqrt(1 / effective - 1 / chains)
  Real effective_chains;  ///< (sum w)^2 / sum w^2
};
/// Collective.
AnnealedIntegral integral_of(const Ensemble& log_weights);

struct AnnealedRows {
  Ensemble log_values;        ///< log of the mean of w over each row's chains, one component
  Ensemble effective_chains;  ///< of each row
  Real error;                 ///< of the mean of log_values, as above; of one chain a row 0, for nobody knows
};
/// Collective.
AnnealedRows integrals_of_rows(const Ensemble& log_weights, Index repeats);

}  // namespace weir
