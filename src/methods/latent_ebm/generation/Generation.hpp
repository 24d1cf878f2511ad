// What a trained energy generates: samples of x, of x given some of its columns, of z given x, of x given z,
// and reconstructions.
//
// Every one is a stage of chains (SamplingFlow). Movers are those of the pool and of the latents, with the
// steps that the training arrived at, which stay. samples.h5 gets, in the units of the data,
//
//     /samples, /latents          chains of (x, z)
//     /completions                rows of which some columns were given, and the rest was drawn
//     /posterior                  z given each held-out row, or row of `reconstruct.file`
//     /reconstructions            x given each of these
//     /from_latents               x given each z of `from_latents.file`
//     /held_out                   the held-out rows, where there are any
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "methods/generative/Samples.hpp"
#include "methods/latent_ebm/EbmData.hpp"
#include "methods/latent_ebm/EbmModel.hpp"
#include "methods/latent_ebm/LatentEbmOptions.hpp"
#include "methods/latent_ebm/generation/SamplingFlow.hpp"
#include "weir/base/MetricsTable.hpp"
#include "weir/output/StageList.hpp"

namespace weir {

class EbmGeneration {
 public:
  /// All arguments outlive the object.
  EbmGeneration(const LatentEbmOptions& options, const EbmModel& model, const EbmData& data,
                RunOutput& output, RunControl& control);

  /// Collective: all stages that the deck asks for, from where a checkpoint left them; whether the run goes
  /// on.
  bool run();
  /// Collective: into checkpoints of later stages, below /generated.
  void save(Hdf5File& file) const;
  /// Collective.
  void write() const;

  /// Rows in the units of the data.
  const Ensemble& samples() const { return data_of_.at("generate"); }
  /// Collective: rmse of completions beside that of draws from a Gaussian of the training rows' mean and
  /// covariance; of reconstructions.
  Metrics errors() const;

 private:
  struct Leg {
    std::string stage;
    SampledParts parts;
    Ensemble start;  ///< (x, z), standardised
    Index steps;
    bool restarts;
  };
  bool run_leg(const Leg& leg);
  void finish_leg(const std::string& stage, const Ensemble& v);
  Leg sampling_leg() const;
  Leg completing_leg();
  Leg inferring_leg() const;
  Leg reconstructing_leg() const;
  Leg leg_of_latents(const std::string& stage, const Ensemble& z, Index steps) const;
  Ensemble standardised(const Ensemble& rows) const;
  Ensemble joined(const Ensemble& x, std::optional<Ensemble> z, int stage) const;
  void keep_given(Ensemble& rows) const;

  const LatentEbmOptions& options_;
  const EbmModel& model_;
  const Data& data_;
  RunOutput& output_;
  RunControl& control_;
  StageList stages_;
  std::map<std::string, Ensemble> ended_;                 ///< by stage: (x, z), standardised
  std::map<std::string, Ensemble> data_of_, latents_of_;  ///< by stage, in the units of the data
  Ensemble observed_;                                     ///< rows whose latents are inferred
  std::optional<Ensemble> given_latents_;                 ///< that rows are drawn from
  std::vector<Index> known_;                              ///< columns that completions are given
  std::optional<Ensemble> given_, gaussian_;              ///< rows that completions start from
};

/// What is free where some columns of x are known: an orthonormal basis of the directions, in
/// standardised units, that leave them as they are, and the standardised x nearest the mean that has them.
struct Conditioning {
  std::vector<Real> basis;    ///< column-major, components x free directions
  std::vector<Real> inverse;  ///< components x given columns, column-major: x = inverse (given - their means)
  Index free = 0;
};
Conditioning condition_on(const Standardisation& standardisation, Index components,
                          const std::vector<Index>& known);

/// Collective: rows with these columns of `given`, and the others drawn from the Gaussian with the
/// moments of the training rows, given these.
Ensemble gaussian_completions(const Ensemble& training, const Ensemble& given,
                              const std::vector<Index>& columns, const Random& random);

}  // namespace weir
